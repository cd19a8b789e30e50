package dev.fairlead.concurrency;

import dev.fairlead.concurrency.Worker.Monitor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs one schedule: one thread at a time, and a strategy says which goes on where several can. The
 * static methods are what instrumented code calls in place of its monitors, and before it touches
 * what others may touch; on other threads they do nothing, because then nothing else runs.
 */
public final class Scheduler {
  private static final int MOST_STEPS = 100_000;
  private static final long STUCK_SECONDS = 60;

  /** Ends a thread of a schedule that has failed. */
  private static final class Aborted extends Error {
    private static final long serialVersionUID = 1;

    Aborted() {
      super("This schedule has failed", null, false, false);
    }
  }

  private final Strategy strategy;
  private final boolean fine;
  private final List<Worker> workers = new ArrayList<>();
  private final Map<Object, Monitor> monitors = new IdentityHashMap<>();
  private final Thread owner = Thread.currentThread();
  private int steps;
  private volatile boolean aborted;
  private volatile boolean over;
  private volatile @Nullable Throwable failure;

  /** Where threads were when another one went on; null unless it is wanted. */
  private final @Nullable List<String> trace;

  /**
   * @param fine whether a thread may be preempted while it holds a lock
   */
  Scheduler(Strategy strategy, boolean fine, @Nullable List<String> trace) {
    this.strategy = strategy;
    this.fine = fine;
    this.trace = trace;
  }

  /** Runs a scenario's threads to their end and returns why one failed, or null. */
  @Nullable Throwable run(List<Runnable> threads) {
    for (int i = 0; i < threads.size(); i++) {
      add("T" + i, threads.get(i));
    }
    resume(strategy.next(null, able()));
    long stuck = System.nanoTime() + TimeUnit.SECONDS.toNanos(STUCK_SECONDS);
    while (!over) {
      LockSupport.parkNanos(this, TimeUnit.SECONDS.toNanos(1));
      if (System.nanoTime() - stuck > 0) {
        failure = new AssertionError("A thread blocks outside of the scheduler's control.");
        workers.forEach(each -> failure.addSuppressed(where(each)));
        abort();
      }
    }
    return failure;
  }

  private static Throwable where(Worker worker) {
    Throwable where = new Throwable(worker.getName());
    where.setStackTrace(worker.getStackTrace());
    return where;
  }

  /** Runs code on another thread of the scenario; while there is none, on this one. */
  public static void begin(String name, Runnable code) {
    Worker me = me();
    if (me == null) {
      code.run();
    } else {
      me.scheduler.add(name, code);
      access();
    }
  }

  private void add(String name, Runnable code) {
    Worker[] self = new Worker[1];
    self[0] = new Worker(this, name, () -> whole(self[0], code));
    workers.add(self[0]);
    self[0].start();
  }

  private void whole(Worker me, Runnable code) {
    try {
      pause(me);
      code.run();
    } catch (Aborted e) {
      // It is known why.
    } catch (Throwable e) {
      fail(e);
    }
    me.ended = true;
    if (aborted) {
      return;
    }
    Worker next = nextAble();
    if (next != null) {
      resume(next);
    } else if (workers.stream().allMatch(each -> each.ended)) {
      end();
    } else {
      fail(new AssertionError("Deadlock, or a wake-up was lost: " + waiting()));
    }
  }

  private String waiting() {
    StringBuilder text = new StringBuilder();
    for (Worker each : workers) {
      if (!each.ended) {
        text.append(each.getName())
            .append(each.condition == null ? " waits for a lock; " : " waits for a signal; ");
      }
    }
    return text.toString();
  }

  private void fail(Throwable why) {
    if (failure == null) {
      failure = why;
    }
    abort();
  }

  private void abort() {
    aborted = true;
    workers.forEach(Scheduler::resume);
    end();
  }

  private void end() {
    over = true;
    LockSupport.unpark(owner);
  }

  private static void resume(Worker next) {
    next.turn = true;
    LockSupport.unpark(next);
  }

  private void pause(Worker me) {
    while (!me.turn) {
      LockSupport.park(this);
    }
    me.turn = false;
    if (aborted) {
      throw new Aborted();
    }
  }

  private List<Worker> able() {
    List<Worker> able = new ArrayList<>(workers.size());
    for (Worker each : workers) {
      if (each.isAble()) {
        able.add(each);
      }
    }
    return able;
  }

  /** A limit passes only when nothing else happens. */
  private @Nullable Worker nextAble() {
    List<Worker> able = able();
    if (able.isEmpty()) {
      for (Worker each : workers) {
        if (!each.ended && each.condition != null && each.timed) {
          each.timedOut = true;
          each.condition = null;
          able = able();
          break;
        }
      }
    }
    return able.isEmpty() ? null : strategy.next(null, able);
  }

