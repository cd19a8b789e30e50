package dev.fairlead.mqtt;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.eclipse.paho.client.mqttv3.internal.CommsSender;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one Paho client: a reader, a writer, one for callbacks, and briefly one that
 * connects or disconnects. Daemons, named after the device (by Paho itself, with the client id).
 * When the last one ends, nothing of the connection is left.
 */
final class PahoThreads extends AbstractExecutorService implements ScheduledExecutorService {
  private final String name;
  private final Consumer<Throwable> died;
  private final Runnable gone;
  private final AtomicInteger alive = new AtomicInteger();

  /**
   * Makes threads for one client.
   *
   * @param died takes a throwable that ended one of Paho's loops, which Paho itself would swallow
   * @param gone runs when the last thread ends
   */
  PahoThreads(String name, Consumer<Throwable> died, Runnable gone) {
    this.name = name;
    this.died = died;
    this.gone = gone;
  }

  @Override
  public void execute(Runnable task) {
    start(task);
  }

  /**
   * Starts one of Paho's loops. Cancelling interrupts the writer, and only the writer: it may have
   * read its target state just before that was set to stopped, and then waits for a notification
   * that it has missed; an interrupt is not lost. The reader must not be interrupted, because that
   * closes the channel it reads from; our network module ends its wait.
   */
  @Override
  public Future<?> submit(Runnable task) {
    Thread thread = start(task);
    boolean writer = task instanceof CommsSender;
    return new CompletableFuture<@Nullable Void>() {
      @Override
      public boolean cancel(boolean interrupt) {
        if (writer && thread != Thread.currentThread()) {
          thread.interrupt();
        }
        return false;
      }
    };
  }

  private Thread start(Runnable task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (Throwable e) {
                died.accept(e);
              } finally {
                ended();
              }
            },
            "MQTT: " + name);
    thread.setDaemon(true);
    alive.incrementAndGet();
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        ended();
      }
    }
    return thread;
  }

  private void ended() {
    if (alive.decrementAndGet() == 0) {
      gone.run();
    }
  }

  @Override
  public void shutdown() {}

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return false;
  }

  // Paho schedules only its own reconnect, which is off.

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long initial, long period, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long initial, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }
}
