package dev.fairlead.localhub.cloud;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The C2D queue of one device (page "Understand cloud-to-device messaging"): a message is enqueued,
 * locked for a device (invisible), and then completed or dead-lettered; if the device does not
 * settle the message within a minute, the lock is lost and the message returns to the queue.
 *
 * <p>Safe for use by several threads. Futures complete, and the listener is called, outside the
 * queue's monitor.
 */
public final class CloudQueue {

  /** The maximum number of pending messages. */
  public static final int DEPTH = 50;

  /** The maximum size of a message, in bytes. */
  public static final int MAX_MESSAGE_SIZE = 64 * 1024;

  /** How long a lock lasts. */
  public static final Duration LOCK = Duration.ofSeconds(60);

  private static final Duration LONGEST_LIFE = Duration.ofDays(2);

  private final HubTime time;
  private final Rules rules;
  private final Runnable onAvailable;
  private final TreeSet<QueuedMessage> waiting =
      new TreeSet<>(Comparator.comparingLong(QueuedMessage::sequence));

  /**
   * The longest locked first: they return to the queue in this order when a connection has ended.
   */
  private final Map<String, QueuedMessage> locked = new LinkedHashMap<>();

  private long lastSequence;

  /**
   * @param time the hub's clock
   * @param rules the configurable rules
   * @param onAvailable called, on any thread, when a message may be available; must not block
   */
  public CloudQueue(HubTime time, Rules rules, Runnable onAvailable) {
    this.time = time;
    this.rules = rules;
    this.onAvailable = onAvailable;
  }

  /**
   * The configurable rules.
   *
   * @param maxDeliveryCount how often a message may return to the queue
   * @param defaultTimeToLive of messages that set none
   * @param everyReturnCounts whether a lost lock counts as an abandon
   */
  public record Rules(
      int maxDeliveryCount, Duration defaultTimeToLive, boolean everyReturnCounts) {}

  /** Appends a message. */
  public QueuedMessage enqueue(CloudToDeviceMessage message) {
    if (message.size() > MAX_MESSAGE_SIZE) {
      throw new LocalHubException(
          413001,
          "The C2D message has "
              + message.size()
              + " bytes, more than 64 KB. Send less, or upload the data and send a URL.");
    }
    Duration life = message.timeToLive().orElse(rules.defaultTimeToLive());
    if (life.compareTo(LONGEST_LIFE) > 0) {
      throw new LocalHubException(
          403009, "The time to live " + life + " is more than two days. Give a shorter one.");
    }
    Instant now = time.now();
    String id = message.messageId().orElseGet(() -> UUID.randomUUID().toString());
    QueuedMessage queued;
    synchronized (this) {
      if (waiting.size() + locked.size() >= DEPTH) {
        throw new LocalHubException(
            403004,
            "The queue has "
                + DEPTH
                + " pending C2D messages, which is the limit. Let the device receive"
                + " some, or purge the queue.");
      }
      queued = new QueuedMessage(this, message, id, ++lastSequence, now, now.plus(life));
      waiting.add(queued);
      queued.expiryTimer = time.schedule(life, () -> expire(queued));
    }
    onAvailable.run();
    return queued;
  }

  /** Returns the oldest available message, locked for the holder; empty if there is none. */
  public Optional<LockedMessage> lockNext(Object holder) {
    return lockNext(holder, LOCK);
  }

  /**
   * Returns the oldest available message, locked; empty if there is none.
   *
   * @param holder the owner of the lock
   * @param lock the duration of the lock
   */
  public Optional<LockedMessage> lockNext(Object holder, Duration lock) {
    List<QueuedMessage> expired = new ArrayList<>();
    Optional<LockedMessage> next;
    synchronized (this) {
      next = lockFirstAlive(holder, lock, expired);
    }
    expired.forEach(message -> message.settle(Feedback.EXPIRED));
    return next;
  }

