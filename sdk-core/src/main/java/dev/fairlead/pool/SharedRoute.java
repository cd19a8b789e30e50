package dev.fairlead.pool;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.session.DeferrableOpening.Deferral;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MultiplexingProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The shared connections of one route, and the devices that wait for a place on one.
 *
 * <p><b>Room.</b> There are as many connections as all devices need at the limit, and each is
 * filled only up to its even share of them. A healthy session is never moved; a surplus connection
 * gets no new devices, so it empties and closes.
 *
 * <p><b>Dialling.</b> One connection is opened at a time, however many devices wait for it. If it
 * fails, the attempt of each waiting device fails and the device continues with its own plan. Then
 * the route pauses. It also pauses after a connection was lost, because all gateways of a hub dial
 * again at that time. A device that asks during a pause receives the time when to ask again. This
 * is no failure, because the route has refused nothing and another route would only evade the
 * pause.
 */
final class SharedRoute {
  private static final Comparator<PooledConnection> BY_LOAD =
      Comparator.comparingInt(PooledConnection::devices);

  private final ConnectionPool pool;
  private final ConnectionPool.Environment around;
  private final Loop loop;
  private final MultiplexingProvider wire;
  private final Route route;
  private final Set<Attachment> waiting = new LinkedHashSet<>();
  private final List<PooledConnection> open = new ArrayList<>();
  private volatile @Nullable PooledConnection opening;

  /** Connections that did not open, or were lost too soon, since the last that was stable. */
  private int failures;

  private @Nullable HubException pauseCause;
  private long pauseBegan;
  private Duration pause = Duration.ZERO;

  SharedRoute(
      ConnectionPool pool,
      ConnectionPool.Environment around,
      MultiplexingProvider wire,
      Route route) {
    this.pool = pool;
    this.around = around;
    this.loop = around.loop();
    this.wire = wire;
    this.route = route;
  }

  Route route() {
    return route;
  }

  Loop loop() {
    return loop;
  }

  /** What a device without a place waits for, in words. Any thread. */
  String step() {
    PooledConnection begun = opening;
    return begun == null
        ? "a place on a shared connection"
        : "a shared connection, which waits for " + begun.step();
  }

  // ---- places

  void request(Attachment device) {
    loop.assertInLoop();
    waiting.add(device);
    serve();
  }

  /**
   * The device does not want a place any more. An opening continues, because other devices may use
   * it.
   */
  void withdraw(Attachment device) {
    waiting.remove(device);
  }

  /** The connection was lost while the device was being attached to it. */
  void requestAgain(Attachment device, PooledConnection lost) {
    // The notice of its end may still be queued; that is processed first.
    open.remove(lost);
    if (pauseLeft().isZero()) {
      pause(
          around.pauseAfterLoss(failures),
          new UnreachableException(
              "The connection was lost while a device was being attached to it.",
              Stage.SESSION,
              Progress.NOT_SENT,
              null));
    }
    request(device);
  }

  private void serve() {
    while (!waiting.isEmpty()) {
      Optional<PooledConnection> place = place();
      if (place.isEmpty()) {
        if (opening != null) {
          return;
        }
        Duration left = pauseLeft();
        if (left.isZero()) {
          connect();
          return;
        }
        place = leastLoaded(usable(), around.limit(route));
        if (place.isEmpty()) {
          defer(left);
          return;
        }
      }
      attachFirst(place.get());
    }
  }

  private void attachFirst(PooledConnection place) {
    Attachment first = waiting.iterator().next();
    waiting.remove(first);
    first.attachTo(place);
  }

  private Optional<PooledConnection> place() {
    List<PooledConnection> usable = usable();
    int wanted = pool.wanted(route);
    int limit = around.limit(route);
    int needed = ceil(wanted, limit);
    if (usable.size() < needed) {
      return leastLoaded(usable, ceil(wanted, needed));
    }
    usable.sort(BY_LOAD.reversed());
    return leastLoaded(usable.subList(0, needed), limit).or(() -> leastLoaded(usable, limit));
  }

  private List<PooledConnection> usable() {
    return open.stream().filter(PooledConnection::isOpen).collect(Collectors.toList());
  }

  private static Optional<PooledConnection> leastLoaded(List<PooledConnection> among, int below) {
    return among.stream().filter(each -> each.hasRoom(below)).min(BY_LOAD);
  }

  private static int ceil(int dividend, int divisor) {
    return (dividend - 1) / divisor + 1;
  }

  // ---- connections

  private void connect() {
    PooledConnection begun = new PooledConnection(this);
    opening = begun;
    pool.begun(begun);
    begun.open(wire, around);
  }

  void connected(PooledConnection connection) {
    opening = null;
    pauseCause = null;
    open.add(connection);
    pool.routeOpened(route);
    connection.whenStable(around.stableAfter(), () -> failures = 0);
    serve();
    connection.closeIfIdle();
  }

  void notConnected(PooledConnection connection, HubException failure) {
    opening = null;
    pool.gone(connection);
    failures++;
    Duration delay = around.pauseAfterFailure(failures);
    if (failure instanceof ThrottledException throttled) {
      delay = delay.plus(throttled.retryAfter().orElse(Duration.ZERO));
    } else if (open.isEmpty()) {
      pool.routeFailed(route, failure);
    }
    pause(delay, failure);
    // Each of them tries its next route now; only devices that ask again wait here.
    for (Attachment device : List.copyOf(waiting)) {
      Optional<PooledConnection> place = leastLoaded(usable(), around.limit(route));
      waiting.remove(device);
      place.ifPresentOrElse(device::attachTo, () -> device.fail(failure));
    }
  }

  void ended(PooledConnection connection, Optional<HubException> reason) {
    if (opening == connection) {
      opening = null;
    }
    open.remove(connection);
    pool.gone(connection);
    if (reason.isPresent() && !connection.wasStable()) {
      failures++;
    }
    if (reason.isPresent() && pauseLeft().isZero()) {
      pause(around.pauseAfterLoss(failures), reason.get());
    }
    serve();
  }

  void close() {
    List<Attachment> left = List.copyOf(waiting);
    waiting.clear();
    left.forEach(device -> device.fail(ConnectionPool.gatewayClosed()));
  }

  // ---- pauses

  private void pause(Duration length, HubException cause) {
    pauseCause = cause;
    pauseBegan = loop.nanoTime();
    pause = length;
  }

  private Duration pauseLeft() {
    if (pauseCause == null) {
      return Duration.ZERO;
    }
    Duration left = pause.minusNanos(loop.nanoTime() - pauseBegan);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private void defer(Duration left) {
    Deferral deferral = new Deferral(left, whyPaused());
    List<Attachment> early = List.copyOf(waiting);
    waiting.clear();
    early.forEach(device -> device.defer(deferral));
  }

  private HubException whyPaused() {
    HubException cause = pauseCause;
    if (cause instanceof ThrottledException) {
      return cause;
    }
    return new UnreachableException(
        "The gateway opens no connection on "
            + route
            + " until its pause after the last failure is over"
            + (cause == null ? "." : ": " + cause.getMessage()),
        cause instanceof UnreachableException lost ? lost.stage() : Stage.CONNECT,
        Progress.NOT_SENT,
        cause);
  }
}
