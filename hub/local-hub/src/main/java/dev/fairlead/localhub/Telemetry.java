package dev.fairlead.localhub;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * What the hub has received. Keeps the newest records in memory, as many as {@link
 * LocalHubOptions#telemetryRetention} says; older ones are forgotten but counted. Safe for use by
 * several threads.
 */
public interface Telemetry {

  /** The records kept, oldest first. */
  List<TelemetryRecord> received();

  /** The records kept that came from a device or one of its modules, oldest first. */
  List<TelemetryRecord> receivedFrom(String deviceId);

  /** How many messages were received since the start or the last {@link #clear}, kept or not. */
  long count();

  /** How many messages were received since the start. */
  long total();

  /**
   * Waits until the hub has received {@code count} messages since the start or the last {@link
   * #clear}.
   *
   * @param count zero or more
   * @param timeout how long to wait, in real time
   * @return {@link #received}
   * @throws IllegalStateException if the time runs out first, naming how many there are, or if the
   *     thread is interrupted
   */
  List<TelemetryRecord> await(int count, Duration timeout);

  /**
   * Calls a listener for each message from now on, after it is stored and before it is
   * acknowledged, on a thread that serves connections: it must return at once. Records of one
   * device come in order.
   *
   * @return takes the listener away
   */
  AutoCloseable onTelemetry(Consumer<TelemetryRecord> listener);

  /** Forgets all records and sets {@link #count} to zero; sequence numbers go on. */
  void clear();
}
