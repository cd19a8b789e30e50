package dev.fairlead.spi;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;

/**
 * A message under way. The first of its outcomes counts, and none once its lease is revoked. Any
 * thread.
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
   * The hub, or the wire on its behalf, refuses this message and would refuse it again: the
   * sender's future fails.
   *
   * @param failure why
   */
  void failed(HubException failure);

  /**
   * Not sent after all, or not taken by the hub this time: it waits again at its place in the
   * order.
   */
  void giveBack();
}
