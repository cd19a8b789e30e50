package dev.fairlead.spi;

import dev.fairlead.MethodResponse;
import java.util.concurrent.CompletionStage;

/**
 * Answers one direct method; holds its request id. The client calls it on the session's loop, at
 * most once, and never after the session has ended, so transports need not guard against that.
 */
@FunctionalInterface
public interface MethodReply {
  /**
   * Sends the answer.
   *
   * @param response the answer
   * @return completes when the answer has been handed to the connection; fails with a {@link
   *     dev.fairlead.HubException} if the session has ended
   */
  CompletionStage<Void> respond(MethodResponse response);
}
