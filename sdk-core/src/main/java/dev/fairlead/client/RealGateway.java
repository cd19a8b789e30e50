package dev.fairlead.client;

import dev.fairlead.Capability;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayStatus;
import dev.fairlead.HubException;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Proxy;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.policy.NoRouteException;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.pool.ConnectionPool;
import dev.fairlead.retry.Backoff;
import dev.fairlead.session.Transports;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.settings.GatewaySettings;
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
 * ConnectionPool}, connections. It knows who is there; all else is the devices' and the pool's.
 */
public final class RealGateway implements Gateway {
  private static final Logger log = LoggerFactory.getLogger(RealGateway.class);

  private static final OutboxStatus NOTHING = new OutboxStatus(0, 0, 0, 0, 0, 0);

  private final GatewaySettings settings;
  private final Function<RealGateway, DeviceClientBuilder> builders;
  private final ClientLoop loop;
  private final ClientThreads threads;
  private final Transports wires;
  private final Transports transports;
  private final ConnectionPool pool;
  private final Optional<UploadProvider> uploads;
  private final SharedOutcome closed;

  /** Guards what follows; nothing foreign is called under it. */
  private final Object lock = new Object();

  /** Who is there, from before its client is made until after it has ended. */
  private final Set<DeviceIdentity> present = new HashSet<>();

  private final Set<RealDeviceClient> devices = new LinkedHashSet<>();
  private OutboxStatus departed = NOTHING;
  private @Nullable Target target;
  private boolean closing;

  /** Whose devices these are, and what is dialled for it. Host names have no case. */
  private record Target(String hubHost, String dialHost) {
    Target {
      hubHost = hubHost.toLowerCase(Locale.ROOT);
      dialHost = dialHost.toLowerCase(Locale.ROOT);
    }

    String words() {
      return dialHost.equals(hubHost) ? hubHost : hubHost + " through " + dialHost;
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
      GatewaySettings settings, Function<RealGateway, DeviceClientBuilder> builders) {
    this.settings = settings;
    this.builders = builders;
    String name = "fairlead-gateway" + settings.hubHost().map(host -> "-" + host).orElse("");
    target =
        settings
            .hubHost()
            .map(host -> new Target(host, settings.gatewayHost().orElse(host)))
            .orElse(null);
    loop = new ClientLoop(name, settings.daemonThreads(), settings.time());
    threads = ClientThreads.shared(name, settings.daemonThreads(), settings.executor(), loop);
    wires = Transports.of(settings.transports());
    pool = new ConnectionPool(new PoolEnvironment(), new RouteMemory(loop));
    transports = wires.through(pool);
    uploads = settings.uploads().or(UploadProviders::find);
    closed = new SharedOutcome(threads);
    TransportPlan plan = plan();
    if (plan.isEmpty()) {
      throw new NoRouteException(plan);
    }
  }

  /**
   * What a device's builder begins with.
   *
   * @return the settings of this gateway
   */
  public GatewaySettings settings() {
    return settings;
  }

  /**
   * What uploads files for all devices: one, for it may hold threads and memory.
   *
   * @return the provider, empty if there is none
   */
  public Optional<UploadProvider> uploads() {
    return uploads;
  }

  /**
   * The hub, once it is known.
   *
   * @return its host name, empty before the first device if the gateway was given none
   */
  public Optional<String> hubHost() {
    synchronized (lock) {
      return Optional.ofNullable(target).map(Target::hubHost);
    }
  }

  /**
   * What is dialled in place of the hub, once it is known.
   *
   * @return the host name, empty if the hub itself is dialled
   */
  public Optional<String> gatewayHost() {
    synchronized (lock) {
      return target == null
          ? settings.gatewayHost()
          : Optional.of(target).filter(it -> !it.dialHost.equals(it.hubHost)).map(Target::dialHost);
    }
  }

  @Override
  public DeviceClientBuilder device() {
    return builders.apply(this);
  }

