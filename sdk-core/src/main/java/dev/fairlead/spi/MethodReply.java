package dev.fairlead.spi;

import dev.fairlead.MethodResponse;
import java.util.concurrent.CompletionStage;

/** Answers one direct method; closes over its request id. */
@FunctionalInterface
public interface MethodReply {
  /**
   * Sends the answer. Any thread.
   *
   * @param response the answer
   * @return completes when the answer has been handed to the wire; fails with a {@link
   *     dev.fairlead.HubException} if the session has ended
   */
  CompletionStage<Void> respond(MethodResponse response);
}
