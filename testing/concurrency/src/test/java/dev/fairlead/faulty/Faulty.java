package dev.fairlead.faulty;

import dev.fairlead.concurrency.Scenario;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The classical mistakes, and one scenario without. */
public final class Faulty {
  private Faulty() {}

  /** Adds without a lock. */
  public static final class LostUpdate implements Scenario {
    private int count;

    @Override
    public List<Runnable> threads() {
      return List.of(() -> count++, () -> count++);
    }

    @Override
    public void check() {
      expect(2, count);
    }
  }

  /** Takes two locks in two orders. */
  public static final class Deadlock implements Scenario {
    private final Object one = new Object();
    private final Object two = new Object();

    @Override
    public List<Runnable> threads() {
      return List.of(() -> both(one, two), () -> both(two, one));
    }

    private static void both(Object first, Object second) {
      synchronized (first) {
        synchronized (second) {
          expect(1, 1);
        }
      }
    }

    @Override
    public void check() {}
  }

  /** Looks before it takes the lock, and does not look again. */
  public static final class LostWakeUp implements Scenario {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ready = lock.newCondition();
    private boolean isReady;

    @Override
    public List<Runnable> threads() {
      return List.of(this::await, this::signal);
    }

    private void await() {
      if (!isReady) {
        lock.lock();
        try {
          ready.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        } finally {
          lock.unlock();
        }
      }
    }

    private void signal() {
      lock.lock();
      try {
        isReady = true;
        ready.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void check() {}
  }

  /** One side has no lock, and is too short to be interrupted itself. */
  public static final class HalfLocked implements Scenario {
    private int value;

    @Override
    public List<Runnable> threads() {
      return List.of(this::add, () -> value = 10);
    }

    private synchronized void add() {
      int seen = value;
      value = seen + 1;
    }

    @Override
    public void check() {
      expect(10, value - value % 10);
    }
  }

  /** Locks, waits and signals as it should. */
  public static final class Sound implements Scenario {
    private int count;
    private boolean done;

    @Override
    public List<Runnable> threads() {
      return List.of(this::add, this::add, this::awaitBoth);
    }

    private synchronized void add() {
      count++;
      notifyAll();
    }

    private synchronized void awaitBoth() {
      try {
        while (count < 2) {
          wait();
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      done = true;
    }

    @Override
    public void check() {
      expect(2, count);
      expect(1, done ? 1 : 0);
    }
  }

  private static void expect(int expected, int found) {
    if (expected != found) {
      throw new AssertionError(expected + " expected, not " + found);
    }
  }
}
