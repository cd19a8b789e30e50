package dev.fairlead.https;

import dev.fairlead.HubException;
import dev.fairlead.RejectedException;
import dev.fairlead.SystemProperty;
import dev.fairlead.ThrottledException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.https.http.Ascii;
import dev.fairlead.https.http.ExchangeFailure;
import dev.fairlead.https.http.HttpAnswer;
import dev.fairlead.https.http.HttpsFailures;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches cloud-to-device messages when the limiter allows a poll, and settles them. One poll
 * drains the queue: it ends when the hub has no more messages, or when a message arrives that this
 * poll has already fetched. A message's lock begins when the hub hands it over, so a poll pauses
 * while the handler has no room, and a message is fetched only if the handler will take it soon.
 * Abandoned messages are returned when the poll has ended, or after half their lock time, so that
 * one poll does not fetch a message repeatedly and use up its deliveries. Confined to the loop.
 */
final class CloudMessagePolls {
  /**
   * The hub's lock time, fixed: IoT Hub, "Understand cloud-to-device messaging". If a handler makes
   * no progress for this long, its message is lost to it, and the poll ends.
   */
  private static final Duration LOCK = Duration.ofSeconds(60);

  /** The hub queues 50 for a device; this bounds a peer that is not a hub. */
  private static final int MOST_IN_A_POLL = 1000;

  /** A message has at most 64 KB; this bounds a peer that is not a hub. */
  private static final int MAX_BODY = 256 * 1024;

  private static final int MAX_LOCK_TOKEN = 128;
  private static final String WHAT = "the poll for cloud-to-device messages";
  private static final Logger log = LoggerFactory.getLogger(CloudMessagePolls.class);

  private final Exchanges exchanges;
  private final DeviceRequests requests;
  private final HttpsFailures failures;
  private final PollLimiter limiter;
  private final Inbox inbox;
  private final Loop loop;
  private final Consumer<HubException> fatal;

  // Of the poll in progress.
  private final Set<String> seen = new HashSet<>();
  private final List<Lock> abandoned = new ArrayList<>();
  private int brought;
  private boolean polling;
  private @Nullable Alarm pause;
  private @Nullable Alarm abandonLimit;

  /** Settled by the application, and the hub has not answered. */
  private final Set<Lock> settling = new LinkedHashSet<>();

  private boolean running;

  /**
   * @param fatal takes the failure that ends the session
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
    inbox.whenCloudMessageRoom(this::progress);
    limiter.whenAllowed(this::begin);
  }

  /** Starts no further poll; abandoned messages are returned now. */
  void stop() {
    running = false;
    limiter.close();
    cancelPause();
    sendAbandoned();
  }

  /** The session has ended: nothing can be settled any more. */
  void end() {
    running = false;
    limiter.close();
    cancelPause();
    if (abandonLimit != null) {
      abandonLimit.cancel();
    }
    List<Lock> left = new ArrayList<>(abandoned);
    left.addAll(settling);
    abandoned.clear();
    settling.clear();
    left.forEach(lock -> lock.done.completeExceptionally(failures.ended()));
  }

  private void begin() {
    if (!running) {
      return;
    }
    polling = true;
    brought = 0;
    seen.clear();
    proceed();
  }

  /** Fetches the next message, or pauses until the handler has room for it. */
  private void proceed() {
    cancelPause();
    if (inbox.cloudMessageRoom() > 0) {
      fetch();
    } else {
      pause = loop.schedule(LOCK, this::pausedTooLong);
    }
  }

  /** The application has taken or settled a message. */
  private void progress() {
    if (pause != null) {
      proceed();
    }
  }

  private void pausedTooLong() {
    log.info(
        "The handler of cloud-to-device messages has taken none for {} s; the rest waits at the hub"
            + " for the next poll.",
        LOCK.toSeconds());
    pause = null;
    drained();
  }

  private void fetch() {
    boolean first = brought == 0;
    exchanges.send(
        requests.receive(() -> !first || limiter.stillAllowed()),
        WHAT,
        MAX_BODY,
        this::answered,
        failure -> {
          if (failure.getCause() instanceof ExchangeFailure broken
              && broken.reason() == ExchangeFailure.Reason.NOT_WANTED) {
            log.info("A poll for cloud-to-device messages was skipped: {}", failure.getMessage());
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
    Optional<String> token = answer.header("ETag").flatMap(CloudMessagePolls::lockToken);
    if (answer.status() == 200 && token.isPresent()) {
      brought(answer, new Lock(token.get()));
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

  /** It becomes a part of paths, so nothing but letters, digits, "_" and "-" may be in it. */
  private static Optional<String> lockToken(String etag) {
    boolean quoted = etag.length() > 1 && etag.startsWith("\"") && etag.endsWith("\"");
    return Optional.of(quoted ? etag.substring(1, etag.length() - 1) : etag)
        .filter(token -> Ascii.consistsOf(token, MAX_LOCK_TOKEN, "_-"));
  }

  private void brought(HttpAnswer answer, Lock lock) {
    if (!running) {
      // The session is closing and no longer has a handler.
      send(lock, requests.abandon(lock.token), "the return");
      return;
    }
    Map<SystemProperty, String> system = MessageFields.system(answer.headers());
    String known =
        system.getOrDefault(
            SystemProperty.SEQUENCE_NUMBER, system.getOrDefault(SystemProperty.MESSAGE_ID, ""));
    boolean repeated = !known.isEmpty() && !seen.add(known);
    brought++;
    inbox.cloudMessage(answer.body(), MessageFields.application(answer.headers()), system, lock);
    if (repeated || brought >= MOST_IN_A_POLL) {
      drained();
    } else {
      proceed();
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
    sendAbandoned();
    if (running) {
      limiter.whenAllowed(this::begin);
    }
  }

  private void sendAbandoned() {
    if (abandonLimit != null) {
      abandonLimit.cancel();
      abandonLimit = null;
    }
    List<Lock> waiting = List.copyOf(abandoned);
    abandoned.clear();
    waiting.forEach(lock -> send(lock, requests.abandon(lock.token), "the return"));
  }

  private void send(Lock lock, Request request, String what) {
    settling.add(lock);
    exchanges.send(
        request,
        what + " of a message",
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

  /** The lock on one message; the ETag in the hub's terms. */
  private final class Lock implements Settlement {
    private final String token;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    Lock(String token) {
      this.token = token;
    }

    @Override
    public Optional<Duration> lockTime() {
      return Optional.of(LOCK);
    }

    @Override
    public CompletionStage<Void> complete() {
      send(this, requests.complete(token), "the completion");
      progress();
      return done;
    }

    @Override
    public CompletionStage<Void> reject() {
      send(this, requests.reject(token), "the rejection");
      progress();
      return done;
    }

    @Override
    public CompletionStage<Void> abandon() {
      abandoned.add(this);
      if (!polling || !running) {
        sendAbandoned();
      } else if (abandonLimit == null) {
        // After its lock the hub would deliver it again by itself.
        abandonLimit = loop.schedule(LOCK.dividedBy(2), CloudMessagePolls.this::sendAbandoned);
      }
      progress();
      return done;
    }
  }
}