  @Override
  public DeviceClientBuilder device(String connectionString) {
    return device().connectionString(connectionString);
  }

  /**
   * Makes the client of a device and takes it in.
   *
   * @param device what its builder holds
   * @param handlers its handlers
   * @return the client
   * @throws IllegalStateException if the gateway is closed, is another hub's, or has a client of
   *     this identity already
   * @throws NoRouteException if no route is left for this device
   */
  public DeviceClient admit(ClientSettings device, Handlers handlers) {
    DeviceIdentity identity = device.identity();
    synchronized (lock) {
      if (closing) {
        throw new IllegalStateException(
            "The gateway is closed, so no device can join it; build a new gateway.");
      }
      checkTarget(device);
      if (!present.add(identity)) {
        throw new IllegalStateException(
            identity
                + " has a client on this gateway already. The hub lets an identity have one connection, so two clients would"
                + " take it from each other; close the first and wait for that before you build another.");
      }
    }
    RealDeviceClient made;
    try {
      made = new RealDeviceClient(device, handlers, new SharedEnvironment(identity));
    } catch (RuntimeException | Error e) {
      left(identity, null);
      throw e;
    }
    boolean stays = false;
    try {
      synchronized (lock) {
        devices.add(made);
        // Only now: a device that could not be built, for a mistyped host say, binds nobody.
        target = checkTarget(device);
        stays = !closing;
      }
      return made;
    } finally {
      if (!stays) {
        made.beginToClose(Duration.ZERO);
      }
    }
  }

  /** Where a device belongs; throws if that is not where the others do. */
  private Target checkTarget(ClientSettings device) {
    Target wanted = new Target(device.hubHost(), device.dialHost());
    if (target != null && !target.equals(wanted)) {
      throw new IllegalStateException(
          device.identity()
              + " belongs to "
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
        throw new IllegalStateException("No device is here yet, so there is no hub to connect to.");
      }
      return target;
    }
  }

  private void left(DeviceIdentity identity, @Nullable RealDeviceClient client) {
    OutboxStatus last = client == null ? NOTHING : client.outbox();
    boolean all;
    synchronized (lock) {
      departed = sum(departed, last);
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
        one.resent() + other.resent());
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
    TransportPolicy policy = settings.policy();
    return (there > policy.identities() ? policy.toBuilder().identities(there).build() : policy)
        .plan(transports.offers(), Set.of(Capability.TELEMETRY), pool.remembered());
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
    // Those that are closing already end sooner if this leaves them less time.
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
    CompletableFuture<Void> unused = close(settings.drain());
    if (!threads.mayWait()) {
      // Here waiting would stop what it waits for; closing goes on without it.
      return;
    }
    if (!closed.awaitUninterruptibly(settings.drain().plus(RealDeviceClient.CLOSE_BOUND))) {
      log.warn(
          "The gateway is not closed within the drain time and {} s; what is left ends by itself or not at all. Look for code"
              + " that it called and that does not return.",
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

  /** What one device stands on. */
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
    public void ended(RealDeviceClient client) {
      left(identity, client);
    }

    @Override
    public boolean awaitEnd(Duration limit) {
      return true;
    }
  }

  /** What the pool stands on. */
  private final class PoolEnvironment implements ConnectionPool.Environment {
    private final Backoff backoff = new Backoff(settings.retry(), RandomGenerator.getDefault());

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
      return settings.policy().identitiesPerConnection(transports.offer(route));
    }

    @Override
    public ConnectionContext context(Route route) {
      Target known = knownTarget();
      return new SharedContext(
          known.hubHost,
          settings.endpointOf(route, known.dialHost),
          settings.proxy(),
          loop,
          ClientSettings.userAgent(settings.product()));
    }

    @Override
    public Duration openTimeout() {
      return settings.openTimeout();
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
      return settings.retry().stableAfter();
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
