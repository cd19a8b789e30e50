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
record Trouble(
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

  private static final Trouble NONE = new Trouble(Duration.ZERO, 0, 0, Duration.ZERO, 0, End.CLOSE);

  static Trouble none() {
    return NONE;
  }

  static Trouble latency(Duration time) {
    return new Trouble(time, 0, 0, Duration.ZERO, 0, End.CLOSE);
  }

  static Trouble bandwidth(int bytesPerSecond) {
    return new Trouble(Duration.ZERO, bytesPerSecond, 0, Duration.ZERO, 0, End.CLOSE);
  }

  static Trouble slices(int bytes) {
    return new Trouble(Duration.ZERO, 0, bytes, Duration.ZERO, 0, End.CLOSE);
  }

  static Trouble slowClose(Duration time) {
    return new Trouble(Duration.ZERO, 0, 0, time, 0, End.CLOSE);
  }

  static Trouble closedAfter(int bytes) {
    return new Trouble(Duration.ZERO, 0, 0, Duration.ZERO, bytes, End.CLOSE);
  }

  static Trouble resetAfter(int bytes) {
    return new Trouble(Duration.ZERO, 0, 0, Duration.ZERO, bytes, End.RESET);
  }

  static Trouble silentAfter(int bytes) {
    return new Trouble(Duration.ZERO, 0, 0, Duration.ZERO, bytes, End.SILENCE);
  }
}
