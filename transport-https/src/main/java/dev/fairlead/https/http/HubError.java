package dev.fairlead.https.http;

import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the hub says of an error: its name, its six-digit code, its text. Comes as the header {@code
 * iothub-errorcode}, as {@code {"Message":"ErrorCode:Name;text"}}, or as a document with {@code
 * errorCode}, which may be a string inside the other. Nothing of it is trusted: names and texts are
 * bounded and printable. IoT Hub: "Understand and resolve Azure IoT Hub error codes".
 *
 * @param name the name, empty if there is none
 * @param code the six-digit code
 * @param text the hub's sentence, empty if there is none
 * @param byHub whether it is in the hub's form at all, as told from something between
 */
record HubError(String name, OptionalInt code, String text, boolean byHub) {
  private static final int MAX_BODY_READ = 4096;
  private static final int MAX_TEXT = 300;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]{1,64}");
  private static final Pattern NAME_IN_BODY = Pattern.compile("ErrorCode:([A-Za-z0-9]{1,64})");
  private static final Pattern CODE = Pattern.compile("errorCode\\\\*\"\\s*:\\s*(\\d{6})\\b");
  private static final Pattern TEXT =
      Pattern.compile(
          "(?<!Exception)[Mm]essage\\\\*\"\\s*:\\s*\\\\*\"([^\"\\\\{][^\"\\\\]{0,2000})");
  private static final Pattern SIGN = Pattern.compile("\"(?:Message|ExceptionMessage|errorCode)\"");

  /** The names that the documentation gives the codes of status 400 to 504. */
  private static final Map<String, Integer> CODES =
      Map.ofEntries(
          Map.entry("InvalidProtocolVersion", 400001),
          Map.entry("InvalidOperation", 400003),
          Map.entry("ArgumentInvalid", 400004),
          Map.entry("ArgumentNull", 400005),
          Map.entry("IotHubFormatError", 400006),
          Map.entry("DeserializationError", 400012),
          Map.entry("DefaultStorageEndpointNotConfigured", 400014),
          Map.entry("InvalidFileUploadCorrelationId", 400015),
          Map.entry("ExpiredFileUploadCorrelationId", 400016),
          Map.entry("InvalidStorageEndpoint", 400017),
          Map.entry("InvalidMessagingEndpoint", 400018),
          Map.entry("InvalidFileUploadCompletionStatus", 400019),
          Map.entry("InvalidStorageEndpointOrBlob", 400020),
          Map.entry("RequestCanceled", 400021),
          Map.entry("InvalidStorageEndpointProperty", 400022),
          Map.entry("EtagDoesNotMatch", 400023),
          Map.entry("RequestTimedOut", 400024),
          Map.entry("ConnectionForcefullyClosedOnNewConnection", 400027),
          Map.entry("ConnectionForcefullyClosedOnFaultInjection", 400029),
          Map.entry("ConnectionRejectedOnFaultInjection", 400030),
          Map.entry("IotHubNotFound", 401001),
          Map.entry("IotHubUnauthorizedAccess", 401002),
          Map.entry("IotHubUnauthorized", 401003),
          Map.entry("IotHubSuspended", 403001),
          Map.entry("IotHubQuotaExceeded", 403002),
          Map.entry("JobQuotaExceeded", 403003),
          Map.entry("DeviceMaximumQueueDepthExceeded", 403004),
          Map.entry("IotHubMaxCbsTokenExceeded", 403005),
          Map.entry("DeviceMaximumActiveFileUploadLimitExceeded", 403006),
          Map.entry("DeviceMaximumQueueSizeExceeded", 403007),
          Map.entry("InvalidMessageExpiryTime", 403009),
          Map.entry("OperationNotAvailableInCurrentTier", 403010),
          Map.entry("DeviceDisabled", 403012),
          Map.entry("DeviceMaximumInflightMethodExceeded", 403800),
          Map.entry("DeviceNotFound", 404001),
          Map.entry("AmqpAddressNotFound", 404006),
          Map.entry("ModuleNotFound", 404010),
          Map.entry("DeviceNotOnline", 404103),
          Map.entry("DeviceConnectionClosedRemotely", 404104),
          Map.entry("OperationNotAllowedInCurrentState", 405102),
          Map.entry("DeviceAlreadyExists", 409001),
          Map.entry("LinkCreationConflict", 409002),
          Map.entry("CallbackSubscriptionConflict", 409003),
          Map.entry("ModuleAlreadyExistsOnDevice", 409301),
          Map.entry("PreconditionFailed", 412001),
          Map.entry("DeviceMessageLockLost", 412002),
          Map.entry("InflightMessagesInLink", 412004),
          Map.entry("MessageTooLarge", 413001),
          Map.entry("TooManyDevices", 413002),
          Map.entry("TooManyModulesOnDevice", 413003),
          Map.entry("GenericUnsupportedMediaType", 415000),
          Map.entry("IncompatibleDataType", 415101),
          Map.entry("ThrottlingException", 429001),
          Map.entry("ThrottleBacklogLimitExceeded", 429002),
          Map.entry("ThrottlingBacklogTimeout", 429003),
          Map.entry("ThrottlingMaxActiveJobCountExceeded", 429004),
          Map.entry("DeviceThrottlingLimitExceeded", 429005),
          Map.entry("ClientClosedRequest", 499000),
          Map.entry("ServerError", 500001),
          Map.entry("GenericTimeout", 500008),
          Map.entry("GenericBadGateway", 502000),
          Map.entry("ServiceUnavailable", 503001),
          Map.entry("PartitionNotFound", 503003),
          Map.entry("IotHubActivationFailed", 503004),
          Map.entry("ServerBusy", 503005),
          Map.entry("IotHubRestoring", 503006),
          Map.entry("ReceiveLinkOpensThrottled", 503008),
          Map.entry("ConnectionUnavailable", 503101),
          Map.entry("DeviceUnavailable", 503102),
          Map.entry("GenericGatewayTimeout", 504000),
          Map.entry("GatewayTimeout", 504101));

  /** Reads what an answer says, if it says anything in the hub's ways. */
  static HubError of(HttpAnswer answer) {
    String body = answer.text();
    if (body.length() > MAX_BODY_READ) {
      body = body.substring(0, MAX_BODY_READ);
    }
    String name =
        answer
            .header("iothub-errorcode")
            .filter(value -> NAME.matcher(value).matches())
            .orElse(find(NAME_IN_BODY, body));
    String number = find(CODE, body);
    OptionalInt code =
        !number.isEmpty()
            ? OptionalInt.of(Integer.parseInt(number))
            : CODES.containsKey(name) ? OptionalInt.of(CODES.get(name)) : OptionalInt.empty();
    if (code.isPresent() && code.getAsInt() / 1000 != answer.status()) {
      // A code contradicts its status: the status is what every part of HTTP goes by.
      code = OptionalInt.empty();
    }
    boolean signed = !name.isEmpty() || code.isPresent() || SIGN.matcher(body).find();
    return new HubError(name, code, printable(find(TEXT, body)), signed);
  }

  private static String find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }

  private static String printable(String told) {
    String text = told.startsWith("ErrorCode:") ? told.substring(told.indexOf(';') + 1) : told;
    if (text.contains("SharedAccess") || text.contains("sig=")) {
      return ""; // Whoever repeats a token shall not be repeated.
    }
    StringBuilder kept = new StringBuilder();
    text.chars().limit(MAX_TEXT).forEach(c -> kept.append(c < ' ' || c >= 0x7f ? '?' : (char) c));
    return kept.toString();
  }
}
