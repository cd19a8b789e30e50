package dev.fairlead.transport;

import java.time.Duration;

/**
 * When a connection is pinged because something is owed, and when it is treated as dead.
 *
 * @param pingAfter how long nothing arrived while something was owed, positive
 * @param pingTimeout how long nothing arrived after the ping, positive; extended by the time that
 *     the bytes before the ping take on the slowest connection
 */
public record PingLimits(Duration pingAfter, Duration pingTimeout) {
  /** Checks the limits. */
  public PingLimits {
    if (pingAfter.isNegative()
        || pingAfter.isZero()
        || pingTimeout.isNegative()
        || pingTimeout.isZero()) {
      throw new IllegalArgumentException(
          "The limits of pings must be positive, not " + pingAfter + " and " + pingTimeout + ".");
    }
  }
}
