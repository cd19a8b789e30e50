package dev.fairlead.tck.memory;

import dev.fairlead.HubException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * One connection: carries work in order, in both directions, on its own thread, which ends with the
 * connection. It represents the network, so application code must never run on it.
 */
final class InMemoryNetwork {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final InMemoryHub hub;
  private final Consumer<HubException> whenCut;
  private final BlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicInteger links = new AtomicInteger();
  private final Thread thread;
  private volatile boolean silent;

  InMemoryNetwork(InMemoryHub hub, String name, Consumer<HubException> whenCut) {
    this.hub = hub;
    this.whenCut = whenCut;
    thread = new Thread(this::run, "memory-network-" + NUMBERS.incrementAndGet() + "-" + name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * Carries a piece of work to the other end, unless the connection is silent or has ended by then.
   */
  void carry(Runnable piece) {
    work.add(piece);
  }

  /** From here on nothing arrives, without any error. */
  void silence() {
    silent = true;
  }

  boolean isEnded() {
    return ended.get();
  }

  /** How many devices are on it, including those that are being attached. */
  int links() {
    return links.get();
  }

  void linked() {
    links.incrementAndGet();
  }

  void unlinked() {
    links.decrementAndGet();
  }

  /**
   * Ends the connection from the hub's side or in the network; the device's side receives the
   * reason.
   */
  void cut(HubException why) {
    if (end()) {
      whenCut.accept(why);
    }
  }

  /** Ends the connection from the device's side. The first call counts. */
  boolean end() {
    if (!ended.compareAndSet(false, true)) {
      return false;
    }
    hub.forget(this);
    work.add(() -> {}); // wakes the thread, which then sees the end
    return true;
  }

  private void run() {
    try {
      while (!ended.get()) {
        Runnable piece = work.take();
        if (!ended.get() && !silent) {
          piece.run();
        }
      }
    } catch (InterruptedException e) {
      end();
    }
  }
}
