package dev.fairlead.spi;

import dev.fairlead.FileUpload;

/**
 * Uploads files beside any route. Found by {@link java.util.ServiceLoader}; an instance given to
 * the client's builder wins. Holds options only: one provider may serve many clients, from any
 * thread.
 */
public interface UploadProvider {
  /**
   * Begins one upload. Returns at once; everything that takes time happens elsewhere. The client
   * sees to it that a device has no more under way than the hub allows.
   *
   * @param upload what to upload
   * @param context all that is needed for it
   * @return a handle on the upload
   */
  UploadTask begin(FileUpload upload, UploadContext context);
}
