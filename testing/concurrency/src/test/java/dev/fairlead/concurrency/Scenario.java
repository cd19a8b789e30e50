package dev.fairlead.concurrency;

import java.util.List;

/**
 * What a few threads do with one object. Each schedule has an instance of its own, made by the
 * constructor without parameters, which runs before the threads and alone.
 */
public interface Scenario {
  /** What each thread does. More threads may begin with {@link Scheduler#begin}. */
  List<Runnable> threads();

  /** Fails unless all promises were kept. Runs alone, after all threads have ended. */
  void check();
}
