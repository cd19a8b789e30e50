package dev.fairlead.localhub;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * The telemetry that the hub has received. The newest {@link LocalHubOptions#telemetryRetention}
 * records are kept in memory; older ones are dropped but counted. Safe for use by several threads.
 */
public interface Telemetry {

  /** The records kept, oldest first. */
  List<TelemetryRecord> received();

  /** The kept records of a device and its modules, oldest first. */
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
   * @throws IllegalStateException if the time-out expires first (the message says how many there
   *     are), or if the thread is interrupted
   */
  List<TelemetryRecord> await(int count, Duration timeout);

  /**
   * Calls a listener for each message from now on, after it is stored and before it is
   * acknowledged, on a thread that serves connections: it must not block. Records of one device
   * arrive in order.
   *
   * @return removes the listener
   */
  AutoCloseable onTelemetry(Consumer<TelemetryRecord> listener);

  /** Drops all records and sets {@link #count} to zero; sequence numbers continue. */
  void clear();
}
