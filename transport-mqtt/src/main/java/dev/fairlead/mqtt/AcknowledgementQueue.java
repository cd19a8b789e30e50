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
import dev.fairlead.transport.Debt;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All messages that arrived at QoS 1 and whose PUBACK has not been written, in order of arrival.
 * PUBACKs are sent in that order [MQTT-4.6.0-2], so messages behind an unsettled cloud-to-device
 * message wait, even if they need no settlement. Confined to the loop.
 *
 * <p>The application has the lock time for a message from the moment it gets it, however long the
 * message waited in the client. A message that is still unsettled then can only be delivered again
 * by a new session, which is requested once; until then no PUBACK behind it is sent. Messages that
 * the application has not received cause no new session: they are still at the hub, and the ones
 * before them make progress or are late themselves.
 */
final class AcknowledgementQueue {
  /** The hub keeps at most 50 per device; this bounds a peer that is not a hub. */
  static final int MAX_HELD = 1000;

  private static final Logger log = LoggerFactory.getLogger(AcknowledgementQueue.class);

  /** Queues a PUBACK. */
  interface Acknowledger {
    void acknowledge(int packetId) throws MqttException;
  }

  private final Loop loop;
  private final Inbox inbox;
  private final Duration lockTime;
  private final Acknowledger acknowledger;
  private final Debt writes;
  private final Consumer<String> reopen;

  /** Those whose PUBACK is not queued yet. */
  private final Deque<Entry> entries = new ArrayDeque<>();

  /** Those whose PUBACK is queued and not written yet. */
  private final Deque<Entry> unwritten = new ArrayDeque<>();

  private @Nullable Alarm alarm;
  private boolean reopenRequested;

  /**
   * Creates an empty queue.
   *
   * @param writes the packets queued on the connection and not written
   * @param reopen requests a new session, with the reason
   */
  AcknowledgementQueue(
      Loop loop,
      Inbox inbox,
      Duration lockTime,
      Acknowledger acknowledger,
      Debt writes,
      Consumer<String> reopen) {
    this.loop = loop;
    this.inbox = inbox;
    this.lockTime = lockTime;
    this.acknowledger = acknowledger;
    this.writes = writes;
    this.reopen = reopen;
  }

  /** Whether the peer has sent more than any hub would. */
  boolean full() {
    return entries.size() + unwritten.size() >= MAX_HELD;
  }

  /**
   * Takes in a message that needs no settlement; it is acknowledged when its turn comes.
   *
   * @param packetId not 0
   * @return false if it is a repetition, which is to be ignored
   */
  boolean arrived(int packetId) {
    if (isHeld(packetId)) {
      return false;
    }
    Entry entry = new Entry(packetId);
    entry.state = State.COMPLETED;
    entries.add(entry);
    flush();
    return true;
  }

  /**
   * Takes in a cloud-to-device message that this session does not hand out. It stays at the hub,
   * and so do all messages behind it.
   *
   * @param packetId not 0
   */
  void keep(int packetId) {
    if (!isHeld(packetId)) {
      entries.add(new Entry(packetId));
    }
  }

  /** Takes in a cloud-to-device message and hands it out, unless it is a repetition. */
  void cloudMessage(PahoClient.Arrival arrival, PropertyBag properties) {
    Entry entry = new Entry(arrival.packetId());
    if (arrival.packetId() != 0) {
      if (isHeld(arrival.packetId())) {
        return;
      }
      boolean named = properties.system().containsKey(SystemProperty.MESSAGE_ID);
      if (named && arrival.duplicate() && isHeld(arrival)) {
        // The same message under another packet id: acknowledged when the first one is.
        entry.state = State.COMPLETED;
        entries.add(entry);
        return;
      }
      entry.message = arrival;
      entries.add(entry);
    }
    inbox.cloudMessage(arrival.payload(), properties.application(), properties.system(), entry);
  }

  private boolean isHeld(int packetId) {
    for (Deque<Entry> part : List.of(unwritten, entries)) {
      for (Entry held : part) {
        if (held.packetId == packetId) {
          log.debug("Packet {} came again before it was acknowledged", packetId);
          return true;
        }
      }
    }
    return false;
  }

