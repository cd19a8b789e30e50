package dev.fairlead.tck.memory;

import dev.fairlead.HubException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * One device's part of a connection. A connection for one device starts and ends with its link;
 * from a shared connection the link is detached, and the others stay. Messages of the hub affect
 * the link, events of the network the connection.
 */
final class InMemoryLink {
  private final InMemoryHub hub;
  private final String deviceId;
  private final InMemoryNetwork network;
  private final boolean shared;
  private final Consumer<HubException> whenCut;
  private final Runnable whenEnded;
  private final AtomicBoolean ended = new AtomicBoolean();

  private InMemoryLink(
      InMemoryHub hub,
      String deviceId,
      InMemoryNetwork network,
      boolean shared,
      Consumer<HubException> whenCut,
      Runnable whenEnded) {
    this.hub = hub;
    this.deviceId = deviceId;
    this.network = network;
    this.shared = shared;
    this.whenCut = whenCut;
    this.whenEnded = whenEnded;
    network.linked();
  }

  /** A part of a connection that others use too. */
  static InMemoryLink shared(
      InMemoryHub hub,
      String deviceId,
      InMemoryNetwork network,
      Consumer<HubException> whenCut,
      Runnable whenEnded) {
    return new InMemoryLink(hub, deviceId, network, true, whenCut, whenEnded);
  }

  /** A whole connection, whose cut the owner passes on with {@link #lost}. */
  static InMemoryLink whole(
      InMemoryHub hub, String deviceId, InMemoryNetwork network, Consumer<HubException> whenCut) {
    return new InMemoryLink(hub, deviceId, network, false, whenCut, () -> {});
  }

  String deviceId() {
    return deviceId;
  }

  InMemoryNetwork network() {
    return network;
  }

  boolean isEnded() {
    return ended.get();
  }

  void carry(Runnable piece) {
    network.carry(
        () -> {
          if (!ended.get()) {
            piece.run();
          }
        });
  }

  /** The hub ends this device's link; the device's side receives the reason. */
  void cut(HubException why) {
    if (shared) {
      lost(why);
    } else {
      network.cut(why);
    }
  }

  /** The underlying connection was cut. */
  void lost(HubException why) {
    if (end()) {
      whenCut.accept(why);
    }
  }

  /** Ends the link from the device's side. The first call counts. */
  boolean end() {
    if (!ended.compareAndSet(false, true)) {
      return false;
    }
    network.unlinked();
    hub.forget(this);
    if (!shared) {
      network.end();
    }
    whenEnded.run();
    return true;
  }
}
