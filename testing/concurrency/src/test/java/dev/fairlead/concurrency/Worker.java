package dev.fairlead.concurrency;

import org.jspecify.annotations.Nullable;

/** A thread of a scenario. Only the one that has the turn runs, so fields need no lock. */
final class Worker extends Thread {
  final Scheduler scheduler;

  /** How many locks it holds. */
  int held;

  /** Whether it runs a static initializer, in which the JVM holds a lock of its own. */
  int initializing;

  boolean ended;

  /** The lock it waits for. */
  @Nullable Monitor wanted;

  /** The condition it waits for. */
  @Nullable Object condition;

  /** Whether its wait for the condition has a limit. */
  boolean timed;

  /** Whether that limit has passed. */
  boolean timedOut;

  volatile boolean turn;

  Worker(Scheduler scheduler, String name, Runnable code) {
    super(code, name);
    this.scheduler = scheduler;
    setDaemon(true);
  }

  boolean isAble() {
    return !ended && condition == null && (wanted == null || wanted.owner == null);
  }

  /** A lock. */
  static final class Monitor {
    @Nullable Worker owner;
    int count;
  }
}