  /** Equal ids do not suffice: the sender chooses ids and may use one for several messages. */
  private boolean isHeld(PahoClient.Arrival copy) {
    for (Entry held : entries) {
      PahoClient.Arrival message = held.message;
      if (message != null
          && message.topic().equals(copy.topic())
          && Arrays.equals(message.payload(), copy.payload())) {
        log.debug("Packet {} came again as {}", held.packetId, copy.packetId());
        return true;
      }
    }
    return false;
  }

  private void flush() {
    for (Entry head = entries.peek();
        head != null && head.state == State.COMPLETED;
        head = entries.peek()) {
      try {
        acknowledger.acknowledge(head.packetId);
      } catch (MqttException e) {
        // The connection is ending; its end fails this entry and those behind it.
        log.debug("The connection ended before PUBACK {}", head.packetId, e);
        return;
      }
      entries.remove();
      unwritten.add(head);
      writes.owe();
    }
    if (entries.isEmpty()) {
      cancelAlarm();
    }
  }

  /** The next PUBACK in order has been written. */
  void written() {
    Entry entry = unwritten.poll();
    if (entry != null) {
      writes.paid();
      entry.done.complete(null);
    }
  }

  private void watchLocks() {
    alarm = null;
    long now = loop.nanoTime();
    long next = Long.MAX_VALUE;
    for (Entry entry : entries) {
      if (entry.state == State.HANDED_OUT) {
        long left = lockTime.toNanos() - (now - entry.handedOutAt);
        if (left <= 0) {
          lockLost(entry);
        } else {
          next = Math.min(next, left);
        }
      }
    }
    if (next != Long.MAX_VALUE) {
      alarm = loop.schedule(Duration.ofNanos(next), this::watchLocks);
    }
  }

  private void lockLost(Entry entry) {
    entry.state = State.EXPIRED;
    if (!reopenRequested) {
      reopenRequested = true;
      reopen.accept(
          "a cloud-to-device message was not completed within "
              + Overdue.inWords(lockTime)
              + ", and over MQTT the hub delivers it again only to a new session");
    }
  }

  /**
   * The session has ended: nothing can be acknowledged any more.
   *
   * @param unwrittenFailure of those whose PUBACK may have been sent
   * @param failure of the others
   */
  void end(HubException unwrittenFailure, HubException failure) {
    cancelAlarm();
    for (Entry entry : unwritten) {
      entry.done.completeExceptionally(unwrittenFailure);
    }
    unwritten.clear();
    for (Entry entry : entries) {
      entry.state = State.ENDED;
      entry.done.completeExceptionally(failure);
    }
    entries.clear();
  }

  private void cancelAlarm() {
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  private enum State {
    /** In the client, or not to be handed out. */
    WAITING,
    /** With the application. */
    HANDED_OUT,
    COMPLETED,
    EXPIRED,
    ENDED
  }

  private final class Entry implements Settlement {
    private final int packetId;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private PahoClient.@Nullable Arrival message;
    private State state = State.WAITING;
    private long handedOutAt;

    Entry(int packetId) {
      this.packetId = packetId;
    }

    @Override
    public void handedOut() {
      loop.assertInLoop();
      if (packetId == 0 || state != State.WAITING) {
        return;
      }
      state = State.HANDED_OUT;
      handedOutAt = loop.nanoTime();
      if (alarm == null) {
        alarm = loop.schedule(lockTime, AcknowledgementQueue.this::watchLocks);
      }
    }

    @Override
    public CompletionStage<Void> complete() {
      loop.assertInLoop();
      if (state == State.EXPIRED) {
        return CompletableFuture.failedFuture(
            new RejectedException(
                "The message was not completed within its lock time of "
                    + Overdue.inWords(lockTime)
                    + ", so the hub delivers it again. Complete sooner, or make the handler accept"
                    + " repeated messages.",
                Progress.NOT_SENT));
      }
      if (packetId == 0) {
        // The hub sent it at QoS 0 and has already deleted it.
        done.complete(null);
      } else if (state != State.ENDED) {
        state = State.COMPLETED;
        flush();
      }
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
                  + ". It stays unsettled, and the hub delivers it again after its lock time. Ask"
                  + " for the capability in the transport policy to get a route that can (AMQP,"
                  + " HTTPS)."));
    }
  }
}
