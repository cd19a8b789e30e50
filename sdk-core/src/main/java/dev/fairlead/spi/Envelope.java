package dev.fairlead.spi;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;

/**
 * A message in flight. Its first outcome counts; after its lease is revoked none does. Any thread.
 */
public interface Envelope {
  /**
   * The message's place in the order.
   *
   * @return a number that grows by one with each message sent by the application
   */
  long sequence();

  /**
   * The message.
   *
   * @return the message
   */
  TelemetryMessage message();

  /** The hub has acknowledged it: the sender's future completes. */
  void accepted();

  /**
   * The hub, or the transport on its behalf, refuses this message and would refuse it again: the
   * sender's future fails.
   *
   * @param failure why
   */
  void failed(HubException failure);

  /**
   * Not sent after all, or not accepted by the hub this time: it is queued again at its place in
   * the order.
   */
  void giveBack();
}
