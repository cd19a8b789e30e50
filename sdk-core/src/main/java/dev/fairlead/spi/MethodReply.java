package dev.fairlead.spi;

import dev.fairlead.MethodResponse;
import java.util.concurrent.CompletionStage;

/**
 * Answers one direct method; closes over its request id. The client calls it on the session's loop,
 * at most once, and never after the session has ended, so no transport guards against that.
 */
@FunctionalInterface
public interface MethodReply {
  /**
   * Sends the answer.
   *
   * @param response the answer
   * @return completes when the answer has been handed to the wire; fails with a {@link
   *     dev.fairlead.HubException} if the session has ended
   */
  CompletionStage<Void> respond(MethodResponse response);
}
