package dev.fairlead.spi;

import dev.fairlead.FileUpload;
import dev.fairlead.Route;
import dev.fairlead.UploadResult;

/**
 * Uploads files beside any route. Found by {@link java.util.ServiceLoader}; an instance given to
 * the client's builder wins. Holds options only: one provider may serve many clients, from any
 * thread.
 */
public interface UploadProvider {
  /**
   * The way it takes to the hub, whatever route the session has. An endpoint that the client was
   * given for its protocol is dialled instead of the hub's own name.
   *
   * @return protocol, carrier and documented port; no I/O is done and nothing is thrown
   */
  Route route();

  /**
   * Begins one upload. Returns at once; everything that takes time happens elsewhere. The client
   * sees to it that a device has no more under way than the hub allows.
   *
   * @param upload what to upload
   * @param context all that is needed for it
   * @return a handle on the upload
   */
  Opening<UploadResult> begin(FileUpload upload, UploadContext context);
}
