package dev.fairlead.tck;

import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.Trust;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.time.Duration;
import java.time.Instant;

/** The in-memory hub with many devices, and the in-memory transport in the shape of AMQP. */
public final class InMemoryFleet implements MultiplexHarness {
  private final InMemoryHub hub = new InMemoryHub(new FakeTime(Instant.now()));
  private final InMemoryTransport transport;

  /**
   * A hub without devices.
   *
   * @param protocol whose capabilities the transport declares; one that carries several identities
   */
  public InMemoryFleet(Protocol protocol) {
    transport = InMemoryTransport.like(hub, protocol).withAnswerTimeout(Duration.ofSeconds(2));
  }

  @Override
  public MultiplexingProvider provider() {
    return transport;
  }

  @Override
  public Route route() {
    return transport.offer().routes().get(0).route();
  }

  @Override
  public String hubHost() {
    return InMemoryHub.HOST;
  }

  @Override
  public Endpoint endpoint() {
    return new Endpoint(InMemoryHub.HOST, 1, Trust.platform());
  }

  @Override
  public Target target(String deviceId) {
    return harness(deviceId).target();
  }

  @Override
  public HubSide hub(String deviceId) {
    return harness(deviceId);
  }

  private InMemoryHarness harness(String deviceId) {
    return new InMemoryHarness(hub, hub.device(deviceId), deviceId, transport);
  }

  @Override
  public boolean ownsThread(Thread thread) {
    return false;
  }

  @Override
  public void close() {
    hub.setReachable(false);
  }
}
