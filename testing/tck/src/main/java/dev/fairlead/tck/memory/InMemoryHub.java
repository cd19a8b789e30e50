package dev.fairlead.tck.memory;

import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.tck.FakeTime;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;

/**
 * A hub in memory: devices with telemetry, queues, twins and direct methods. Its clock, by which
 * tokens and locks expire, only moves when a test moves it. It has no thread. Safe for any thread.
 */
public final class InMemoryHub {
  /** The name of the hub in tokens. */
  public static final String HOST = "memory.hub.test";

  private final FakeTime time;
  private final InMemoryFaults faults = new InMemoryFaults();
  private final Map<String, InMemoryDevice> devices = new ConcurrentHashMap<>();
  private final Set<InMemoryNetwork> networks = new CopyOnWriteArraySet<>();
  private final List<Route> attempts = new CopyOnWriteArrayList<>();
  private volatile boolean reachable = true;

  /**
   * An empty hub.
   *
   * @param time its clock, which a client may share
   */
  public InMemoryHub(FakeTime time) {
    this.time = time;
  }

  /**
   * A device, created with a random key if it is new.
   *
   * @param deviceId its id
   * @return the device
   */
  public InMemoryDevice device(String deviceId) {
    return devices.computeIfAbsent(deviceId, id -> new InMemoryDevice(id, time));
  }

  /**
   * The faults of the transport.
   *
   * @return the faults, to be added to
   */
  public InMemoryFaults faults() {
    return faults;
  }

  /**
   * The hub's clock.
   *
   * @return the clock
   */
  public FakeTime time() {
    return time;
  }

  /**
   * Makes the hub unreachable, which cuts every connection, or reachable.
   *
   * @param value whether it can be reached
   */
  public void setReachable(boolean value) {
    reachable = value;
    if (!value) {
      networks.forEach(network -> network.cut(lost("The hub is unreachable.")));
    }
  }

  /**
   * How many connections are open now.
   *
   * @return the count
   */
  public int openConnections() {
    return networks.size();
  }

  /**
   * How many devices are on each open connection, including those that are being attached.
   *
   * @return the counts in ascending order
   */
  public List<Integer> devicesPerConnection() {
    return networks.stream().map(InMemoryNetwork::links).sorted().toList();
  }

  /** Cuts the oldest connection, if there is one. */
  public void cutOldestConnection() {
    networks.stream().findFirst().ifPresent(network -> network.cut(lost("The connection broke.")));
  }

  /** Cuts every open connection; the hub remains reachable. */
  public void cutConnections() {
    networks.forEach(network -> network.cut(lost("The connection broke.")));
  }

  /**
   * The routes on which connections have been dialled, in order.
   *
   * @return a copy
   */
  public List<Route> attempts() {
    return List.copyOf(attempts);
  }

  void attempted(Route route) {
    attempts.add(route);
  }

  private boolean accept(InMemoryNetwork network) {
    if (!reachable) {
      network.cut(
          new UnreachableException(
              HOST + " refuses connections. Is the hub switched off?",
              Stage.CONNECT,
              Progress.NOT_SENT,
              null));
      return false;
    }
    networks.add(network);
    if (network.isEnded()) { // aborted while this task waited
      networks.remove(network);
      return false;
    }
    return true;
  }

  /** The steps of a new connection, up to the authentication. */
  boolean answers(InMemoryNetwork network, Route route) {
    return InMemorySession.passes(this, network, Point.RESOLVE, route, Stage.RESOLVE)
        && InMemorySession.passes(this, network, Point.CONNECT, route, Stage.CONNECT)
        && accept(network)
        && InMemorySession.passes(this, network, Point.TLS, route, Stage.TLS);
  }

  void forget(InMemoryNetwork network) {
    networks.remove(network);
  }

  void forget(InMemoryLink link) {
    find(link.deviceId()).ifPresent(device -> device.linkEnded(link));
  }

  Optional<InMemoryDevice> find(String deviceId) {
    return Optional.ofNullable(devices.get(deviceId));
  }

  static UnreachableException lost(String why) {
    return new UnreachableException(why, Stage.SESSION, Progress.MAYBE_SENT, null);
  }
}
