package dev.fairlead.tck;

import dev.fairlead.Endpoint;
import dev.fairlead.Route;
import dev.fairlead.spi.MultiplexingProvider;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A transport that carries several identities, with its own local hub on a free port. */
public final class LocalHubFleet implements MultiplexHarness {
  private final MultiplexingProvider provider;
  private final LocalHubHarness first;
  private final Map<String, LocalHubHarness> devices = new ConcurrentHashMap<>();

  private LocalHubFleet(MultiplexingProvider provider, LocalHubHarness first) {
    this.provider = provider;
    this.first = first;
  }

  /**
   * Starts a hub for a transport.
   *
   * @param provider the transport under test
   * @param route the route under test
   * @return the harness
   * @throws IllegalArgumentException if the local hub does not speak the route's protocol
   */
  public static LocalHubFleet start(MultiplexingProvider provider, Route route) {
    return new LocalHubFleet(provider, LocalHubHarness.start(provider, route));
  }

  @Override
  public MultiplexingProvider provider() {
    return provider;
  }

  @Override
  public Route route() {
    return first.route();
  }

  @Override
  public String hubHost() {
    return first.target().hubHost();
  }

  @Override
  public Endpoint endpoint() {
    return first.target().endpoint();
  }

  @Override
  public Target target(String deviceId) {
    return harness(deviceId).target();
  }

  @Override
  public HubSide hub(String deviceId) {
    return harness(deviceId);
  }

  private LocalHubHarness harness(String deviceId) {
    return devices.computeIfAbsent(deviceId, first::ofAnother);
  }

  @Override
  public boolean ownsThread(Thread thread) {
    return first.ownsThread(thread);
  }

  @Override
  public void close() {
    first.close();
  }
}