  private Optional<LockedMessage> lockFirstAlive(
      Object holder, Duration lock, List<QueuedMessage> expired) {
    for (QueuedMessage first = waiting.pollFirst(); first != null; first = waiting.pollFirst()) {
      if (!first.expiry().isAfter(time.now())) {
        bury(first);
        expired.add(first);
        continue;
      }
      String token = UUID.randomUUID().toString();
      first.state = DeliveryState.INVISIBLE;
      first.holder = holder;
      first.lockToken = token;
      boolean redelivered = first.handedOut;
      first.handedOut = true;
      locked.put(token, first);
      first.lockTimer = time.schedule(lock, () -> giveBack(token, rules.everyReturnCounts()));
      return Optional.of(new LockedMessage(first, token, redelivered));
    }
    return Optional.empty();
  }

  /** Completes a message; false if the lock is lost (412002). */
  public boolean complete(String lockToken) {
    return finish(lockToken, DeliveryState.COMPLETED, Feedback.SUCCESS);
  }

  /** Rejects a message; false if the lock is lost. */
  public boolean reject(String lockToken) {
    return finish(lockToken, DeliveryState.DEAD_LETTERED, Feedback.REJECTED);
  }

  /** Abandons a message, which then returns to the queue; false if the lock is lost. */
  public boolean abandon(String lockToken) {
    return giveBack(lockToken, true);
  }

  /** Unlocks all messages of a holder, because its connection has ended. */
  public void release(Object holder) {
    List<String> tokens = new ArrayList<>();
    synchronized (this) {
      locked.forEach(
          (token, message) -> {
            if (Objects.equals(message.holder, holder)) {
              tokens.add(token);
            }
          });
    }
    tokens.forEach(token -> giveBack(token, rules.everyReturnCounts()));
  }

  /** Dead-letters all messages. */
  public void purge() {
    List<QueuedMessage> all;
    synchronized (this) {
      all = new ArrayList<>(waiting);
      all.addAll(locked.values());
      waiting.clear();
      locked.clear();
      all.forEach(this::bury);
    }
    all.forEach(message -> message.settle(Feedback.PURGED));
  }

  /** How many messages are neither completed nor dead-lettered. */
  public synchronized int pending() {
    return waiting.size() + locked.size();
  }

  /** Whether a message can be locked now. */
  public synchronized boolean hasWaiting() {
    return !waiting.isEmpty();
  }

  synchronized DeliveryState stateOf(QueuedMessage message) {
    return message.state;
  }

  synchronized int deliveryCountOf(QueuedMessage message) {
    return message.deliveryCount;
  }

  private boolean finish(String lockToken, DeliveryState state, Feedback outcome) {
    QueuedMessage message;
    synchronized (this) {
      message = locked.remove(lockToken);
      if (message == null) {
        return false;
      }
      bury(message);
      message.state = state;
    }
    message.settle(outcome);
    return true;
  }

  private boolean giveBack(String lockToken, boolean counts) {
    Feedback end = null;
    QueuedMessage message;
    synchronized (this) {
      message = locked.remove(lockToken);
      if (message == null) {
        return false;
      }
      cancel(message.lockTimer);
      message.lockTimer = null;
      message.holder = null;
      message.lockToken = null;
      if (counts) {
        message.deliveryCount++;
      }
      if (message.deliveryCount >= rules.maxDeliveryCount()) {
        end = Feedback.DELIVERY_COUNT_EXCEEDED;
      } else if (!message.expiry().isAfter(time.now())) {
        end = Feedback.EXPIRED;
      }
      if (end == null) {
        message.state = DeliveryState.ENQUEUED;
        waiting.add(message);
      } else {
        bury(message);
      }
    }
    if (end == null) {
      onAvailable.run();
    } else {
      message.settle(end);
    }
    return true;
  }

  /** Only an unlocked message expires by itself; a locked one expires when it returns. */
  private void expire(QueuedMessage message) {
    synchronized (this) {
      if (!waiting.remove(message)) {
        return;
      }
      bury(message);
    }
    message.settle(Feedback.EXPIRED);
  }

  private void bury(QueuedMessage message) {
    message.state = DeliveryState.DEAD_LETTERED;
    message.holder = null;
    message.lockToken = null;
    cancel(message.lockTimer);
    cancel(message.expiryTimer);
    message.lockTimer = null;
    message.expiryTimer = null;
  }

  private static void cancel(HubTime.@Nullable Scheduled timer) {
    if (timer != null) {
      timer.cancel();
    }
  }
}
