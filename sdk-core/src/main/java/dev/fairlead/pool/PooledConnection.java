package dev.fairlead.pool;

import dev.fairlead.HubException;
import dev.fairlead.Route;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.session.Openings;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.Failures;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shared connection from the beginning of its opening to its end. Confined to the loop, but for
 * {@link #isOpen()} and {@link #devices()}.
 */
final class PooledConnection {
  private static final Logger log = LoggerFactory.getLogger(PooledConnection.class);

  /**
   * A device that lost its link returns within seconds, so the connection is kept to avoid dialling
   * again.
   */
  private static final Duration IDLE = Duration.ofSeconds(30);

  /**
   * As for sessions: a connection that does not close is cut, and one that ignores the cut is
   * abandoned.
   */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private static final Duration ABORT_LIMIT = Duration.ofSeconds(2);

  private final SharedRoute owner;
  private final Loop loop;
  private volatile @Nullable Opening<SharedConnection> opening;
  private @Nullable SharedConnection shared;

  /** Bounds the opening, then the closing. */
  private Alarm limit = () -> {};

  private Alarm idle = () -> {};
  private Alarm stable = () -> {};
  private boolean wasStable;
  private boolean closing;
  private boolean over;
  private volatile boolean usable;
  private final AtomicInteger devices = new AtomicInteger();

  PooledConnection(SharedRoute owner) {
    this.owner = owner;
    this.loop = owner.loop();
  }

  Route route() {
    return owner.route();
  }

  /** Whether sessions can be attached. */
  boolean isOpen() {
    return usable;
  }

  /** How many sessions it carries, including those that are being opened. */
  int devices() {
    return devices.get();
  }

  // ---- opening

  void open(MultiplexingProvider wire, ConnectionPool.Environment around) {
    ConnectionContext context = around.context(route());
    Duration allowed = around.openTimeout();
    limit = loop.schedule(allowed, () -> openedTooLate(context, allowed));
    // Never inside the request that led here, because its caller has no handle yet.
    Openings.begin(() -> wire.connect(route(), context), begun -> opening = begun)
        .whenComplete(
            (connection, failure) ->
                loop.execute(
                    () -> {
                      if (connection != null) {
                        opened(connection);
                      } else {
                        notOpened(
                            around.failure(
                                failure == null
                                    ? new IllegalStateException("no connection")
                                    : failure));
                      }
                    }));
  }

  private void opened(SharedConnection connection) {
    if (over) {
      abort(connection);
      return;
    }
    CompletionStage<Optional<HubException>> end =
        ForeignCalls.stage("connection.ended()", connection::ended);
    boolean broken = end.toCompletableFuture().isCompletedExceptionally();
    if (closing || broken) {
      abort(connection); // A connection without a stage for its end cannot be used.
    }
    if (broken) {
      end.whenComplete((reason, failure) -> notOpened(noEnd(failure)));
      return;
    }
    if (!closing) {
      limit.cancel();
      shared = connection;
      usable = true;
    }
    end.whenComplete(
        (reason, failure) -> {
          usable = false;
          loop.execute(() -> end(reason == null ? Optional.of(noEnd(failure)) : reason));
        });
    if (!closing) {
      log.info("A connection for several devices is open on {}", route());
      owner.connected(this);
    }
  }

  private static HubException noEnd(@Nullable Throwable failure) {
    return Failures.of(
        failure == null ? new IllegalStateException("no end") : failure, Stage.SESSION);
  }

  private void openedTooLate(ConnectionContext context, Duration allowed) {
    HubException failure =
        Openings.overdue(
            "The shared connection on " + route(), context.endpoint(), allowed, opening);
    Openings.abort(opening);
    notOpened(failure);
  }

  private static void abort(SharedConnection connection) {
    ForeignCalls.guarded("connection.abort()", connection::abort);
  }

  private void notOpened(HubException failure) {
    if (over) {
      return;
    }
    if (closing) {
      end(Optional.empty());
      return;
    }
    over = true;
    limit.cancel();
    log.info("No shared connection could be opened on {}: {}", route(), failure.getMessage());
    owner.notConnected(this, failure);
  }

  /** What its opening waits for, in words. Any thread. */
  String step() {
    return Openings.step(opening);
  }

  // ---- sessions

  Opening<TransportSession> attach(SessionContext context) {
    if (shared == null) {
      throw new IllegalStateException("Sessions are attached to an open connection.");
    }
    return shared.attach(context);
  }

  /**
   * Whether one more fits, within the bound and the number that the transport has agreed with the
   * hub.
   */
  boolean hasRoom(int below) {
    SharedConnection connection = shared;
    if (connection == null) {
      return false;
    }
    int[] capacity = {Integer.MAX_VALUE};
    ForeignCalls.guarded("connection.capacity()", () -> capacity[0] = connection.capacity());
    return devices() < Math.min(below, capacity[0]);
  }

  void taken() {
    devices.incrementAndGet();
    idle.cancel();
  }

  void givenBack() {
    devices.decrementAndGet();
    closeIfIdle();
  }

  /** Sets the alarm that closes an unused connection. */
  void closeIfIdle() {
    if (devices() == 0 && usable && !closing) {
      idle.cancel();
      idle =
          loop.schedule(
              IDLE,
              () -> {
                if (devices() == 0) {
                  close();
                }
              });
    }
  }

  /** Runs something when the connection has been open for long enough to count as stable. */
  void whenStable(Duration age, Runnable task) {
    stable =
        loop.schedule(
            age,
            () -> {
              wasStable = true;
              task.run();
            });
  }

  boolean wasStable() {
    return wasStable;
  }

  // ---- the end

  /** Ends it gracefully, or stops its opening. */
  void close() {
    loop.assertInLoop();
    if (over || closing) {
      return;
    }
    closing = true;
    usable = false;
    limit.cancel();
    SharedConnection last = shared;
    if (last == null) {
      Openings.abort(opening);
      forgetSoon();
    } else if (ForeignCalls.guarded("connection.close()", last::close) != null) {
      abort(last);
      forgetSoon();
    } else {
      limit =
          loop.schedule(
              CLOSE_LIMIT,
              () -> {
                log.warn(
                    "The shared connection on {} did not close within {} and is cut",
                    route(),
                    Overdue.inWords(CLOSE_LIMIT));
                abort(last);
                forgetSoon();
              });
    }
  }

  private void forgetSoon() {
    limit = loop.schedule(ABORT_LIMIT, () -> end(Optional.empty()));
  }

  private void end(Optional<HubException> reason) {
    if (over) {
      return;
    }
    over = true;
    usable = false;
    limit.cancel();
    idle.cancel();
    stable.cancel();
    reason.ifPresent(
        why -> log.info("A shared connection on {} ended: {}", route(), why.getMessage()));
    owner.ended(this, reason);
  }
}
