package dev.fairlead;

import java.util.concurrent.CompletionStage;

/**
 * Answers direct methods now or later; the next call does not wait for the answer of the one
 * before. Called one at a time, on the client's callback executor. At most 64 calls are unanswered
 * at a time; one more is answered with status 503. A stage that fails answers status 500.
 */
@FunctionalInterface
public interface AsyncMethodHandler {
  /**
   * Takes a call.
   *
   * @param request the call
   * @return the answer to come
   * @throws Exception any; it is logged, and the caller gets status 500
   */
  CompletionStage<MethodResponse> onMethod(MethodRequest request) throws Exception;
}
