package dev.fairlead.integration;

import java.time.Duration;

/**
 * A fault of a connection. Immutable; each factory creates one kind.
 *
 * @param latency the delay of each byte
 * @param bytesPerSecond the rate in each direction; 0 for no limit
 * @param slice the maximum number of bytes in one write; 0 for no limit
 * @param slowClose the delay of the end of one side at the other
 * @param limit after how many bytes, in both directions together, {@code end} follows; 0 for never
 * @param end what follows
 */
record NetworkFault(
    Duration latency, int bytesPerSecond, int slice, Duration slowClose, int limit, End end) {
  /** How a connection with a limit ends. */
  enum End {
    /** Gracefully, as if both sides had closed it. */
    CLOSE,
    /** By a reset. */
    RESET,
    /** Not at all: it stays open and discards everything. */
    SILENCE
  }

  private static final NetworkFault NONE =
      new NetworkFault(Duration.ZERO, 0, 0, Duration.ZERO, 0, End.CLOSE);

  static NetworkFault none() {
    return NONE;
  }

  static NetworkFault latency(Duration time) {
    return new NetworkFault(time, 0, 0, Duration.ZERO, 0, End.CLOSE);
  }

  static NetworkFault bandwidth(int bytesPerSecond) {
    return new NetworkFault(Duration.ZERO, bytesPerSecond, 0, Duration.ZERO, 0, End.CLOSE);
  }

  static NetworkFault slices(int bytes) {
    return new NetworkFault(Duration.ZERO, 0, bytes, Duration.ZERO, 0, End.CLOSE);
  }

  static NetworkFault slowClose(Duration time) {
    return new NetworkFault(Duration.ZERO, 0, 0, time, 0, End.CLOSE);
  }

  static NetworkFault closedAfter(int bytes) {
    return new NetworkFault(Duration.ZERO, 0, 0, Duration.ZERO, bytes, End.CLOSE);
  }

  static NetworkFault resetAfter(int bytes) {
    return new NetworkFault(Duration.ZERO, 0, 0, Duration.ZERO, bytes, End.RESET);
  }

  static NetworkFault silentAfter(int bytes) {
    return new NetworkFault(Duration.ZERO, 0, 0, Duration.ZERO, bytes, End.SILENCE);
  }
}
