package dev.fairlead.spi;

import dev.fairlead.UploadResult;
import java.util.concurrent.CompletionStage;

/** An upload that has begun. */
public interface UploadTask {
  /**
   * How it ends.
   *
   * @return completes on any thread when the hub was told, or could not be told, how it ended: with
   *     the result, or exceptionally with a {@link dev.fairlead.HubException}
   */
  CompletionStage<UploadResult> outcome();

  /**
   * Stops it: no more content is sent, and the hub is told that the upload failed, within seconds.
   * Any thread; no effect once it has ended.
   */
  void cancel();
}
