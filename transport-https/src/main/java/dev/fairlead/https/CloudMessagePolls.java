package dev.fairlead.https;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.SystemProperty;
import dev.fairlead.ThrottledException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.https.http.ExchangeFailure;
import dev.fairlead.https.http.HttpAnswer;
import dev.fairlead.https.http.HttpsFailures;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for cloud-to-device messages when the limiter allows a poll, and settles them. One poll
 * drains the queue: it ends when the hub has no more, or when a message comes that this poll has
 * brought already. What the application abandons goes back when the poll has ended, so that one
 * poll never fetches a message twice and burns its deliveries. Confined to the loop.
 */
final class CloudMessagePolls {
  /**
   * So many messages may be unsettled before a poll pauses: a handler that needs six seconds for
   * each still settles the last within its lock time.
   */
  static final int MOST_HELD = 10;

  /** The hub's lock time, fixed: IoT Hub, "Understand cloud-to-device messaging". */
  private static final Duration LOCK = Duration.ofSeconds(60);

  /** The hub queues 50 for a device; this bounds a peer that is no hub. */
  private static final int MOST_IN_A_POLL = 1000;

  /** A message has at most 64 KB; this bounds a peer that is no hub. */
  private static final int MAX_BODY = 256 * 1024;

  private static final Pattern LOCK_TOKEN = Pattern.compile("\"?([0-9A-Za-z_-]{1,128})\"?");
  private static final String WHAT = "the poll for cloud-to-device messages";
  private static final Logger log = LoggerFactory.getLogger(CloudMessagePolls.class);

  private final Exchanges exchanges;
  private final DeviceRequests requests;
  private final HttpsFailures failures;
  private final PollLimiter limiter;
  private final Inbox inbox;
  private final Loop loop;
  private final Consumer<HubException> fatal;

  // Of the poll under way.
  private final Set<String> seen = new HashSet<>();
  private final List<Lock> abandoned = new ArrayList<>();
  private int brought;
  private boolean polling;
  private @Nullable Alarm pause;

  /** Handed over and not settled by the application. */
  private final Set<Lock> held = new LinkedHashSet<>();

  /** Settled by the application, and the hub has not answered. */
  private final Set<Lock> settling = new LinkedHashSet<>();

  private boolean running;

  // Read by settlements on any thread, to fail at once where the loop may be closed already.
  private volatile boolean over;

  /**
   * @param fatal told of what ends the session
   */
  CloudMessagePolls(
      Exchanges exchanges,
      DeviceRequests requests,
      HttpsFailures failures,
      PollLimiter limiter,
      Inbox inbox,
      Loop loop,
      Consumer<HubException> fatal) {
    this.exchanges = exchanges;
    this.requests = requests;
    this.failures = failures;
    this.limiter = limiter;
    this.inbox = inbox;
    this.loop = loop;
    this.fatal = fatal;
  }

  void start() {
    loop.assertInLoop();
    running = true;
    limiter.whenAllowed(this::begin);
  }

  /** Begins no poll any more; what was abandoned goes back now. */
  void stop() {
    running = false;
    limiter.close();
    cancelPause();
    sendAbandoned();
  }

  /** The session is over: nothing can be settled any more. */
  void end() {
    over = true;
    running = false;
    limiter.close();
    cancelPause();
    List<Lock> left = new ArrayList<>(abandoned);
    left.addAll(settling);
    abandoned.clear();
    settling.clear();
    held.clear();
    left.forEach(lock -> lock.done.completeExceptionally(failures.ended()));
  }

  private void begin() {
    if (!running) {
      return;
    }
    polling = true;
    brought = 0;
    seen.clear();
    fetch();
  }

  private void fetch() {
    boolean first = brought == 0;
    exchanges.send(
        requests.receive(() -> !first || limiter.stillAllowed()),
        WHAT,
        Stage.SESSION,
        MAX_BODY,
        this::answered,
        failure -> {
          if (failure.getCause() instanceof ExchangeFailure broken
              && broken.reason() == ExchangeFailure.Reason.NOT_WANTED) {
            log.info("A poll for cloud-to-device messages was left out: {}", failure.getMessage());
            drained();
          } else {
            fatal.accept(failure);
          }
        });
  }

