package dev.fairlead;

/**
 * Answers direct methods, one at a time, on the client's callback executor. While it runs, further
 * calls wait, for 30 s ({@link DeviceOptions#methodQueueTime}); where the answer takes long, use an
 * {@link AsyncMethodHandler}. A handler that throws answers status 500.
 */
@FunctionalInterface
public interface MethodHandler {
  /**
   * Takes a call.
   *
   * @param request the call
   * @return the answer
   * @throws Exception any; it is logged, and the caller gets status 500
   */
  MethodResponse onMethod(MethodRequest request) throws Exception;
}
