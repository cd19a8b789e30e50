package dev.fairlead.transport;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs an action on the loop after a signal: once, even if there were several signals before it
 * runs. A signal during the action leads to one more run, so none is lost.
 */
public final class WakeUp {
  private final Executor loop;
  private final Runnable action;
  private final Runnable task = this::run;
  private final AtomicBoolean queued = new AtomicBoolean();

  /**
   * Creates it.
   *
   * @param loop where the action runs
   * @param action what to do
   */
  public WakeUp(Executor loop, Runnable action) {
    this.loop = loop;
    this.action = action;
  }

  /** Schedules the action. Any thread; returns immediately. */
  public void signal() {
    // Most signals find the action already queued; reading first saves the write.
    if (!queued.get() && queued.compareAndSet(false, true)) {
      loop.execute(task);
    }
  }

  private void run() {
    queued.set(false);
    action.run();
  }
}
