package dev.fairlead.client;

import dev.fairlead.Capability;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayDeviceBuilder;
import dev.fairlead.GatewayStatus;
import dev.fairlead.HubException;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Proxy;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.outbox.RateGate;
import dev.fairlead.policy.NoRouteException;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.pool.ConnectionPool;
import dev.fairlead.retry.Backoff;
import dev.fairlead.session.Transports;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.settings.ConnectionSettings;
import dev.fairlead.settings.DeviceSettings;
import dev.fairlead.settings.GatewaySettings;
import dev.fairlead.settings.SessionSettings;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.UploadProvider;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.ClientThreads;
import dev.fairlead.threads.Failures;
import dev.fairlead.threads.SharedOutcome;
import dev.fairlead.upload.UploadProviders;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gateway: ordinary device clients that share a loop, threads and, through the {@link
 * ConnectionPool}, connections. It keeps the list of devices; the devices and the pool do
 * everything else.
 */
public final class RealGateway implements Gateway, DeviceAdmission {
  private static final Logger log = LoggerFactory.getLogger(RealGateway.class);

  private static final OutboxStatus NOTHING = new OutboxStatus(0, 0, 0, 0, 0, 0, Optional.empty());

  private final GatewaySettings settings;
  private final Function<DeviceAdmission, GatewayDeviceBuilder> builders;
  private final ClientLoop loop;
  private final ClientThreads threads;
  private final Transports wires;
  private final Transports transports;
  private final ConnectionPool pool;
  private final Optional<UploadProvider> uploads;
  private final Optional<RateGate> rate;
  private final SharedOutcome closed;

  /** Guards the fields below; no foreign code is called while it is held. */
  private final Object lock = new Object();

  /** The devices, each from before its client is created until after it has ended. */
  private final Set<DeviceIdentity> present = new HashSet<>();

  private final Set<RealDeviceClient> devices = new LinkedHashSet<>();
  private OutboxStatus departed = NOTHING;
  private @Nullable Target target;
  private boolean closing;

  /**
   * The hub of these devices, and the host that is dialled for it. Host names are compared in any
   * case.
   */
  private record Target(String hubHost, Optional<String> parentHost) {
    Target {
      hubHost = hubHost.toLowerCase(Locale.ROOT);
      parentHost = parentHost.map(host -> host.toLowerCase(Locale.ROOT));
    }

    String dialHost() {
      return parentHost.orElse(hubHost);
    }

    String words() {
      return hubHost + parentHost.map(parent -> " through " + parent).orElse("");
    }
  }

  /**
   * Plans the routes and makes the gateway, without any I/O.
   *
   * @param settings what the application set
   * @param builders makes a builder for a device of a gateway
   * @throws NoRouteException if no route is left
   */
  public RealGateway(
      GatewaySettings settings, Function<DeviceAdmission, GatewayDeviceBuilder> builders) {
    this.settings = settings;
    this.builders = builders;
    ConnectionSettings given = settings.connection();
    String name = "fairlead-gateway" + given.hubHost().map(host -> "-" + host).orElse("");
    target = given.hubHost().map(host -> new Target(host, given.parentHost())).orElse(null);
    loop = new ClientLoop(name, given.daemonThreads(), given.time());
    threads = ClientThreads.shared(name, given.daemonThreads(), given.executor(), loop);
    wires = Transports.of(given.transports());
    pool = new ConnectionPool(new PoolEnvironment(), new RouteMemory(loop));
    transports = wires.through(pool);
    uploads = settings.session().uploads().or(UploadProviders::find);
    rate = settings.rate().map(limit -> new RateGate(limit, loop));
    closed = new SharedOutcome(threads);
    TransportPlan plan = plan();
    if (plan.isEmpty()) {
      throw new NoRouteException(plan);
    }
  }

  @Override
  public SessionSettings defaults() {
    SessionSettings given = settings.session();
    return new SessionSettings(
        given.retry(),
        given.failBack(),
        given.openTimeout(),
        given.drain(),
        uploads,
        given.batching(),
        given.budget());
  }

  @Override
  public GatewayDeviceBuilder device() {
    return builders.apply(this);
  }

  @Override
  public GatewayDeviceBuilder device(String connectionString) {
    return device().connectionString(connectionString);
  }

