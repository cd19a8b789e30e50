package dev.fairlead.integration;

import java.time.Duration;

/**
 * What is wrong with a connection. Immutable; the factories give one thing each.
 *
 * @param latency how much later each byte comes out
 * @param bytesPerSecond how many bytes come out, each way; 0 for no limit
 * @param slice how many bytes go out in one piece at most; 0 for no limit
 * @param slowClose how much later the end of one side reaches the other
 * @param limit after how many bytes, both ways together, {@code end} follows; 0 for never
 * @param end what follows
 */
record NetworkFault(
    Duration latency, int bytesPerSecond, int slice, Duration slowClose, int limit, End end) {
  /** How a connection with a limit ends. */
  enum End {
    /** In order, as if both sides had closed it. */
    CLOSE,
    /** By a reset. */
    RESET,
    /** Not at all: it stays, and swallows everything. */
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
