package dev.fairlead.spi;

import dev.fairlead.TelemetryMessage;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * A session's lease on the outbox: what it takes is its to send until it is accepted, failed or
 * given back, or until the session ends. Then the lease is revoked: {@link #take} gives nothing,
 * late calls on envelopes do nothing, and what was unacknowledged is waiting again at its place in
 * the order. Any thread.
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
}
