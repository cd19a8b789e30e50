package dev.fairlead.pool;

import dev.fairlead.ClientClosedException;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ForeignCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A transport for the devices of a gateway: if the underlying transport carries several identities,
 * they are attached to shared connections ({@link SharedRoute}); if not, or if the identity shows a
 * certificate, which is tied to its TLS connection (IoT Hub: TLS support page), it gets a
 * connection of its own.
 *
 * <p>Confined to the gateway's loop, but for {@link #connections()} and {@link #remembered()}.
 */
public final class ConnectionPool implements TransportProvider {
  /** What the pool needs of the gateway around it. */
  public interface Environment {
    /**
     * Where all work happens.
     *
     * @return the loop of the gateway and of all its devices
     */
    Loop loop();

    /**
     * What all transports offer.
     *
     * @return their routes as one offer
     */
    TransportOffer offer();

    /**
     * The transport of a route.
     *
     * @param route an offered route
     * @return its provider
     */
    TransportProvider provider(Route route);

    /**
     * How many identities may share a connection.
     *
     * @param route an offered route
     * @return 1 or more
     */
    int limit(Route route);

    /**
     * What a new connection is given.
     *
     * @param route its route
     * @return a context for that connection alone
     */
    ConnectionContext context(Route route);

    /**
     * How long opening a connection may take.
     *
     * @return positive
     */
    Duration openTimeout();

    /**
     * When to connect again after a connection could not be opened.
     *
     * @param failures how many there were since the last stable connection, this one included
     * @return a delay with jitter
     */
    Duration pauseAfterFailure(int failures);

    /**
     * When to connect again after a connection was lost.
     *
     * @param failures how many there were since the last stable connection
     * @return a delay with jitter
     */
    Duration pauseAfterLoss(int failures);

    /**
     * How long a connection is open before it counts as stable.
     *
     * @return zero or more
     */
    Duration stableAfter();

    /**
     * Unwraps the failure of a transport's future.
     *
     * @param thrown the failure, perhaps wrapped
     * @return the failure itself
     */
    HubException failure(Throwable thrown);
  }

  /** How long a route on which no connection could be opened is tried last. */
  private static final Duration POSTPONED = Duration.ofMinutes(10);

  private final Environment around;
  private final RouteMemory memory;
  private final Map<Route, SharedRoute> routes = new HashMap<>();
  private final Set<DeviceIdentity> members = new HashSet<>();
  private final Set<PooledConnection> shared = ConcurrentHashMap.newKeySet();
  private final Set<DedicatedConnection> lone = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private boolean closing;

  /** A connection of one identity. */
  private static final class DedicatedConnection {
    final Route route;

    DedicatedConnection(Route route) {
      this.route = route;
    }
  }

  /**
   * An open connection.
   *
   * @param route its route
   * @param devices how many sessions it carries, including those that are being opened
   */
  public record OpenConnection(Route route, int devices) {}

  /**
   * An empty pool.
   *
   * @param around the gateway
   * @param memory remembers the routes that failed for all devices
   */
  public ConnectionPool(Environment around, RouteMemory memory) {
    this.around = around;
    this.memory = memory;
  }

  @Override
  public TransportOffer offer() {
    return around.offer();
  }

  static ClientClosedException gatewayClosed() {
    return new ClientClosedException(
        "The gateway is closed, and its devices' connections with it. Build a new gateway.",
        Progress.NOT_SENT);
  }

  @Override
  public Opening<TransportSession> open(Route route, SessionContext context) {
    around.loop().assertInLoop();
    if (closing) {
      throw gatewayClosed();
    }
    if (around.limit(route) > 1
        && around.provider(route) instanceof MultiplexingProvider wire
        && !(context.credential() instanceof Credential.Certificate)) {
      members.add(context.identity());
      SharedRoute way =
          routes.computeIfAbsent(route, fresh -> new SharedRoute(this, around, wire, fresh));
      Attachment attachment = new Attachment(way, context);
      way.request(attachment);
      return attachment;
    }
    members.remove(context.identity());
    return openAlone(route, context);
  }

  private Opening<TransportSession> openAlone(Route route, SessionContext context) {
    Opening<TransportSession> opening = around.provider(route).open(route, context);
    ForeignCalls.stage("opening.outcome()", opening::outcome)
        .thenAccept(
            session -> {
              DedicatedConnection connection = new DedicatedConnection(route);
              lone.add(connection);
              ForeignCalls.stage("session.ended()", session::ended)
                  .whenComplete((end, failure) -> lone.remove(connection));
            });
    return opening;
  }

  /**
   * A device has left the gateway; no room is reserved for it any more.
   *
   * @param identity the device
   */
  public void leave(DeviceIdentity identity) {
    around.loop().assertInLoop();
    members.remove(identity);
  }

  /**
   * The routes on which no connection could be opened lately.
   *
   * @return a snapshot, from any thread
   */
  public RouteMemory.Snapshot remembered() {
    return memory.snapshot();
  }

  /**
   * The open connections.
   *
   * @return a list of them, from any thread
   */
  public List<OpenConnection> connections() {
    List<OpenConnection> standing = new ArrayList<>();
    for (PooledConnection each : shared) {
      if (each.isOpen()) {
        standing.add(new OpenConnection(each.route(), each.devices()));
      }
    }
    lone.forEach(each -> standing.add(new OpenConnection(each.route, 1)));
    return standing;
  }

  /**
   * Closes every shared connection gracefully, because all devices have left.
   *
   * @return completes on the loop when none is left
   */
  public CompletionStage<Void> close() {
    around.loop().assertInLoop();
    closing = true;
    routes.values().forEach(SharedRoute::close);
    shared.forEach(PooledConnection::close);
    completeIfClosed();
    return closed;
  }

  // ---- for the routes and their connections

  /**
   * How many devices need room on a route: all that share connections and are not on another route.
   */
  int wanted(Route route) {
    int elsewhere = 0;
    for (PooledConnection each : shared) {
      if (!each.route().equals(route)) {
        elsewhere += each.devices();
      }
    }
    return Math.max(1, members.size() - elsewhere);
  }

  void begun(PooledConnection connection) {
    shared.add(connection);
  }

  void gone(PooledConnection connection) {
    shared.remove(connection);
    completeIfClosed();
  }

  void routeFailed(Route route, HubException failure) {
    memory.postpone(route, POSTPONED, String.valueOf(failure.getMessage()));
  }

  void routeOpened(Route route) {
    memory.forget(route);
  }

  private void completeIfClosed() {
    if (closing && shared.isEmpty()) {
      closed.complete(null);
    }
  }
}
