package dev.fairlead.concurrency;

import java.util.Date;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** What instrumented code has in place of a {@link ReentrantLock}: as much of it as is used. */
public final class ControlledLock extends ReentrantLock {
  private static final long serialVersionUID = 1;

  @Override
  public void lock() {
    Scheduler.enter(this);
  }

  @Override
  public void unlock() {
    Scheduler.exit(this);
  }

  @Override
  public boolean isHeldByCurrentThread() {
    return Scheduler.holds(this);
  }

  @Override
  public boolean tryLock() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean tryLock(long timeout, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void lockInterruptibly() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Condition newCondition() {
    return new Condition() {
      @Override
      public void await() {
        Scheduler.await(ControlledLock.this, this, false);
      }

      @Override
      public long awaitNanos(long nanos) {
        return Scheduler.await(ControlledLock.this, this, true) ? nanos : 0;
      }

      @Override
      public void signalAll() {
        Scheduler.signalAll(this);
      }

      @Override
      public void signal() {
        throw new UnsupportedOperationException();
      }

      @Override
      public void awaitUninterruptibly() {
        throw new UnsupportedOperationException();
      }

      @Override
      public boolean await(long time, TimeUnit unit) {
        throw new UnsupportedOperationException();
      }

      @Override
      public boolean awaitUntil(Date deadline) {
        throw new UnsupportedOperationException();
      }
    };
  }
}
