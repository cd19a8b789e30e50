package dev.fairlead.mqtt;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.SystemProperty;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Settlement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cloud-to-device messages that the application holds, in the order they came. PUBACKs go out
 * in that order [MQTT-4.6.0-2], so a completed message behind an unsettled one waits. A message
 * still unsettled at its lock time can only be delivered again by a new session, which is asked for
 * once; until then no PUBACK goes out behind it. Confined to the loop.
 */
final class CloudMessageLedger {
  /** The hub keeps at most 50 per device; this bounds a peer that is no hub. */
  static final int MAX_HELD = 1000;

  private static final Logger log = LoggerFactory.getLogger(CloudMessageLedger.class);

  private final Loop loop;
  private final Inbox inbox;
  private final Duration lockTime;
  private final IntConsumer acknowledge;
  private final Consumer<String> reopen;
  private final Supplier<HubException> ended;

  private final Deque<Entry> entries = new ArrayDeque<>();
  private @Nullable Alarm alarm;
  private boolean reopenAsked;

  // Read by settlements on any thread, to fail at once where the loop may be closed already.
  private volatile boolean over;

  CloudMessageLedger(
      Loop loop,
      Inbox inbox,
      Duration lockTime,
      IntConsumer acknowledge,
      Consumer<String> reopen,
      Supplier<HubException> ended) {
    this.loop = loop;
    this.inbox = inbox;
    this.lockTime = lockTime;
    this.acknowledge = acknowledge;
    this.reopen = reopen;
    this.ended = ended;
  }

  /** Whether a peer sends more than any hub would. */
  boolean overfull() {
    return entries.size() >= MAX_HELD;
  }

  void arrived(PahoClient.Arrival arrival, String bag) {
    loop.assertInLoop();
    PropertyBag properties = PropertyBag.decode(bag);
    String messageId = properties.system().get(SystemProperty.MESSAGE_ID);
    Entry entry = new Entry(arrival.packetId(), messageId, loop.nanoTime());
    if (arrival.packetId() != 0) {
      for (Entry held : entries) {
        if (held.packetId == arrival.packetId()) {
          log.debug("Packet {} came again while the application holds it", held.packetId);
          return;
        }
        if (arrival.duplicate() && messageId != null && messageId.equals(held.messageId)) {
          // The same message under another packet id: acknowledged when the first one is.
          log.debug("Message {} came again while the application holds it", messageId);
          entry.state = State.COMPLETED;
          entries.add(entry);
          return;
        }
      }
      entries.add(entry);
      if (alarm == null) {
        alarm = loop.schedule(lockTime, this::lockTimeOver);
      }
    }
    inbox.cloudMessage(arrival.payload(), properties.application(), properties.system(), entry);
  }

  private void complete(Entry entry) {
    if (over) {
      entry.done.completeExceptionally(ended.get());
    } else if (entry.state == State.EXPIRED) {
      entry.done.completeExceptionally(
          new RejectedException(
              "The message's lock time of "
                  + lockTime.toSeconds()
                  + " s is over; the hub delivers it again. Complete sooner, or make the handler"
                  + " take the repetition.",
              Progress.NOT_SENT));
    } else {
      entry.state = State.COMPLETED;
      if (entry.packetId == 0) {
        // QoS 0: the hub has forgotten it already.
        entry.done.complete(null);
      } else {
        flush();
      }
    }
  }

  private void flush() {
    for (Entry head = entries.peek();
        head != null && head.state == State.COMPLETED;
        head = entries.peek()) {
      entries.remove();
      acknowledge.accept(head.packetId);
      head.done.complete(null);
    }
    if (entries.isEmpty() && alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  private void lockTimeOver() {
    alarm = null;
    long now = loop.nanoTime();
    for (Entry entry : entries) {
      long left = lockTime.toNanos() - (now - entry.arrivedAt);
      if (left > 0) {
        alarm = loop.schedule(Duration.ofNanos(left), this::lockTimeOver);
        return;
      }
      if (entry.state == State.OPEN) {
        entry.state = State.EXPIRED;
        if (!reopenAsked) {
          reopenAsked = true;
          reopen.accept(
              "a cloud-to-device message was not completed within "
                  + lockTime.toSeconds()
                  + " s, and over MQTT the hub delivers it again only to a new session");
        }
      }
    }
  }

  /** The session is over: nothing can be acknowledged any more. */
  void end() {
    over = true;
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
    for (Entry entry : entries) {
      if (entry.state == State.COMPLETED) {
        entry.done.completeExceptionally(ended.get());
      }
    }
    entries.clear();
  }

  private enum State {
    OPEN,
    COMPLETED,
    EXPIRED
  }

  private final class Entry implements Settlement {
    private final int packetId;
    private final @Nullable String messageId;
    private final long arrivedAt;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private State state = State.OPEN;
    private boolean asked; // guarded by done

    Entry(int packetId, @Nullable String messageId, long arrivedAt) {
      this.packetId = packetId;
      this.messageId = messageId;
      this.arrivedAt = arrivedAt;
    }

    @Override
    public CompletionStage<Void> complete() {
      synchronized (done) {
        if (asked) {
          return CompletableFuture.failedFuture(
              new RejectedException("The message is settled already.", Progress.NOT_SENT));
        }
        asked = true;
      }
      if (over) {
        return CompletableFuture.failedFuture(ended.get());
      }
      loop.execute(() -> CloudMessageLedger.this.complete(this));
      return done;
    }

    @Override
    public CompletionStage<Void> abandon() {
      return unsupported("abandoned");
    }

    @Override
    public CompletionStage<Void> reject() {
      return unsupported("rejected");
    }

    private CompletionStage<Void> unsupported(String what) {
      return CompletableFuture.failedFuture(
          new UnsupportedException(
              "Over MQTT a message cannot be "
                  + what
                  + "; it stays unsettled, and the hub delivers it again after its lock time. Ask for"
                  + " the capability in the transport policy to get a route that can (AMQP, HTTPS)."));
    }
  }
}
