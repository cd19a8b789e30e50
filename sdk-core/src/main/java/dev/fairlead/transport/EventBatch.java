package dev.fairlead.transport;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes events of I/O threads to the loop, in order and many at a time: one loop task for all
 * queued events. Events that carry messages are bounded in number and bytes; beyond that the I/O
 * thread waits, which delays its reading and so the peer. Safe for any thread.
 */
public final class EventBatch {
  private static final Logger log = LoggerFactory.getLogger(EventBatch.class);

  private final Executor loop;
  private final int maxMessages;
  private final long maxBytes;
  private final Runnable afterBatch;
  private final Consumer<Throwable> bug;

  private final Object lock = new Object();
  private Queue<Runnable> gathered = new ArrayDeque<>(); // guarded by lock
  private Queue<Runnable> spare = new ArrayDeque<>(); // guarded by lock
  private boolean queued; // guarded by lock
  private int messages; // guarded by lock
  private long bytes; // guarded by lock
  private boolean released; // guarded by lock

  /**
   * Creates it.
   *
   * @param loop where the events run
   * @param maxMessages how many messages may wait for the loop, positive
   * @param maxBytes how many bytes of messages may wait; a single message may have more
   * @param afterBatch runs after each batch, on the loop
   * @param bug takes what an event or {@code afterBatch} throws, on the loop; the remaining events
   *     still run
   */
  public EventBatch(
      Executor loop, int maxMessages, long maxBytes, Runnable afterBatch, Consumer<Throwable> bug) {
    this.loop = loop;
    this.maxMessages = maxMessages;
    this.maxBytes = maxBytes;
    this.afterBatch = afterBatch;
    this.bug = bug;
  }

  /**
   * Adds an event. Returns immediately.
   *
   * @param event runs on the loop
   */
  public void add(Runnable event) {
    boolean first;
    synchronized (lock) {
      gathered.add(event);
      first = !queued;
      queued = true;
    }
    if (first) {
      loop.execute(this::run);
    }
  }

  /**
   * Adds an event that carries a message; waits while too much is queued. Never on the loop.
   *
   * @param size the message's bytes
   * @param event runs on the loop
   * @throws InterruptedException if the thread is interrupted while it waits; the event is not
   *     added
   */
  public void addMessage(long size, Runnable event) throws InterruptedException {
    synchronized (lock) {
      while (!released && messages > 0 && (messages >= maxMessages || bytes + size > maxBytes)) {
        lock.wait();
      }
      messages++;
      bytes += size;
    }
    add(
        () -> {
          synchronized (lock) {
            messages--;
            bytes -= size;
            lock.notifyAll();
          }
          event.run();
        });
  }

  /** Ends all waiting, now and later. To be called when the connection ends. */
  public void release() {
    synchronized (lock) {
      released = true;
      lock.notifyAll();
    }
  }

  private void run() {
    Queue<Runnable> batch;
    synchronized (lock) {
      batch = gathered;
      gathered = spare;
      queued = false;
    }
    for (Runnable event = batch.poll(); event != null; event = batch.poll()) {
      guarded(event);
    }
    synchronized (lock) {
      spare = batch;
    }
    guarded(afterBatch);
  }

  private void guarded(Runnable event) {
    try {
      event.run();
    } catch (RuntimeException | Error e) {
      try {
        bug.accept(e);
      } catch (RuntimeException | Error another) {
        log.error("The handler of defects failed, too", another);
      }
    }
  }
}
