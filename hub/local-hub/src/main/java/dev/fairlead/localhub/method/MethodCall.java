package dev.fairlead.localhub.method;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.MethodResult;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One call of a direct method, from the caller to the device and back. Safe for use by several
 * threads.
 */
public final class MethodCall {

  private final String name;
  private final String payload;
  private final Duration responseTimeout;
  private final CompletableFuture<MethodResult> result = new CompletableFuture<>();
  private HubTime.@Nullable Scheduled timer;

  MethodCall(String name, String payload, Duration responseTimeout) {
    this.name = name;
    this.payload = payload;
    this.responseTimeout = responseTimeout;
  }

  /** The method's name. */
  public String name() {
    return name;
  }

  /** JSON, or empty. */
  public String payload() {
    return payload;
  }

  /** Completes the call with the device's answer; without effect if the call has ended. */
  public void answer(int status, String answer) {
    result.complete(new MethodResult(status, answer));
  }

  /** Whether the call still accepts an answer. */
  public boolean isPending() {
    return !result.isDone();
  }

  /** Runs an action, on any thread, when the call has ended, whatever the outcome. */
  @SuppressWarnings(
      "FutureReturnValueIgnored") // The dependent stage only exists for its side effect.
  public void whenOver(Runnable action) {
    result.whenComplete((answer, failure) -> action.run());
  }

  CompletableFuture<MethodResult> result() {
    return result.copy();
  }

  Duration responseTimeout() {
    return responseTimeout;
  }

  void fail(LocalHubException failure) {
    result.completeExceptionally(failure);
  }

  /** Replaces the timer of the previous phase. */
  synchronized void startTimer(HubTime time, Duration delay, Runnable action) {
    if (timer != null) {
      timer.cancel();
    }
    timer = time.schedule(delay, action);
  }

  synchronized void stopTimer() {
    if (timer != null) {
      timer.cancel();
    }
  }
}
