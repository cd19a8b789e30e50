package dev.fairlead.localhub;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A device or module identity as the service side sees it. Safe for use by several threads; no
 * method waits for the network.
 *
 * <p>Methods that act on the service side throw {@link LocalHubException} with code 404001 once the
 * identity is deleted.
 */
public interface Device {

  /** The device id. */
  String deviceId();

  /** The module id; empty for the device itself. */
  Optional<String> moduleId();

  /**
   * The device connection string: with the primary key, or {@code x509=true}. It contains no port.
   * It contains a secret: do not log it.
   */
  String connectionString();

  /**
   * The primary key, base64.
   *
   * @throws IllegalStateException if the identity authenticates by certificate
   */
  String primaryKey();

  /**
   * The secondary key, base64.
   *
   * @throws IllegalStateException if the identity authenticates by certificate
   */
  String secondaryKey();

  /**
   * Creates a module of this device with random keys; code 409301 if it exists, 400301 on a module.
   */
  Device createModule(String moduleId);

  /** Creates a module of this device. */
  Device createModule(String moduleId, DeviceAuth auth);

  /** Whether the identity may connect. */
  boolean isEnabled();

  /** Enables or disables the identity; disabling cuts its connection. */
  void setEnabled(boolean enabled);

  /** Gives the identity new random keys and cuts its connection. */
  void regenerateKeys();

  /** Whether a client is connected as this identity now; always false over HTTPS. */
  boolean isConnected();

  /** How many connections this identity has had since it was created, including the present one. */
  long connectionsSoFar();

  /** Cuts the present connection, if any. */
  void dropConnection();

  /**
   * Injects a fault into the present connection, as if the device had commanded it in telemetry.
   *
   * @param operation the fault, by the name that SDK tests send in {@code
   *     AzIoTHub_FaultOperationType}: {@code KillTcp}, {@code KillAmqpSession}, {@code
   *     InvokeThrottling} and so on; a fault that the connection's protocol does not have does
   *     nothing
   * @param delay how long to wait first
   * @param duration how long a lasting fault ({@code Invoke…}) lasts
   * @return false if there is no connection
   */
  boolean injectFault(String operation, Duration delay, Duration duration);

  /**
   * Puts a message in the device's queue.
   *
   * @throws LocalHubException 403004 with 50 messages queued, 413001 above 64 KB, 400003 for a
   *     module, 403009 for a time to live of more than two days
   */
  SentMessage sendCloudMessage(CloudToDeviceMessage message);

  /** How many C2D messages are neither completed nor dead-lettered. */
  int queuedCloudMessages();

  /** Dead-letters all C2D messages of the device; their feedback is {@link Feedback#PURGED}. */
  void purgeCloudMessages();

  /**
   * Calls a direct method.
   *
   * @param name the method's name
   * @param jsonPayload any JSON value, or empty for none; at most 128 KB
   * @param connectTimeout how long to wait for the device to connect and subscribe; zero: it must
   *     be online already
   * @param responseTimeout how long to wait for the answer, longer than zero
   * @return completes with the answer, or with {@link LocalHubException} 404103 (not online) or
   *     504101 (no answer in time)
   * @throws LocalHubException 400004 for a payload that is not JSON, 413001 for one that is too
   *     large
   */
  CompletableFuture<MethodResult> invokeMethod(
      String name, String jsonPayload, Duration connectTimeout, Duration responseTimeout);

  /**
   * Merges a patch into the desired properties and notifies the device.
   *
   * @param jsonMergePatch a JSON object; null deletes a property
   * @return the new version
   * @throws LocalHubException 400004 if the patch or its result breaks a limit of the twin
   */
  long updateDesired(String jsonMergePatch);

  /**
   * Replaces the desired properties and notifies the device; the notification names removed
   * properties with null.
   *
   * @param json a JSON object
   * @return the new version
   * @throws LocalHubException as {@link #updateDesired}
   */
  long replaceDesired(String json);

  /** The twin now. */
  TwinView twin();
}
