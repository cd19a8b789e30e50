package dev.fairlead.https.upload;

import dev.fairlead.ClientClosedException;
import dev.fairlead.FileUpload;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The failure of an upload, for the application and for the hub. */
final class UploadFailures {
  private static final Logger log = LoggerFactory.getLogger(HttpsUploads.class);

  /** The status that servers log for a client that disconnected. */
  private static final int WENT_AWAY = 499;

  private UploadFailures() {}

  /** The failure of an upload that ended with an exception. */
  static HubException of(Throwable thrown, FileUpload upload) {
    if (thrown instanceof GrantRefused refused) {
      return refused.failure();
    }
    if (thrown instanceof HubException failure) {
      return failure;
    }
    if (thrown instanceof IOException || thrown instanceof UncheckedIOException) {
      return new RejectedException(
          upload
              + " cannot be read: "
              + thrown
              + ". Check the file or stream, and upload it again.",
          Progress.MAYBE_SENT);
    }
    log.error("{} failed unexpectedly", upload, thrown);
    return new UnreachableException(
        upload + " failed unexpectedly: " + thrown + ". Please report this with the log.",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        thrown);
  }

  /** The status that the hub is notified of. */
  static int statusOf(HubException failure) {
    if (failure instanceof RejectedException refused) {
      int code = refused.code().orElse(400);
      return code >= 100_000 ? code / 1000 : code;
    }
    if (failure instanceof ThrottledException) {
      return 429;
    }
    return failure instanceof ClientClosedException ? WENT_AWAY : 503;
  }
}
