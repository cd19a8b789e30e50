package dev.fairlead.spi;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * A session's lease on the outbox: what it takes is its to send until it is accepted, failed or
 * given back, or until the session ends. Then the lease is revoked: {@link #take} gives nothing,
 * late calls on envelopes do nothing, and what was unacknowledged is waiting again at its place in
 * the order. A session that is opened beside another is given nothing until that one has ended. Any
 * thread.
 */
public interface OutboxReader {
  /**
   * Takes the next messages in order.
   *
   * @param maxMessages at most so many
   * @param maxBytes at most so many bytes by {@code wireSize} in all; one message is given even if
   *     it alone is larger
   * @param wireSize a message's size as this session would encode it
   * @return the messages in order, perhaps none
   */
  List<Envelope> take(int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize);

  /**
   * Sets what to call when there may be something to take after {@link #take} gave less than it was
   * asked for. Set once; it stays. What this session itself gives back does not count: when to take
   * that again is its own affair.
   *
   * @param wakeup called on any thread, also spuriously; returns at once
   */
  void whenReadable(Runnable wakeup);

  /**
   * The hub refused messages, and the session goes on. They wait again at their place in the order,
   * but for one that is to blame: it fails. Until it is found {@link #take} gives less, perhaps
   * nothing for a while; the wake-up comes when there is more.
   *
   * @param messages what was refused together, at least one: the messages of one transfer
   * @param why what the hub said; a {@link dev.fairlead.ThrottledException} speaks of no message
   * @param namesMessage whether the hub's answer is about the message itself, so that it would
   *     refuse it again: too large, malformed. That is evidence enough if the message was alone in
   *     its transfer
   */
  void refused(List<Envelope> messages, HubException why, boolean namesMessage);

  /**
   * A link was lost with messages on it, and the session goes on; nothing says whether one of them
   * is the reason.
   *
   * @param messages what was under way on the link, perhaps none
   * @param why what the hub said
   */
  void lost(List<Envelope> messages, HubException why);

  /**
   * Whether what is taken next has to be alone: on a connection that several sessions share nothing
   * else may be under way beside it.
   *
   * @return true after a cut or a refusal that named no message, until the hub takes something
   */
  boolean isolates();
}
