package dev.fairlead.threads;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A serial queue for code of the application: one task at a time, in order, each seeing the effects
 * of the ones before, on threads of the client or on the application's executor. Owns no thread.
 * Safe for any thread.
 *
 * <p>No task is lost: if an executor refuses, throws or drops a task, an alarm retries it. No task
 * runs inside {@link #execute}: the application's executor is called on a thread of the client, so
 * one that runs tasks on its caller's thread (CallerRunsPolicy) runs them there.
 *
 * <p>One alarm detects a task that runs for long. For handlers it is logged once. If many depend on
 * the queue (futures), the remaining tasks move to another thread, so that a continuation which
 * waits for the next future finds it completed.
 */
public final class SerialExecutor implements Executor {
  private static final Logger log = LoggerFactory.getLogger(SerialExecutor.class);

  /** A handler that runs this long is logged, once. */
  static final Duration LONG = Duration.ofSeconds(30);

  /** After this time, a task no longer delays the others of a moving queue. */
  static final Duration HELD = Duration.ofSeconds(1);

  /** The most threads that such tasks may block at a time. */
  static final int MOST_HELD = 64;

  /**
   * A task that the executor accepted but has not started after this time may have been dropped.
   */
  private static final Duration UNBEGUN = Duration.ofSeconds(10);

  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final int MOST_DOUBLINGS = 5;

  private final String name;
  private final Executor own;
  private final @Nullable Executor given;
  private final Loop loop;

  /** For a queue that moves when one task blocks it: the text to log then. Null for handlers. */
  private final @Nullable String heldMessage;

  private final ForeignCalls.@Nullable Lending lending;
  private final Stalled stalled;

  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(1);

  // Guarded by tasks.
  private Phase phase = Phase.IDLE;

  /** The current one of the runs handed to the executor; an outdated one does nothing. */
  private int run;

  /** When the phase, or the running task, began. */
  private long since;

  /** How often the executor was called for the run that has not started. */
  private int tries;

  private boolean noticed;
  private int held;
  private @Nullable Alarm alarm;
  private long alarmNanos;

  private volatile @Nullable Thread runner;

  private enum Phase {
    IDLE,
    /** Handed to the executor, but not started. */
    HANDED,
    /** The executor refused or threw. */
    REFUSED,
    RUNNING
  }

  /** The queues whose executor must be retried, and until when the loop has alarms for that. */
  static final class Stalled {
    private final Set<SerialExecutor> waiting = ConcurrentHashMap.newKeySet();
    private volatile boolean ended;

    void loopEnded() {
      ended = true;
      waiting.forEach(SerialExecutor::runOnOwnThread);
    }
  }

  private SerialExecutor(
      String name,
      Executor own,
      @Nullable Executor given,
      Loop loop,
      @Nullable String heldMessage,
      ForeignCalls.@Nullable Lending lending,
      Stalled stalled) {
    this.name = name;
    this.own = own;
    this.given = given;
    this.loop = loop;
    this.heldMessage = heldMessage;
    this.lending = lending;
    this.stalled = stalled;
  }

  /**
   * For handlers, on an executor of the client.
   *
   * @param name for the log
   * @param own where tasks run
   * @param loop has the alarms
   */
  public SerialExecutor(String name, Executor own, Loop loop) {
    this(name, own, null, loop, null, null, new Stalled());
  }

  /** For handlers, on threads of the client. */
  static SerialExecutor onThreads(
      String name, Executor own, ForeignCalls.Lending lending, Loop loop, Stalled stalled) {
    return new SerialExecutor(name, own, null, loop, null, lending, stalled);
  }

  /**
   * For handlers, on the application's executor.
   *
   * @param handOver calls that executor, which may itself block or run the task
   */
  static SerialExecutor onExecutor(
      String name, Executor handOver, Executor given, Loop loop, Stalled stalled) {
    return new SerialExecutor(name, handOver, given, loop, null, null, stalled);
  }

  /** For a queue that many depend on: it moves to another thread when one task blocks it. */
  static SerialExecutor moving(
      String name, Executor own, String heldMessage, Loop loop, Stalled stalled) {
    return new SerialExecutor(name, own, null, loop, heldMessage, null, stalled);
  }

  /** Queues a task. It never runs inside this call. */
  @Override
  public void execute(Runnable task) {
    int begun;
    synchronized (tasks) {
      tasks.add(task);
      if (phase != Phase.IDLE) {
        if (phase == Phase.RUNNING) {
          watchTask();
        }
        return;
      }
      begun = handNextRun();
    }
    hand(begun);
  }

  private int handNextRun() {
    phase = Phase.HANDED;
    tries = 0;
    if (given != null) { // The client's own threads drop nothing.
      since = loop.nanoTime();
      setAlarm();
    }
    return ++run;
  }

  private void hand(int number) {
    try {
      own.execute(given == null ? () -> run(number) : () -> handToApplication(number, given));
    } catch (Throwable e) { // out of threads, say
      refused(number, e);
    }
  }

  private void handToApplication(int number, Executor executor) {
    try {
      executor.execute(() -> run(number));
    } catch (Throwable e) {
      refused(number, e);
    }
  }

  private void refused(int number, Throwable why) {
    boolean first;
    synchronized (tasks) {
      if (number != run || phase != Phase.HANDED) {
        return;
      }
      phase = Phase.REFUSED;
      since = loop.nanoTime();
      first = ++tries == 1;
      setAlarm();
      stalled.waiting.add(this);
    }
    if (first) {
      log.warn(
          "{}: the executor refused to run a callback ({}); the client retries until it runs. "
              + "Give the client an executor with enough room, and keep it running until the "
              + "client is closed.",
          name,
          why.toString());
    }
    if (stalled.ended) {
      runOnOwnThread();
    }
  }

  /** The last resort, because no alarm will retry the application's executor. */
  private void runOnOwnThread() {
    int number;
    synchronized (tasks) {
      if (phase != Phase.REFUSED) {
        return;
      }
      number = run;
      phase = Phase.HANDED;
    }
    try {
      own.execute(() -> run(number));
    } catch (Throwable e) {
      log.error("{}: no thread for the last callbacks of a closed client", name, e);
    }
  }

  private void run(int number) {
    synchronized (tasks) {
      if (number != run || phase == Phase.RUNNING || phase == Phase.IDLE) {
        return; // handed over twice, and the other run came first
      }
      phase = Phase.RUNNING;
      since = loop.nanoTime();
      runner = Thread.currentThread();
      stalled.waiting.remove(this);
    }
    for (Runnable task = next(number); task != null; task = next(number)) {
      // An interrupt of one callback must not affect the next.
      Thread.interrupted();
      try {
        task.run();
      } catch (Throwable e) {
        // Even an Error: on an unattended device the next callback should still run.
        log.error("{}: a callback failed", name, e);
      }
    }
  }

  private @Nullable Runnable next(int number) {
    synchronized (tasks) {
      if (number != run) {
        held--; // the queue has moved to another thread
        return null;
      }
      if (noticed) {
        noticed = false;
        if (lending != null) {
          lending.takeBack();
        }
      }
      Runnable task = tasks.poll();
      if (task == null) {
        phase = Phase.IDLE;
        runner = null;
        if (alarm != null) {
          alarm.cancel();
          alarm = null;
        }
      } else {
        since = loop.nanoTime();
        watchTask();
      }
      return task;
    }
  }

  // ---- the alarm: one at most, replaced only by an earlier one

  private Duration limit() {
    return switch (phase) {
      case HANDED -> UNBEGUN.multipliedBy(1L << Math.min(tries, MOST_DOUBLINGS));
      case REFUSED -> FIRST_RETRY.multipliedBy(1L << Math.min(tries - 1, MOST_DOUBLINGS));
      case RUNNING, IDLE -> heldMessage != null ? HELD : LONG;
    };
  }

  /** A task needs an alarm in a moving queue only while another one is queued behind it. */
  private void watchTask() {
    if (!noticed && (heldMessage == null || !tasks.isEmpty())) {
      setAlarm();
    }
  }

  private void setAlarm() {
    long deadline = since + limit().toNanos();
    if (alarm != null) {
      if (alarmNanos - deadline <= 0) {
        return;
      }
      alarm.cancel();
    }
    alarmNanos = deadline;
    alarm =
        loop.schedule(Duration.ofNanos(Math.max(0, deadline - loop.nanoTime())), this::alarmCame);
  }

  private void alarmCame() {
    int again = 0;
    Thread longRunning = null;
    synchronized (tasks) {
      alarm = null;
      if (phase == Phase.IDLE
          || noticed
          || (phase == Phase.HANDED && given == null)
          || (phase == Phase.RUNNING && heldMessage != null && tasks.isEmpty())) {
        return;
      }
      if (loop.nanoTime() - since - limit().toNanos() < 0) {
        setAlarm();
        return;
      }
      if (phase == Phase.RUNNING) {
        longRunning = runner;
        if (heldMessage == null) {
          noticed = true;
          if (lending != null) {
            lending.lend();
          }
        } else if (held < MOST_HELD) {
          held++;
          runner = null;
          again = handNextRun();
        } else {
          since = loop.nanoTime();
          setAlarm();
        }
      } else {
        // The same run again: if the executor has not dropped it after all, the first to start
        // counts.
        if (phase == Phase.HANDED) {
          tries++;
        }
        phase = Phase.HANDED;
        since = loop.nanoTime();
        setAlarm();
        again = run;
      }
    }
    if (longRunning != null) {
      report(longRunning);
    }
    if (again != 0) {
      hand(again);
    }
  }

  private void report(Thread running) {
    Throwable where = new Throwable("The thread " + running.getName() + " is here");
    where.setStackTrace(running.getStackTrace());
    if (heldMessage != null) {
      log.warn("{} (held for {} s): {}", name, HELD.toSeconds(), heldMessage, where);
    } else {
      log.warn(
          "{}: a callback has been running for {} s, and the next ones of its kind wait for it. "
              + "Check where it hangs.",
          name,
          LONG.toSeconds(),
          where);
    }
  }

  /** How many tasks are queued; the running one is not counted. */
  public int waiting() {
    synchronized (tasks) {
      return tasks.size();
    }
  }

  /** Whether the caller runs in a task of this queue and so blocks it. */
  public boolean isCurrent() {
    return runner == Thread.currentThread();
  }
}
