package dev.fairlead.tck;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.tck.memory.InMemoryDevice;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/** The harness of the in-memory transport, in the shape of any protocol. */
public final class InMemoryHarness implements TransportHarness, HubSide {
  private static final String DEVICE = "tck-device";

  private final InMemoryHub hub;
  private final InMemoryDevice device;
  private final String deviceId;
  private final InMemoryTransport transport;

  /**
   * A hub, a device, and the transport to it.
   *
   * @param protocol whose capabilities the transport declares
   * @param options changes the transport
   */
  public InMemoryHarness(Protocol protocol, UnaryOperator<InMemoryTransport> options) {
    hub = new InMemoryHub(new FakeTime(Instant.now()));
    device = hub.device(DEVICE);
    deviceId = DEVICE;
    transport = options.apply(InMemoryTransport.like(hub, protocol).withAnswerTimeout(SILENCE));
  }

  /** One of the devices of a hub. */
  InMemoryHarness(
      InMemoryHub hub, InMemoryDevice device, String deviceId, InMemoryTransport transport) {
    this.hub = hub;
    this.device = device;
    this.deviceId = deviceId;
    this.transport = transport;
  }

  @Override
  public TransportProvider provider() {
    return transport;
  }

  @Override
  public Route route() {
    return transport.offer().routes().get(0).route();
  }

  @Override
  public Target target() {
    return new Target(
        InMemoryHub.HOST,
        DeviceIdentity.device(deviceId),
        device.key(),
        new Endpoint(InMemoryHub.HOST, 1, Trust.platform()));
  }

  /** It pushes, whichever protocol it imitates. */
  @Override
  public boolean pushes() {
    return true;
  }

  @Override
  public boolean carriesAnyText() {
    return true;
  }

  @Override
  public HubSide hub() {
    return this;
  }

  @Override
  public boolean ownsThread(Thread thread) {
    return false;
  }

  @Override
  public void close() {
    hub.setReachable(false);
  }

  @Override
  public List<ReceivedTelemetry> telemetry() {
    return device.telemetry();
  }

  @Override
  public SentCloudMessage sendCloudMessage(String body, Map<String, String> properties) {
    return device.sendCloudMessage(body, properties);
  }

  @Override
  public CompletableFuture<MethodResponse> invokeMethod(
      String name, String payload, Duration timeout) {
    return device.invokeMethod(name, payload, timeout);
  }

  @Override
  public long updateDesired(String patch) {
    return device.updateDesired(patch);
  }

  @Override
  public String reported() {
    return device.reported();
  }

  @Override
  public long reportedVersion() {
    return device.reportedVersion();
  }

  @Override
  public void recreateDevice() {
    device.recreate();
  }

  @Override
  public void setEnabled(boolean enabled) {
    device.setEnabled(enabled);
  }

  @Override
  public void setReachable(boolean reachable) {
    hub.setReachable(reachable);
  }

  @Override
  public void cut() {
    device.cut();
  }

  @Override
  public int openConnections() {
    return hub.openConnections();
  }

  @Override
  public long connectionsSoFar() {
    return device.connectionsSoFar();
  }

  @Override
  public boolean can(ContractFault.What what) {
    return true;
  }

  @Override
  public Armed arm(ContractFault wanted) {
    Point point =
        switch (wanted.when()) {
          case ON_ACCEPT -> Point.TLS;
          case ON_CONNECT -> Point.OPEN;
          case BEFORE_STORE -> Point.BEFORE_STORE;
          case BEFORE_ACK -> Point.BEFORE_ACK;
          case AFTER_ACK -> Point.AFTER_ACK;
          case MID_DELIVERY -> Point.DELIVERY;
        };
    InMemoryFault fault =
        switch (wanted.what()) {
          case CUT -> InMemoryFault.cut(point);
          case SILENCE -> InMemoryFault.silence(point);
          case UNAVAILABLE ->
              InMemoryFault.fail(
                  point,
                  new UnreachableException(
                      "The hub is temporarily unavailable.", Stage.OPEN, Progress.NOT_SENT, null));
          case ACKNOWLEDGE_TWICE -> InMemoryFault.acknowledgeTwice();
          case ACKNOWLEDGE_AFTER_NEXT -> InMemoryFault.acknowledgeAfterNext();
          case UNAUTHORIZED ->
              InMemoryFault.fail(
                  point,
                  new UnauthorizedException("The hub refused the credential.", Progress.NOT_SENT));
        };
    return hub.faults().add(fault.nth(wanted.nth()).times(wanted.times()))::getAsInt;
  }
}