  private void answered(HttpAnswer answer) {
    if (answer.status() == 204) {
      drained();
      return;
    }
    Matcher token = LOCK_TOKEN.matcher(answer.header("ETag").orElse(""));
    if (answer.status() == 200 && token.matches()) {
      brought(answer, new Lock(token.group(1)));
      return;
    }
    HubException failure = failures.answered(answer, WHAT, Stage.SESSION);
    if (failure instanceof ThrottledException || failure instanceof RejectedException) {
      log.warn("No cloud-to-device messages this time: {}", failure.getMessage());
      drained();
    } else {
      fatal.accept(failure);
    }
  }

  private void brought(HttpAnswer answer, Lock lock) {
    if (!running) {
      // Nobody is there to take it any more.
      send(lock, requests.abandon(lock.token), "what came too late");
      return;
    }
    Map<SystemProperty, String> system = MessageFields.system(answer.headers());
    String known =
        system.getOrDefault(
            SystemProperty.SEQUENCE_NUMBER, system.getOrDefault(SystemProperty.MESSAGE_ID, ""));
    boolean repeated = !known.isEmpty() && !seen.add(known);
    brought++;
    held.add(lock);
    inbox.cloudMessage(
        answer.body(),
        MessageFields.application(answer.headers()),
        system.isEmpty() ? new EnumMap<>(SystemProperty.class) : system,
        lock);
    if (repeated || brought >= MOST_IN_A_POLL) {
      drained();
    } else if (held.size() < MOST_HELD) {
      fetch();
    } else {
      pause = loop.schedule(LOCK, this::lockTimeOver);
    }
  }

  /** What is held is the hub's again. */
  private void lockTimeOver() {
    held.clear();
    resume();
  }

  private void resume() {
    if (pause != null && held.size() < MOST_HELD) {
      cancelPause();
      fetch();
    }
  }

  private void cancelPause() {
    if (pause != null) {
      pause.cancel();
      pause = null;
    }
  }

  private void drained() {
    polling = false;
    held.clear();
    sendAbandoned();
    if (running) {
      limiter.whenAllowed(this::begin);
    }
  }

  private void sendAbandoned() {
    List<Lock> waiting = List.copyOf(abandoned);
    abandoned.clear();
    waiting.forEach(lock -> send(lock, requests.abandon(lock.token), "the abandoning"));
  }

  private void send(Lock lock, Request request, String what) {
    settling.add(lock);
    exchanges.send(
        request,
        what + " of a message",
        Stage.SESSION,
        Exchanges.SMALL,
        answer -> {
          settling.remove(lock);
          if (answer.status() == 204) {
            lock.done.complete(null);
          } else {
            failed(lock, failures.answered(answer, what + " of a message", Stage.SESSION));
          }
        },
        failure -> {
          settling.remove(lock);
          failed(lock, failure);
        });
  }

  private void failed(Lock lock, HubException failure) {
    lock.done.completeExceptionally(failure);
    if (!(failure instanceof RejectedException || failure instanceof ThrottledException)) {
      fatal.accept(failure);
    }
  }

  /** The lock on one message; what the hub calls its ETag. */
  private final class Lock implements Settlement {
    private final String token;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private boolean asked; // guarded by done

    Lock(String token) {
      this.token = token;
    }

    @Override
    public CompletionStage<Void> complete() {
      return settle(() -> send(this, requests.complete(token), "the completion"));
    }

    @Override
    public CompletionStage<Void> reject() {
      return settle(() -> send(this, requests.reject(token), "the rejection"));
    }

    @Override
    public CompletionStage<Void> abandon() {
      return settle(
          () -> {
            abandoned.add(this);
            if (!polling || !running) {
              sendAbandoned();
            }
          });
    }

    private CompletionStage<Void> settle(Runnable action) {
      synchronized (done) {
        if (asked) {
          return CompletableFuture.failedFuture(
              new RejectedException("The message is settled already.", Progress.NOT_SENT));
        }
        asked = true;
      }
      if (over) {
        return CompletableFuture.failedFuture(failures.ended());
      }
      loop.execute(
          () -> {
            if (over) {
              done.completeExceptionally(failures.ended());
              return;
            }
            held.remove(this);
            action.run();
            resume();
          });
      return done;
    }
  }
}
