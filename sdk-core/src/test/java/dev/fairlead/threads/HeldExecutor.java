package dev.fairlead.threads;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/** An executor that runs what it was given when the test says so. */
public final class HeldExecutor implements Executor {
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  /** Runs what is there, and says whether there was something. */
  public boolean runAll() {
    boolean any = !tasks.isEmpty();
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
    return any;
  }
}
