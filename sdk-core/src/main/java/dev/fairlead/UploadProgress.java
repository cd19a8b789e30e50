package dev.fairlead;

import java.util.OptionalLong;

/** Hears how far an upload has come. */
@FunctionalInterface
public interface UploadProgress {
  /**
   * Called on a callback thread, in order, and not for every step if it is slower than the upload.
   *
   * @param bytes how many bytes the storage has taken, never less than before
   * @param total how many there will be, empty if the source did not say
   */
  void onProgress(long bytes, OptionalLong total);
}