  @Override
  public DeviceClient admit(DeviceSettings device, Handlers handlers) {
    DeviceIdentity identity = device.identity();
    Target hub;
    synchronized (lock) {
      if (closing) {
        throw new IllegalStateException(
            "The gateway is closed, so no device can join it. Build a new gateway.");
      }
      hub = targetOf(device);
      if (!present.add(identity)) {
        throw new IllegalStateException(
            identity
                + " already has a client on this gateway. The hub lets an identity have one connection, so two clients would"
                + " disconnect each other. Close the first one, wait until it is closed, then build another.");
      }
    }
    RealDeviceClient made;
    try {
      made =
          new RealDeviceClient(
              new ClientSettings(hub.hubHost, hub.dialHost(), settings.connection(), device),
              handlers,
              new SharedEnvironment(identity));
    } catch (RuntimeException | Error e) {
      left(identity, null);
      throw e;
    }
    boolean stays = false;
    try {
      synchronized (lock) {
        devices.add(made);
        // Only now, so that a device that could not be built (a mistyped host, for instance) does
        // not determine the hub.
        target = targetOf(device);
        stays = !closing;
      }
      return made;
    } finally {
      if (!stays) {
        made.beginToClose(Duration.ZERO);
      }
    }
  }

  /** The hub of a device; all devices of a gateway have the same one. */
  private Target targetOf(DeviceSettings device) {
    String hubHost =
        device
            .hubHost()
            .or(() -> Optional.ofNullable(target).map(Target::hubHost))
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "The hub's host name is missing. Call host(…) of Gateway.builder(), or use a connection string for "
                            + device.identity()
                            + "."));
    Target wanted =
        new Target(
            hubHost,
            device
                .parentHost()
                .or(() -> target == null ? settings.connection().parentHost() : target.parentHost));
    if (target != null && !target.equals(wanted)) {
      throw new IllegalStateException(
          device.identity()
              + " is a device of "
              + wanted.words()
              + ", and this gateway connects to "
              + target.words()
              + ". Build a gateway for each hub.");
    }
    return wanted;
  }

  private Target knownTarget() {
    synchronized (lock) {
      if (target == null) {
        throw new IllegalStateException(
            "The gateway has no device yet, so there is no hub to connect to.");
      }
      return target;
    }
  }

  private void left(DeviceIdentity identity, @Nullable RealDeviceClient client) {
    OutboxStatus last = client == null ? NOTHING : client.outbox();
    boolean all;
    synchronized (lock) {
      departed = sum(departed, totals(last));
      devices.remove(client);
      present.remove(identity);
      all = closing && present.isEmpty();
    }
    loop.execute(() -> pool.leave(identity));
    if (all) {
      loop.execute(this::closeConnections);
    }
  }

  private static OutboxStatus sum(OutboxStatus one, OutboxStatus other) {
    return new OutboxStatus(
        one.waiting() + other.waiting(),
        one.underWay() + other.underWay(),
        one.bytes() + other.bytes(),
        one.accepted() + other.accepted(),
        one.failed() + other.failed(),
        one.resent() + other.resent(),
        one.durable().isEmpty()
            ? other.durable()
            : one.durable().map(durable -> other.durable().map(durable::plus).orElse(durable)));
  }

  /** What counts of a device that has left. */
  private static OutboxStatus totals(OutboxStatus last) {
    return new OutboxStatus(
        0, 0, 0, last.accepted(), last.failed(), last.resent(), Optional.empty());
  }

  @Override
  public GatewayStatus status() {
    List<RealDeviceClient> now;
    OutboxStatus outbox;
    synchronized (lock) {
      now = List.copyOf(devices);
      outbox = departed;
    }
    int connected = 0;
    for (RealDeviceClient device : now) {
      outbox = sum(outbox, device.outbox());
      connected += device.state() instanceof ConnectionState.Connected ? 1 : 0;
    }
    return new GatewayStatus(
        now.size(),
        connected,
        pool.connections().stream()
            .map(each -> new GatewayStatus.Connection(each.route(), each.devices()))
            .toList(),
        outbox);
  }

  @Override
  public TransportPlan plan() {
    int there;
    synchronized (lock) {
      there = present.size();
    }
    TransportPolicy policy = settings.connection().policy();
    return (there > policy.identities() ? policy.toBuilder().identities(there).build() : policy)
        .plan(transports.offers(), Set.of(Capability.TELEMETRY), pool.remembered())
        .reporting(transports.broken());
  }

  // ---- closing

  @Override
  public CompletableFuture<Void> close(Duration drain) {
    List<RealDeviceClient> last;
    boolean empty;
    synchronized (lock) {
      empty = !closing && present.isEmpty();
      closing = true;
      last = List.copyOf(devices);
    }
    // Devices that are already closing end sooner if this leaves them less time.
    last.forEach(device -> device.beginToClose(drain));
    if (empty) {
      loop.execute(this::closeConnections);
    }
    return closed.future();
  }

  private void closeConnections() {
    pool.close()
        .whenComplete(
            (done, failure) ->
                threads
                    .completions()
                    .execute(
                        () -> {
                          loop.shutdown();
                          threads.shutdown();
                          closed.complete();
                        }));
  }

  @Override
  public void awaitClosed() throws InterruptedException {
    closed.await();
  }

  @Override
  public void close() {
    CompletableFuture<Void> unused = close(settings.session().drain());
    if (!threads.mayWait()) {
      // Waiting on this thread would block what it waits for; closing continues without it.
      return;
    }
    if (!closed.awaitUninterruptibly(
        settings.session().drain().plus(RealDeviceClient.CLOSE_BOUND))) {
      log.warn(
          "The gateway is not closed within the drain time and {} s; some of its threads still "
              + "run. Look for application code that it called and that does not return.",
          RealDeviceClient.CLOSE_BOUND.toSeconds());
      return;
    }
    try {
      if (!loop.awaitTermination(Duration.ofSeconds(1))) {
        log.warn("The gateway's loop is still busy after closing");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The environment of one device. */
  private final class SharedEnvironment implements ClientEnvironment {
    private final DeviceIdentity identity;
    private final ClientThreads own;

    SharedEnvironment(DeviceIdentity identity) {
      this.identity = identity;
      this.own = threads.of("fairlead-" + identity);
    }

    @Override
    public ClientLoop loop() {
      return loop;
    }

    @Override
    public ClientThreads threads() {
      return own;
    }

    @Override
    public Transports transports() {
      return transports;
    }

    @Override
    public RouteMemory.Snapshot remembered(RouteMemory mine) {
      Map<Route, RouteMemory.Postponement> postponed = new HashMap<>(pool.remembered().postponed());
      postponed.putAll(mine.snapshot().postponed());
      return new RouteMemory.Snapshot(postponed);
    }

    @Override
    public Optional<RateGate> rate() {
      return rate;
    }

    @Override
    public void ended(RealDeviceClient client) {
      left(identity, client);
    }

    @Override
    public boolean awaitEnd(Duration limit) {
      return true;
    }
  }

  /** The environment of the pool. */
  private final class PoolEnvironment implements ConnectionPool.Environment {
    private final Backoff backoff =
        new Backoff(settings.session().retry(), RandomGenerator.getDefault());

    @Override
    public Loop loop() {
      return loop;
    }

    @Override
    public TransportOffer offer() {
      List<RouteOffer> all =
          wires.offers().stream().flatMap(offer -> offer.routes().stream()).toList();
      return new TransportOffer("fairlead-gateway", all);
    }

    @Override
    public TransportProvider provider(Route route) {
      return wires.provider(route);
    }

    @Override
    public int limit(Route route) {
      return settings.connection().policy().identitiesPerConnection(transports.offer(route));
    }

    @Override
    public ConnectionContext context(Route route) {
      Target known = knownTarget();
      return new SharedContext(
          known.hubHost,
          settings.connection().endpointOf(route, known.dialHost()),
          settings.connection().proxy(),
          loop,
          settings.connection().userAgent());
    }

    @Override
    public Duration openTimeout() {
      return settings.session().openTimeout();
    }

    @Override
    public Duration pauseAfterFailure(int failures) {
      return backoff.afterFailures(failures);
    }

    @Override
    public Duration pauseAfterLoss(int failures) {
      return backoff.afterLoss(failures);
    }

    @Override
    public Duration stableAfter() {
      return settings.session().retry().stableAfter();
    }

    @Override
    public HubException failure(Throwable thrown) {
      return Failures.of(thrown, Stage.OPEN);
    }
  }

  private record SharedContext(
      String hubHost, Endpoint endpoint, Optional<Proxy> proxy, Loop loop, String userAgent)
      implements ConnectionContext {}
}
