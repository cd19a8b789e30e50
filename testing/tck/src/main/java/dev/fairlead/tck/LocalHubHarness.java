package dev.fairlead.tck;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.SystemProperty;
import dev.fairlead.Trust;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.spi.TransportProvider;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A transport with its own local hub on a free port. A transport only supplies itself and its
 * route.
 */
public final class LocalHubHarness implements TransportHarness, HubSide {
  private static final String HOST = "tck.hub.test";
  private static final String DEVICE = "tck-device";

  /** A little more than the hub's lock time. */
  private static final Duration LOCK_TIME = Duration.ofSeconds(61);

  /** The service-side names of the properties that a device sets. */
  private static final Map<String, SystemProperty> SYSTEM_PROPERTIES =
      Map.of(
          "message-id", SystemProperty.MESSAGE_ID,
          "correlation-id", SystemProperty.CORRELATION_ID,
          "user-id", SystemProperty.USER_ID,
          "content-type", SystemProperty.CONTENT_TYPE,
          "content-encoding", SystemProperty.CONTENT_ENCODING,
          "iothub-creation-time-utc", SystemProperty.CREATION_TIME,
          "dt-subject", SystemProperty.COMPONENT);

  /**
   * Over HTTPS a lock outlives the connection and only expires with time, so the hub's clock is
   * moved.
   */
  private final ManualHubTime clock;

  private final LocalHub localHub;
  private final TransportProvider provider;
  private final Route route;
  private final String deviceId;
  private final DeviceAuth keys = DeviceAuth.randomKeys();
  private final List<Faults.Armed> silences = new CopyOnWriteArrayList<>();
  private volatile Device device;
  private volatile long earlierConnections;

  private LocalHubHarness(
      ManualHubTime clock,
      LocalHub localHub,
      TransportProvider provider,
      Route route,
      String deviceId) {
    this.clock = clock;
    this.localHub = localHub;
    this.provider = provider;
    this.route = route;
    this.deviceId = deviceId;
    this.device = localHub.createDevice(deviceId, keys);
  }

  /**
   * Starts a hub for a transport.
   *
   * @param provider the transport under test
   * @param route the route under test
   * @return the harness
   */
  public static LocalHubHarness start(TransportProvider provider, Route route) {
    ManualHubTime clock = new ManualHubTime();
    LocalHubOptions options = LocalHubOptions.defaults().hostName(HOST);
    if (route.protocol() == Protocol.HTTPS) {
      // With a clock that does not move, the receives of one minute would count forever.
      options = options.time(clock).cloudReceivesPerMinute(0);
    }
    return new LocalHubHarness(clock, LocalHub.start(options), provider, route, DEVICE);
  }

  /** The same hub and transport with another device. */
  LocalHubHarness ofAnother(String otherDevice) {
    return new LocalHubHarness(clock, localHub, provider, route, otherDevice);
  }

  @Override
  public TransportProvider provider() {
    return provider;
  }

  @Override
  public Route route() {
    return route;
  }

  @Override
  public Target target() {
    return new Target(
        HOST,
        DeviceIdentity.device(deviceId),
        Secret.of(device.primaryKey()),
        new Endpoint("localhost", port(), Trust.only(List.of(localHub.caCertificate()))));
  }

  private int port() {
    return switch (route.protocol()) {
      case MQTT -> localHub.mqttPort();
      case AMQP -> localHub.amqpPort();
      case MQTT_WS, AMQP_WS, HTTPS -> localHub.httpsPort();
    };
  }

  @Override
  public HubSide hub() {
    return this;
  }

  /**
   * The hub itself, for tests of a single protocol.
   *
   * @return the local hub
   */
  public LocalHub localHub() {
    return localHub;
  }

  @Override
  public boolean ownsThread(Thread thread) {
    return thread.getName().startsWith("local-hub")
        || thread.getName().startsWith("globalEventExecutor");
  }

  @Override
  public void close() {
    localHub.close();
  }

  @Override
  public List<ReceivedTelemetry> telemetry() {
    return localHub.telemetry().receivedFrom(deviceId).stream()
        .map(LocalHubHarness::received)
        .toList();
  }

  private static ReceivedTelemetry received(TelemetryRecord record) {
    Map<SystemProperty, String> system = new EnumMap<>(SystemProperty.class);
    record
        .systemProperties()
        .forEach(
            (name, value) -> {
              SystemProperty known = SYSTEM_PROPERTIES.get(name);
              if (known != null) {
                system.put(known, value);
              }
            });
    return new ReceivedTelemetry(record.body(), record.properties(), system);
  }

