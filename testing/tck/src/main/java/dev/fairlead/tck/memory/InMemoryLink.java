package dev.fairlead.tck.memory;

import dev.fairlead.HubException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * One device's part of a line. A line of its own begins and ends with it; from a shared one it is
 * detached, and the others stay. What the hub says concerns the link, what the network does
 * concerns the line.
 */
final class InMemoryLink {
  private final InMemoryHub hub;
  private final String deviceId;
  private final InMemoryNetwork line;
  private final boolean shared;
  private final Consumer<HubException> whenCut;
  private final Runnable whenEnded;
  private final AtomicBoolean ended = new AtomicBoolean();

  private InMemoryLink(
      InMemoryHub hub,
      String deviceId,
      InMemoryNetwork line,
      boolean shared,
      Consumer<HubException> whenCut,
      Runnable whenEnded) {
    this.hub = hub;
    this.deviceId = deviceId;
    this.line = line;
    this.shared = shared;
    this.whenCut = whenCut;
    this.whenEnded = whenEnded;
    line.linked();
  }

  /** A part of a line that others use too. */
  static InMemoryLink shared(
      InMemoryHub hub,
      String deviceId,
      InMemoryNetwork line,
      Consumer<HubException> whenCut,
      Runnable whenEnded) {
    return new InMemoryLink(hub, deviceId, line, true, whenCut, whenEnded);
  }

  /** A whole line, whose cut the owner passes on with {@link #lost}. */
  static InMemoryLink whole(
      InMemoryHub hub, String deviceId, InMemoryNetwork line, Consumer<HubException> whenCut) {
    return new InMemoryLink(hub, deviceId, line, false, whenCut, () -> {});
  }

  String deviceId() {
    return deviceId;
  }

  InMemoryNetwork line() {
    return line;
  }

  boolean isEnded() {
    return ended.get();
  }

  void carry(Runnable piece) {
    line.carry(
        () -> {
          if (!ended.get()) {
            piece.run();
          }
        });
  }

  /** The hub turns this device away; the device's side hears why. */
  void cut(HubException why) {
    if (shared) {
      lost(why);
    } else {
      line.cut(why);
    }
  }

  /** The line was cut under it. */
  void lost(HubException why) {
    if (end()) {
      whenCut.accept(why);
    }
  }

  /** Ends it from the device's side. The first call counts. */
  boolean end() {
    if (!ended.compareAndSet(false, true)) {
      return false;
    }
    line.unlinked();
    hub.forget(this);
    if (!shared) {
      line.end();
    }
    whenEnded.run();
    return true;
  }
}
