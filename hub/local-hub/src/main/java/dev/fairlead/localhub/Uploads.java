package dev.fairlead.localhub;

import java.util.List;
import java.util.Optional;

/**
 * The blobs that devices have uploaded, and their reports about them. Safe for use by several
 * threads.
 */
public interface Uploads {

  /** The blobs in the order they were stored. */
  List<UploadedBlob> blobs();

  /**
   * A blob.
   *
   * @param name with the device id in front: {@code dev-1/photo.jpg}
   */
  Optional<UploadedBlob> blob(String name);

  /** The last 1,000 reports of devices about their uploads, in the order of their arrival. */
  List<UploadNotice> notices();

  /**
   * How many uploads of a device and its modules have begun and are neither expired nor reported.
   */
  int active(String deviceId);

  /** Drops all blobs and notices; active uploads continue. */
  void clear();
}
