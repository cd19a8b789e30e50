package dev.fairlead.tck;

import dev.fairlead.MethodResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The hub's end of the connection: a running hub with one device, seen from the service side, and
 * its faults. Safe for any thread.
 */
public interface HubSide {
  /**
   * The telemetry that the hub has stored, in the order of arrival.
   *
   * @return a copy
   */
  List<ReceivedTelemetry> telemetry();

  /**
   * Puts a cloud-to-device message into the device's queue.
   *
   * @param body its text
   * @param properties its application properties
   * @return the message, to be watched
   */
  SentCloudMessage sendCloudMessage(String body, Map<String, String> properties);

  /**
   * Calls a direct method.
   *
   * @param name the method
   * @param payload JSON text, or empty
   * @param timeout how long to wait for the answer
   * @return the device's answer; fails if it is not online or does not answer in time
   */
  CompletableFuture<MethodResponse> invokeMethod(String name, String payload, Duration timeout);

  /**
   * Merges into the desired properties and notifies the device.
   *
   * @param patch a JSON object
   * @return the new version
   */
  long updateDesired(String patch);

  /**
   * The reported properties, without their version.
   *
   * @return a JSON object
   */
  String reported();

  /**
   * The version of the reported properties.
   *
   * @return the version
   */
  long reportedVersion();

  /** Deletes the device and creates it again with the same keys: an empty twin, empty queues. */
  void recreateDevice();

  /**
   * Enables or disables the device. Disabling cuts its connection, and its credentials are refused.
   *
   * @param enabled whether it may connect
   */
  void setEnabled(boolean enabled);

  /**
   * Makes the hub unreachable or reachable. An unreachable hub cuts every connection and does not
   * listen.
   *
   * @param reachable whether it can be reached
   */
  void setReachable(boolean reachable);

  /** Cuts the device's connection, if it has one. */
  void cut();

  /**
   * Expires the locks of messages that were delivered and not settled; on a polling transport the
   * locks outlive the connection.
   */
  default void letLocksExpire() {
    cut();
  }

  /**
   * Whether {@link #arm} supports a kind of fault; a test that needs it is skipped otherwise.
   *
   * @param what the kind of fault
   * @return true for all but duplicate and late acknowledgements, unless the harness overrides it
   */
  default boolean can(ContractFault.What what) {
    return what != ContractFault.What.ACKNOWLEDGE_TWICE
        && what != ContractFault.What.ACKNOWLEDGE_AFTER_NEXT;
  }

  /**
   * Arms a fault.
   *
   * @param fault the fault
   * @return counts how often the fault has struck
   */
  Armed arm(ContractFault fault);

  /** A fault that was armed. */
  @FunctionalInterface
  interface Armed {
    /**
     * How often the fault has struck.
     *
     * @return the count
     */
    int strikes();
  }

  /**
   * How many connections are open now, including those without any data yet. A connection on which
   * the hub fell silent is not counted, because a hub that does not read cannot detect its end.
   *
   * @return the count
   */
  int openConnections();

  /**
   * How many connections have received the device's credential so far, including the open one.
   *
   * @return the count
   */
  long connectionsSoFar();
}
