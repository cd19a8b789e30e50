package dev.fairlead;

import java.util.Map;

/**
 * The verbs of {@link DeviceClient}, each waiting for its outcome for at most the time given to
 * {@link DeviceClient#blocking}. They throw a new {@link HubException} with the stack of the
 * caller; the failure of the client's future has the same content and is suppressed in it. A
 * time-out is an {@link UnreachableException}, and the operation continues; only a message for
 * which a full outbox had no room in that time ({@link OverflowPolicy#BLOCK}) is a {@link
 * RejectedException} and was not queued. If the waiting thread is interrupted, the interrupt is
 * kept and the same exception thrown.
 */
public interface BlockingDeviceClient {
  /** Waits for the first session. */
  void open();

  /**
   * Waits until the hub has acknowledged the message.
   *
   * @param message the message
   */
  void send(TelemetryMessage message);

  /**
   * Stores a message, see {@link DeviceClient#store}.
   *
   * @param message the message
   * @return its number in the outbox
   */
  long store(TelemetryMessage message);

  /**
   * Waits for the twin.
   *
   * @return the twin
   */
  Twin getTwin();

  /**
   * Waits until the hub has taken the patch.
   *
   * @param patch as {@link DeviceClient#updateReportedProperties(Map)}
   * @return the new version
   */
  long updateReportedProperties(Map<String, ?> patch);

  /**
   * Waits until the hub has taken the patch.
   *
   * @param json as {@link DeviceClient#updateReportedProperties(String)}
   * @return the new version
   */
  long updateReportedProperties(String json);
}
