package dev.fairlead.localhub.https;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.twin.HubTimestamps;
import dev.fairlead.localhub.twin.Json;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * Errors in the hub's form over HTTPS: the status is the code without its last three digits, and
 * the name is in a header and in the body (page "Understand and resolve Azure IoT Hub errors").
 * Safe for use by several threads.
 */
final class ErrorAnswers {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MM/dd/yyyy HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** A refused credential gets the name of missing rights, as devices report it. */
  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(400001, "InvalidProtocolVersion"),
          Map.entry(400003, "InvalidOperation"),
          Map.entry(400004, "ArgumentInvalid"),
          Map.entry(400005, "ArgumentNull"),
          Map.entry(400006, "IotHubFormatError"),
          Map.entry(400012, "DeserializationError"),
          Map.entry(400014, "DefaultStorageEndpointNotConfigured"),
          Map.entry(400015, "InvalidFileUploadCorrelationId"),
          Map.entry(400016, "ExpiredFileUploadCorrelationId"),
          Map.entry(400019, "InvalidFileUploadCompletionStatus"),
          Map.entry(401001, "IotHubNotFound"),
          Map.entry(401002, "IotHubUnauthorizedAccess"),
          Map.entry(401003, "IotHubUnauthorizedAccess"),
          Map.entry(403002, "IotHubQuotaExceeded"),
          Map.entry(403004, "DeviceMaximumQueueDepthExceeded"),
          Map.entry(403006, "DeviceMaximumActiveFileUploadLimitExceeded"),
          Map.entry(403012, "DeviceDisabled"),
          Map.entry(404001, "DeviceNotFound"),
          Map.entry(404010, "ModuleNotFound"),
          Map.entry(412001, "PreconditionFailed"),
          Map.entry(412002, "DeviceMessageLockLost"),
          Map.entry(413001, "MessageTooLarge"),
          Map.entry(415000, "GenericUnsupportedMediaType"),
          Map.entry(429001, "ThrottlingException"),
          Map.entry(500001, "ServerError"),
          Map.entry(503001, "ServiceUnavailable"),
          Map.entry(503005, "ServerBusy"));

  private final HubTime time;
  private final boolean inJson;

  /**
   * @param inJson whether the message is itself a JSON document
   */
  ErrorAnswers(HubTime time, boolean inJson) {
    this.time = time;
    this.inJson = inJson;
  }

  /**
   * Creates an error.
   *
   * @param code the six-digit code
   * @param text what is wrong and what to do, for a reader
   */
  Answer of(int code, String text) {
    String name = NAMES.getOrDefault(code, "Generic" + code);
    String tracking = UUID.randomUUID().toString();
    String trackingId = tracking.replace("-", "") + "-G:0-TimeStamp:" + TIME.format(time.now());
    ObjectNode body = Json.object();
    if (inJson) {
      ObjectNode message = Json.object();
      message.put("errorCode", code);
      message.put("trackingId", trackingId);
      message.put("message", text);
      message.put("timestampUtc", HubTimestamps.print(time.now()));
      body.put("Message", Json.print(message));
      body.put("ExceptionMessage", "");
    } else {
      body.put("Message", "ErrorCode:" + name + ";" + text);
      body.put("ExceptionMessage", "Tracking ID:" + trackingId);
    }
    return Answer.json(code / 1000, Json.print(body))
        .with("iothub-errorcode", name)
        .with("x-ms-request-id", tracking);
  }
}
