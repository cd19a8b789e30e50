package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.outbox.Budget.Want;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds room for a message according to the {@link OverflowPolicy}. Guarded by the outbox's lock.
 */
final class Room {
  private final OverflowPolicy policy;
  private final Content content;
  private final Condition freed;
  private final BooleanSupplier mayBlock;

  /** Complete when there is room again. */
  private final List<CompletableFuture<Void>> paused = new ArrayList<>();

  private boolean closed;

  /**
   * @param freed a condition of the outbox's lock
   * @param mayBlock whether the calling thread may wait
   */
  Room(OverflowPolicy policy, Content content, Condition freed, BooleanSupplier mayBlock) {
    this.policy = policy;
    this.content = content;
    this.freed = freed;
    this.mayBlock = mayBlock;
  }

  /**
   * Makes room.
   *
   * @param message what there is to be room for
   * @param maxWaitNanos how long to wait if the policy is {@link OverflowPolicy#BLOCK}
   * @param drop drops the oldest message
   * @return why there is none, or null once there is
   */
  @Nullable HubException make(TelemetryMessage message, long maxWaitNanos, Consumer<Entry> drop) {
    @Nullable Want want = content.want(message);
    if (closed) {
      return Refusals.closed();
    }
    while (!content.admits(message, want, false)) {
      if (policy == OverflowPolicy.BLOCK) {
        return await(message, want, maxWaitNanos);
      }
      boolean drops =
          policy == OverflowPolicy.DROP_OLDEST && content.fitsBesideUnderWay(message, want);
      Entry oldest = drops ? content.droppable(message.priority()) : null;
      if (oldest != null) {
        drop.accept(oldest);
      } else if (drops && content.mayDropLater(message)) {
        return null;
      } else {
        return Refusals.full(content.fill());
      }
    }
    return null;
  }

  /** Drops what was taken in beyond the limits while the oldest messages were not in memory. */
  void dropExcess(Consumer<Entry> drop) {
    Entry oldest = policy == OverflowPolicy.DROP_OLDEST ? content.excess() : null;
    while (oldest != null) {
      drop.accept(oldest);
      oldest = content.excess();
    }
  }

  private @Nullable HubException await(
      TelemetryMessage message, @Nullable Want want, long maxWaitNanos) {
    if (!mayBlock.getAsBoolean()) {
      return Refusals.mayNotWait(content.fill());
    }
    @Nullable HubException refusal;
    try {
      refusal = awaitRoom(message, want, maxWaitNanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      refusal = Refusals.interrupted();
    }
    if (refusal != null) {
      content.cancel(want);
    }
    return refusal;
  }

  private @Nullable HubException awaitRoom(
      TelemetryMessage message, @Nullable Want want, long maxWaitNanos)
      throws InterruptedException {
    long left = maxWaitNanos;
    while (!content.admits(message, want, true)) {
      if (maxWaitNanos == Long.MAX_VALUE) {
        freed.await();
      } else if (left > 0) {
        left = freed.awaitNanos(left);
      } else {
        return Refusals.stayedFull(content.fill());
      }
      if (closed) {
        return Refusals.closed();
      }
    }
    return null;
  }

  /**
   * Completes a future when a quarter of every limit is free.
   *
   * @param future a new one, to which no code is attached yet
   */
  void whenRoom(CompletableFuture<Void> future) {
    if (closed) {
      future.completeExceptionally(Refusals.noMoreRoom());
    } else if (content.hasRoom()) {
      future.complete(null);
    } else {
      paused.removeIf(CompletableFuture::isDone);
      paused.add(future);
    }
  }

  /**
   * A message has left. All waiting senders are woken, because a large message may leave room for
   * several.
   */
  void freed(DeferredActions after) {
    freed.signalAll();
    if (!paused.isEmpty() && content.hasRoom()) {
      paused.forEach(after::accept);
      paused.clear();
    }
  }

  /** Nothing is taken in any more. */
  void close(DeferredActions after) {
    closed = true;
    freed.signalAll();
    paused.forEach(future -> after.fail(future, Refusals.noMoreRoom()));
    paused.clear();
  }

  boolean isClosed() {
    return closed;
  }
}
