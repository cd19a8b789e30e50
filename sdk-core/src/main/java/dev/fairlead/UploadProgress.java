package dev.fairlead;

import java.util.OptionalLong;

/** Receives the progress of an upload. */
@FunctionalInterface
public interface UploadProgress {
  /**
   * Called on a callback thread, in order, and not for every step if the listener is slower than
   * the upload.
   *
   * @param bytes how many bytes the storage has taken, never less than before
   * @param total how many there will be, empty if the source did not say
   */
  void onProgress(long bytes, OptionalLong total);
}
