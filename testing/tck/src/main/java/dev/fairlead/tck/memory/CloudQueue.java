package dev.fairlead.tck.memory;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.tck.FakeTime;
import dev.fairlead.tck.SentCloudMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * A device's queue of cloud-to-device messages with the hub's life cycle: enqueued, locked for a
 * minute, completed or dead-lettered; ten deliveries at most. Confined to its device's lock.
 * Source: IoT Hub developer guide, "Send cloud-to-device messages".
 */
final class CloudQueue {
  private static final Duration LOCK_TIME = Duration.ofSeconds(60);
  private static final int MAX_DELIVERIES = 10;

  private final FakeTime time;
  private final List<Message> waiting = new ArrayList<>();
  private long sequence;

  CloudQueue(FakeTime time) {
    this.time = time;
  }

  /** A message of the queue; its state may be read from any thread. */
  static final class Message implements SentCloudMessage {
    private final String body;
    private final Map<String, String> properties;
    private final long sequence;
    private volatile State state = State.ENQUEUED;
    private int deliveries;
    private long lock;
    private long lockUntil;
    private Alarm lockEnd = () -> {};

    Message(String body, Map<String, String> properties, long sequence) {
      this.body = body;
      this.properties = Map.copyOf(properties);
      this.sequence = sequence;
    }

    @Override
    public State state() {
      return state;
    }

    String body() {
      return body;
    }

    Map<String, String> properties() {
      return properties;
    }

    long sequence() {
      return sequence;
    }

    int deliveries() {
      return deliveries;
    }
  }

  Message add(String body, Map<String, String> properties) {
    Message message = new Message(body, properties, ++sequence);
    waiting.add(message);
    return message;
  }

  /** Locks and delivers all queued messages; {@code expired} runs when a lock has expired. */
  void deliverAll(BiConsumer<Message, Long> delivery, Runnable expired) {
    for (Message message : List.copyOf(waiting)) {
      if (message.state != SentCloudMessage.State.ENQUEUED) {
        continue;
      }
      if (message.deliveries == MAX_DELIVERIES) {
        finish(message, SentCloudMessage.State.DEADLETTERED);
        continue;
      }
      message.deliveries++;
      long lock = ++message.lock;
      message.state = SentCloudMessage.State.INVISIBLE;
      message.lockUntil = time.nanoTime() + LOCK_TIME.toNanos();
      message.lockEnd = time.schedule(LOCK_TIME, expired);
      delivery.accept(message, lock);
    }
  }

  /** Unlocks one message, if the lock is still valid; the message is queued again. */
  boolean release(Message message, long lock) {
    if (!holds(message, lock)) {
      return false;
    }
    message.lockEnd.cancel();
    message.state = SentCloudMessage.State.ENQUEUED;
    return true;
  }

  /** Ends one message, if the lock is still valid. */
  boolean settle(Message message, long lock, SentCloudMessage.State outcome) {
    if (!holds(message, lock)) {
      return false;
    }
    finish(message, outcome);
    return true;
  }

  /** Unlocks messages whose lock has expired. */
  void releaseExpired() {
    for (Message message : waiting) {
      if (message.lockUntil - time.nanoTime() <= 0) {
        release(message, message.lock);
      }
    }
  }

  /** Unlocks all messages, as when the device's connection has ended. */
  void releaseAll() {
    waiting.forEach(message -> release(message, message.lock));
  }

  /** Empties the queue. */
  void purge() {
    List.copyOf(waiting).forEach(message -> finish(message, SentCloudMessage.State.DEADLETTERED));
  }

  private void finish(Message message, SentCloudMessage.State outcome) {
    message.lockEnd.cancel();
    message.state = outcome;
    waiting.remove(message);
  }

  private static boolean holds(Message message, long lock) {
    return message.state == SentCloudMessage.State.INVISIBLE && message.lock == lock;
  }
}
