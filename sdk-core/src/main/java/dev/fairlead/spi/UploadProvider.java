package dev.fairlead.spi;

import dev.fairlead.FileUpload;
import dev.fairlead.Route;
import dev.fairlead.UploadResult;

/**
 * Uploads files beside any route. Found by {@link java.util.ServiceLoader}; an instance given to
 * the client's builder takes precedence. Holds options only: one provider may serve many clients,
 * from any thread.
 */
public interface UploadProvider {
  /**
   * Its route to the hub, independent of the session's route. An endpoint that the client was given
   * for its protocol is dialled instead of the hub's own name.
   *
   * @return protocol, carrier and documented port; no I/O is done and nothing is thrown
   */
  Route route();

  /**
   * Begins one upload. Returns immediately; everything that takes time happens elsewhere. The
   * client ensures that a device has no more uploads in progress than the hub allows.
   *
   * @param upload what to upload
   * @param context everything that is needed for it
   * @return a handle on the upload
   */
  Opening<UploadResult> begin(FileUpload upload, UploadContext context);
}