  @Override
  public SentCloudMessage sendCloudMessage(String body, Map<String, String> properties) {
    CloudToDeviceMessage message = CloudToDeviceMessage.of(body);
    for (Map.Entry<String, String> property : properties.entrySet()) {
      message = message.withProperty(property.getKey(), property.getValue());
    }
    SentMessage sent = device.sendCloudMessage(message);
    return () ->
        switch (sent.state()) {
          case ENQUEUED -> SentCloudMessage.State.ENQUEUED;
          case INVISIBLE -> SentCloudMessage.State.INVISIBLE;
          case COMPLETED -> SentCloudMessage.State.COMPLETED;
          case DEAD_LETTERED -> SentCloudMessage.State.DEADLETTERED;
        };
  }

  @Override
  public CompletableFuture<MethodResponse> invokeMethod(
      String name, String payload, Duration timeout) {
    return device
        .invokeMethod(name, payload, Duration.ZERO, timeout)
        .thenApply(result -> new MethodResponse(result.status(), result.payload()));
  }

  @Override
  public long updateDesired(String patch) {
    return device.updateDesired(patch);
  }

  @Override
  public String reported() {
    return device.twin().reported();
  }

  @Override
  public long reportedVersion() {
    return device.twin().reportedVersion();
  }

  @Override
  public synchronized void recreateDevice() {
    earlierConnections += device.connectionsSoFar();
    localHub.deleteDevice(deviceId);
    device = localHub.createDevice(deviceId, keys);
  }

  @Override
  public void setEnabled(boolean enabled) {
    device.setEnabled(enabled);
  }

  @Override
  public void setReachable(boolean reachable) {
    if (reachable && !localHub.isOnline()) {
      localHub.goOnline();
    } else if (!reachable) {
      localHub.goOffline();
    }
  }

  @Override
  public void cut() {
    switch (route.protocol()) {
      case MQTT, MQTT_WS -> device.dropConnection();
      case HTTPS -> localHub.dropConnections(); // None of them is tied to a device.
      case AMQP, AMQP_WS -> {
        // The hub drops a device by detaching its links, because the connection may carry others.
        if (deviceId.equals(DEVICE)) {
          localHub.dropConnections();
        } else {
          device.dropConnection();
        }
      }
    }
  }

  @Override
  public void letLocksExpire() {
    if (route.protocol() != Protocol.HTTPS) {
      throw new UnsupportedOperationException(
          "Over " + route + " a lock ends with its connection.");
    }
    clock.advance(LOCK_TIME);
  }

  @Override
  public synchronized long connectionsSoFar() {
    return earlierConnections + device.connectionsSoFar();
  }

  @Override
  public int openConnections() {
    int silent = silences.stream().mapToInt(Faults.Armed::strikes).sum();
    return Math.max(0, localHub.connectionCount() - silent);
  }

  /** HTTP answers requests one after the other, and each once. */
  @Override
  public boolean can(ContractFault.What what) {
    return route.protocol() != Protocol.HTTPS || HubSide.super.can(what);
  }

  @Override
  public Armed arm(ContractFault wanted) {
    Fault fault =
        switch (wanted.what()) {
          case CUT -> Fault.drop();
          case SILENCE -> Fault.stall();
          case UNAVAILABLE -> Fault.refuse(3); // [MQTT-3.2.2-4] server unavailable
          case UNAUTHORIZED -> Fault.refuse(5); // not authorized
          case ACKNOWLEDGE_TWICE -> Fault.duplicate();
          case ACKNOWLEDGE_AFTER_NEXT -> Fault.acknowledgeOutOfOrder();
        };
    Fault.Moment moment =
        switch (wanted.when()) {
          case ON_ACCEPT -> Fault.Moment.ON_ACCEPT;
          case ON_CONNECT -> Fault.Moment.ON_CONNECT;
          case BEFORE_STORE -> Fault.Moment.BEFORE_STORE;
          case BEFORE_ACK -> Fault.Moment.BEFORE_ACK;
          case AFTER_ACK -> Fault.Moment.AFTER_ACK;
          case MID_DELIVERY -> Fault.Moment.MID_PACKET;
        };
    Faults.Armed armed =
        localHub.faults().add(fault.at(moment).nth(wanted.nth()).times(wanted.times()));
    if (wanted.what() == ContractFault.What.SILENCE) {
      silences.add(armed);
    }
    return armed::strikes;
  }
}
