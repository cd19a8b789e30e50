package dev.fairlead.inbound;

import dev.fairlead.AsyncMethodHandler;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.threads.SerialExecutor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands direct methods to their handlers and sees that every call is answered: 501 where there is
 * no handler, 500 where it fails, 503 where too many calls wait behind a slow one or the
 * application's executor takes none. Entered on the loop; handlers run on their lane.
 */
public final class MethodDispatcher {
  private static final Logger log = LoggerFactory.getLogger(MethodDispatcher.class);
  private static final int MAX_WAITING = 64;

  /**
   * The longest that a caller waits. Source: IoT Hub developer guide, "Understand and invoke direct
   * methods".
   */
  private static final Duration CALLER_PATIENCE = Duration.ofMinutes(5);

  private final Loop loop;
  private final SerialExecutor lane;
  private final Handlers handlers;

  public MethodDispatcher(Loop loop, SerialExecutor lane, Handlers handlers) {
    this.loop = loop;
    this.lane = lane;
    this.handlers = handlers;
  }

  public void called(MethodRequest request, MethodReply reply) {
    loop.assertInLoop();
    AsyncMethodHandler handler = handlers.methods().get(request.name());
    if (handler == null) {
      handler = handlers.otherMethods().orElse(null);
    }
    if (handler == null) {
      log.info("Direct method {} has no handler here; answering 501", request.name());
      answer(request, reply, MethodResponse.of(501));
    } else if (lane.waiting() >= MAX_WAITING) {
      log.warn(
          "{} direct methods wait for a handler already; answering {} with 503",
          MAX_WAITING,
          request.name());
      answer(request, reply, MethodResponse.of(503));
    } else {
      hand(handler, request, reply);
    }
  }

  private void hand(AsyncMethodHandler handler, MethodRequest request, MethodReply reply) {
    AtomicBoolean answered = new AtomicBoolean();
    Alarm alarm =
        loop.schedule(
            CALLER_PATIENCE,
            () -> {
              if (answered.compareAndSet(false, true)) {
                log.warn(
                    "Direct method {} was not answered within {} s; its caller has given up. Look for a handler that hangs.",
                    request.name(),
                    CALLER_PATIENCE.toSeconds());
              }
            });
    lane.execute(
        () ->
            call(handler, request)
                .whenComplete(
                    (response, failure) -> {
                      if (answered.compareAndSet(false, true)) {
                        alarm.cancel();
                        answer(request, reply, responseOf(request, response, failure));
                      }
                    }));
  }

  private static CompletionStage<MethodResponse> call(
      AsyncMethodHandler handler, MethodRequest request) {
    try {
      CompletionStage<MethodResponse> stage = handler.onMethod(request);
      return stage != null
          ? stage
          : CompletableFuture.failedFuture(new NullPointerException("the handler returned null"));
    } catch (Throwable e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static MethodResponse responseOf(
      MethodRequest request, @Nullable MethodResponse response, @Nullable Throwable failure) {
    if (failure == null && response != null) {
      return response;
    }
    log.error("The handler of direct method {} failed; answering 500", request.name(), failure);
    return MethodResponse.of(500);
  }

  private static void answer(MethodRequest request, MethodReply reply, MethodResponse response) {
    reply
        .respond(response)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                log.warn(
                    "The answer to direct method {} (status {}) did not reach the hub: {}",
                    request.name(),
                    response.status(),
                    failure.getMessage());
              }
            });
  }
}
