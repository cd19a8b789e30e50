package dev.fairlead.localhub;

import java.util.List;
import java.util.Optional;

/** What devices have uploaded and what they have said about it. Safe for use by several threads. */
public interface Uploads {

  /** The blobs in the order they were stored. */
  List<UploadedBlob> blobs();

  /**
   * A blob.
   *
   * @param name with the device id in front: {@code dev-1/photo.jpg}
   */
  Optional<UploadedBlob> blob(String name);

  /** What devices have said of their uploads, in the order it came; the last 1,000. */
  List<UploadNotice> notices();

  /** How many uploads of a device and its modules are begun, not over and not reported. */
  int active(String deviceId);

  /** Forgets all blobs and notices; uploads that are under way go on. */
  void clear();
}
