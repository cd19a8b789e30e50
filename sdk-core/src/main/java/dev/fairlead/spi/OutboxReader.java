package dev.fairlead.spi;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * A session's lease on the outbox: the session sends the messages that it takes until they are
 * accepted, failed or given back, or until it ends. Then the lease is revoked: {@link #take}
 * returns nothing, late calls on envelopes do nothing, and unacknowledged messages are queued again
 * at their place in the order. A session that is opened beside another receives nothing until that
 * one has ended. Any thread.
 */
public interface OutboxReader {
  /**
   * Takes the next messages in order.
   *
   * @param maxMessages the most messages to take
   * @param maxBytes the most bytes to take, by {@code wireSize}; a single message is returned even
   *     if it is larger
   * @param wireSize a message's size as this session would encode it
   * @return the messages in order, perhaps none
   */
  List<Envelope> take(int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize);

  /**
   * Sets what to call when there may be something to take after {@link #take} returned less than
   * requested. May be set once. Messages that this session itself gives back do not count: it
   * decides when to take them again.
   *
   * @param wakeup called on any thread, also spuriously; returns immediately
   */
  void whenReadable(Runnable wakeup);

  /**
   * The hub refused messages, and the session goes on. They are queued again at their place in the
   * order, except one that is proved to be the reason: it fails. Until it is found {@link #take}
   * returns less, perhaps nothing for a while; the wake-up follows when there is more.
   *
   * @param messages the messages of one transfer, refused together; at least one
   * @param why what the hub said; a {@link dev.fairlead.ThrottledException} is evidence against no
   *     message
   * @param namesMessage whether the hub's answer is about the message itself, so that it would
   *     refuse it again: too large, malformed. That is evidence enough if the message was alone in
   *     its transfer
   */
  void refused(List<Envelope> messages, HubException why, boolean namesMessage);

  /**
   * A link was lost with messages on it, and the session goes on; it is unknown whether one of them
   * is the reason.
   *
   * @param messages the messages in flight on the link, perhaps none
   * @param why what the hub said
   */
  void lost(List<Envelope> messages, HubException why);

  /**
   * Says whether this session sends several messages in one transfer. If so, and the application
   * asked for it, messages wait a while for more before the session is woken. A session that says
   * nothing sends them one by one.
   *
   * @param whether true if a transfer carries more than one message
   */
  default void sendsBatches(boolean whether) {}

  /**
   * Whether the next message has to be alone: on a connection that several sessions share nothing
   * else may be in flight beside it.
   *
   * @return true after a cut or a refusal that named no message, until the hub takes something
   */
  boolean isolates();
}
