package dev.fairlead.pool;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.Optional;
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

  /** A device that lost its link comes back within seconds; then nobody needs to dial. */
  private static final Duration IDLE = Duration.ofSeconds(30);

  /**
   * As for sessions: a connection that does not close is cut, and one that ignores it forgotten.
   */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private static final Duration ABORT_LIMIT = Duration.ofSeconds(2);

  private final SharedRoute owner;
  private final Loop loop;
  private @Nullable Opening<SharedConnection> opening;
  private @Nullable SharedConnection shared;

  /** Bounds the opening, then the closing. */
  private Alarm limit = () -> {};

  private Alarm idle = () -> {};
  private Alarm stable = () -> {};
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

  /** How many sessions it carries, those that are being opened included. */
  int devices() {
    return devices.get();
  }

  // ---- opening

  void open(MultiplexingProvider wire, ConnectionPool.Environment around) {
    ConnectionContext context = around.context(route());
    limit = loop.schedule(context.openTimeout(), () -> openedTooLate(context));
    try {
      opening = wire.connect(route(), context);
    } catch (RuntimeException e) {
      // Not from within the request that led here: who asked has no handle on it yet.
      loop.execute(() -> notOpened(around.failure(e)));
      return;
    }
    opening
        .outcome()
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
      connection.abort();
      return;
    }
    connection
        .ended()
        .whenComplete(
            (reason, failure) -> {
              usable = false;
              loop.execute(() -> end(failure == null ? reason : Optional.empty()));
            });
    if (closing) {
      connection.abort();
      return;
    }
    limit.cancel();
    shared = connection;
    usable = true;
    log.info("A connection for several devices stands on {}", route());
    owner.connected(this);
  }

  private void openedTooLate(ConnectionContext context) {
    if (opening != null) {
      opening.abort();
    }
    notOpened(
        new UnreachableException(
            "The shared connection on "
                + route()
                + " to "
                + context.endpoint()
                + " was not open within "
                + context.openTimeout()
                + ". Something on the way swallows packets, or the hub is overloaded; another route may pass.",
            Stage.OPEN,
            Progress.NOT_SENT,
            null));
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
    log.info("No shared connection on {}: {}", route(), failure.getMessage());
    owner.notConnected(this, failure);
  }

  // ---- sessions

  Opening<TransportSession> attach(SessionContext context) {
    if (shared == null) {
      throw new IllegalStateException("Sessions are attached to an open connection.");
    }
    return shared.attach(context);
  }

  /** Whether one more fits, below a bound and what the wire has agreed with the hub. */
  boolean hasRoom(int below) {
    return shared != null && devices() < Math.min(below, shared.capacity());
  }

  void taken() {
    devices.incrementAndGet();
    idle.cancel();
  }

  void givenBack() {
    devices.decrementAndGet();
    closeIfIdle();
  }

  /** Sets the alarm that closes a connection which nobody uses. */
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

  /** Runs something when the connection has stood for so long. */
  void after(Duration age, Runnable task) {
    stable = loop.schedule(age, task);
  }

  // ---- the end

  /** Ends it in good order, or stops its opening. */
  void close() {
    loop.assertInLoop();
    if (over || closing) {
      return;
    }
    closing = true;
    usable = false;
    limit.cancel();
    if (shared != null) {
      SharedConnection last = shared;
      last.close();
      limit =
          loop.schedule(
              CLOSE_LIMIT,
              () -> {
                log.warn(
                    "A shared connection on {} did not close within {} s and is cut",
                    route(),
                    CLOSE_LIMIT.toSeconds());
                last.abort();
                forgetSoon();
              });
    } else {
      if (opening != null) {
        opening.abort();
      }
      forgetSoon();
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
