package dev.fairlead.inbound;

import dev.fairlead.AsyncMethodHandler;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.threads.ForeignCalls;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands direct methods to their handlers, one at a time, and answers every call exactly once while
 * its session is open: 501 where there is no handler, 500 where it fails, 503 where too many calls
 * are unanswered, and 504 where a call has waited too long for its handler. Such a call, and one
 * whose session has ended, is never executed. Confined to the loop.
 */
public final class MethodDispatcher {
  private static final Logger log = LoggerFactory.getLogger(MethodDispatcher.class);

  /** Calls without an answer, those whose handler answers later included. */
  static final int MOST_OPEN = 64;

  /**
   * The longest that a caller waits. Source: IoT Hub developer guide, "Understand and invoke direct
   * methods".
   */
  static final Duration CALLER_PATIENCE = Duration.ofMinutes(5);

  private final Loop loop;
  private final Executor executor;
  private final Handlers handlers;

  private final Set<Call> open = new LinkedHashSet<>();
  private final ArrayDeque<Call> waiting = new ArrayDeque<>(1);
  private boolean running;

  MethodDispatcher(Loop loop, Executor executor, Handlers handlers) {
    this.loop = loop;
    this.executor = executor;
    this.handlers = handlers;
  }

  void called(SessionInbox session, MethodRequest request, MethodReply reply) {
    Optional<AsyncMethodHandler> handler =
        Optional.ofNullable(handlers.methods().get(request.name())).or(handlers::otherMethods);
    if (handler.isEmpty()) {
      log.info("Direct method {} has no handler; answering 501", request.name());
      send(request, reply, MethodResponse.of(501));
    } else if (open.size() >= MOST_OPEN) {
      log.warn(
          "{} direct methods are unanswered already; answering {} with 503",
          MOST_OPEN,
          request.name());
      send(request, reply, MethodResponse.of(503));
    } else {
      Call call = new Call(session, request, reply, handler.get());
      open.add(call);
      waiting.add(call);
      callNext();
    }
  }

  /** Calls that have not begun never will; those that have are not answered any more. */
  void sessionEnded(SessionInbox session) {
    for (Call call : List.copyOf(open)) {
      if (call.session == session) {
        call.end();
      }
    }
  }

  private void callNext() {
    Call next = running ? null : waiting.poll();
    if (next != null) {
      running = true;
      executor.execute(
          () -> {
            try {
              next.run();
            } finally {
              loop.execute(this::returned);
            }
          });
    }
  }

  private void returned() {
    running = false;
    callNext();
  }

  private static void send(MethodRequest request, MethodReply reply, MethodResponse response) {
    ForeignCalls.stage("The reply to a direct method", () -> reply.respond(response))
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

  private enum Phase {
    WAITING,
    BEGUN,
    OVER
  }

  /** One call, from its arrival to its answer. */
  private final class Call {
    private final SessionInbox session;
    private final MethodRequest request;
    private final MethodReply reply;
    private final AsyncMethodHandler handler;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);
    private Alarm alarm;

    Call(
        SessionInbox session,
        MethodRequest request,
        MethodReply reply,
        AsyncMethodHandler handler) {
      this.session = session;
      this.request = request;
      this.reply = reply;
      this.handler = handler;
      alarm = loop.schedule(handlers.methodQueueTime(), this::waitedTooLong);
    }

    private void waitedTooLong() {
      if (phase.compareAndSet(Phase.WAITING, Phase.OVER)) {
        log.warn(
            "Direct method {} has waited for its handler for {}; answering 504. It is not "
                + "executed.",
            request.name(),
            handlers.methodQueueTime());
        end();
        send(request, reply, MethodResponse.of(504));
      }
    }

    /**
     * On a callback thread: the last moment to notice that the caller no longer waits for the
     * answer.
     */
    void run() {
      if (session.isOver() || !phase.compareAndSet(Phase.WAITING, Phase.BEGUN)) {
        return;
      }
      loop.execute(this::begun);
      ForeignCalls.stage("The handler", () -> handler.onMethod(request))
          .whenComplete((response, failure) -> loop.execute(() -> answer(response, failure)));
    }

    private void begun() {
      if (open.contains(this)) {
        alarm.cancel();
        alarm = loop.schedule(CALLER_PATIENCE, this::callerHasGivenUp);
      }
    }

    private void callerHasGivenUp() {
      end();
      log.warn(
          "Direct method {} was not answered within {} s; its caller has stopped waiting. Look "
              + "for a handler that hangs.",
          request.name(),
          CALLER_PATIENCE.toSeconds());
    }

    private void answer(@Nullable MethodResponse response, @Nullable Throwable failure) {
      MethodResponse answer = response;
      if (failure != null || answer == null) {
        log.error("The handler of direct method {} failed; answering 500", request.name(), failure);
        answer = MethodResponse.of(500);
      }
      if (open.contains(this)) {
        end();
        send(request, reply, answer);
      } else {
        log.info(
            "Direct method {} was answered too late: its session has ended or its caller has "
                + "stopped waiting",
            request.name());
      }
    }

    /** Its answer is no longer possible, or is in progress. */
    void end() {
      phase.compareAndSet(Phase.WAITING, Phase.OVER);
      alarm.cancel();
      open.remove(this);
      waiting.remove(this);
    }
  }
}
