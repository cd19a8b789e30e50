package dev.fairlead;

import java.util.concurrent.CompletionStage;

/**
 * Answers direct methods, one at a time, on the client's callback executor. A slow answer is a
 * stage that completes late; the next call does not wait for it. A handler that throws answers
 * status 500.
 */
@FunctionalInterface
public interface MethodHandler {
  /**
   * Takes a call.
   *
   * @param request the call
   * @return the answer, now or later
   * @throws Exception any; it is logged, and the caller gets status 500
   */
  CompletionStage<MethodResponse> onMethod(MethodRequest request) throws Exception;
}