  /** Another thread may go on here. */
  private void point(Worker me) {
    if (aborted) {
      throw new Aborted();
    }
    if (++steps > MOST_STEPS) {
      fail(new AssertionError("The scenario does not end."));
      throw new Aborted();
    }
    Worker next = strategy.next(me, able());
    if (next != me) {
      note(me, next);
      resume(next);
      pause(me);
    }
  }

  /** Another thread must go on here. */
  private void block(Worker me) {
    Worker next = nextAble();
    if (next == null) {
      fail(new AssertionError("Deadlock, or a wake-up was lost: " + waiting()));
      throw new Aborted();
    }
    if (next != me) {
      note(me, next);
      resume(next);
      pause(me);
    }
  }

  private void note(Worker me, Worker next) {
    if (trace != null) {
      StringBuilder line = new StringBuilder(me.getName()).append(" stops at");
      StackWalker.getInstance()
          .forEach(
              frame -> {
                if (!frame.getClassName().startsWith("dev.fairlead.concurrency")
                    && frame.getClassName().startsWith("dev.fairlead")
                    && line.length() < 300) {
                  line.append(' ').append(frame.getFileName()).append(':');
                  line.append(frame.getLineNumber());
                }
              });
      trace.add(line + "; " + next.getName() + " goes on");
    }
  }

  // ---- called by instrumented code

  private static @Nullable Worker me() {
    return Thread.currentThread() instanceof Worker worker ? worker : null;
  }

  /** Before a field, a collection or an atomic is touched. */
  public static void access() {
    Worker me = me();
    if (me != null && me.initializing == 0 && (me.held == 0 || me.scheduler.fine)) {
      me.scheduler.point(me);
    }
  }

  /** A static initializer begins. */
  public static void beginInitializer() {
    Worker me = me();
    if (me != null) {
      me.initializing++;
    }
  }

  /** A static initializer ends. */
  public static void endInitializer() {
    Worker me = me();
    if (me != null) {
      me.initializing--;
    }
  }

  /** Takes a monitor. */
  public static void enter(Object monitor) {
    Worker me = me();
    if (me != null) {
      if (me.initializing == 0) {
        me.scheduler.point(me);
      }
      me.scheduler.take(me, me.scheduler.monitor(monitor), 1);
    }
  }

  /** Releases a monitor. */
  public static void exit(Object monitor) {
    Worker me = me();
    if (me != null && !me.scheduler.aborted) {
      Monitor held = me.scheduler.owned(me, monitor);
      if (--held.count == 0) {
        held.owner = null;
        me.held--;
      }
    }
  }

  /** In place of {@link Object#wait()}. */
  public static void await(Object monitor) {
    await(monitor, monitor, false);
  }

  /**
   * Waits for a signal.
   *
   * @return whether it came, and not the time limit
   */
  static boolean await(Object monitor, Object condition, boolean timed) {
    Worker me = me();
    if (me == null) {
      throw new IllegalStateException("Nobody would wake this thread.");
    }
    Scheduler of = me.scheduler;
    Monitor held = of.owned(me, monitor);
    int count = held.count;
    held.owner = null;
    me.held--;
    me.condition = condition;
    me.timed = timed;
    me.timedOut = false;
    of.block(me);
    of.take(me, held, count);
    return !me.timedOut;
  }

  /** In place of {@link Object#notifyAll()}. */
  public static void signalAll(Object condition) {
    Worker me = me();
    if (me != null) {
      for (Worker each : me.scheduler.workers) {
        if (each.condition == condition) {
          each.condition = null;
        }
      }
    }
  }

  private Monitor monitor(Object object) {
    return monitors.computeIfAbsent(object, any -> new Monitor());
  }

  private Monitor owned(Worker me, Object monitor) {
    Monitor held = monitor(monitor);
    if (held.owner != me) {
      throw new IllegalMonitorStateException();
    }
    return held;
  }

  private void take(Worker me, Monitor monitor, int count) {
    if (monitor.owner == me) {
      monitor.count += count;
      return;
    }
    while (monitor.owner != null) {
      me.wanted = monitor;
      block(me);
    }
    me.wanted = null;
    monitor.owner = me;
    monitor.count = count;
    me.held++;
  }

  /** Whether the calling thread holds a lock. */
  static boolean holds(Object monitor) {
    Worker me = me();
    return me != null && me.scheduler.monitor(monitor).owner == me;
  }
}
