package dev.fairlead.localhub.https;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.cloud.LockedMessage;
import dev.fairlead.localhub.cloud.QueuedMessage;
import dev.fairlead.localhub.telemetry.MessageProperties;
import dev.fairlead.localhub.twin.HubTimestamps;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Message properties as HTTP headers, and as the {@code properties} of a batch, which have the same
 * names (page "Create and read IoT Hub messages").
 */
final class HeaderProperties {

  private static final String APPLICATION = "iothub-app-";
  private static final String SYMBOLS = "!#$%&'*+-.^_`|~";
  private static final String ID_SYMBOLS = "-:.+%_#*?!(),=@;$'";
  private static final int MAX_ID = 128;

  private static final Map<String, String> SYSTEM_NAMES =
      Map.ofEntries(
          Map.entry("iothub-messageid", "message-id"),
          Map.entry("iothub-correlationid", "correlation-id"),
          Map.entry("iothub-userid", "user-id"),
          Map.entry("iothub-to", "to"),
          Map.entry("iothub-expiry", "absolute-expiry-time"),
          Map.entry("iothub-ack", "iothub-ack"),
          Map.entry("iothub-contenttype", "content-type"),
          Map.entry("iothub-contentencoding", "content-encoding"),
          Map.entry("iothub-creation-time-utc", "iothub-creation-time-utc"),
          Map.entry("iothub-creationtimeutc", "iothub-creation-time-utc"),
          Map.entry("iothub-interface-id", "iothub-interface-id"),
          Map.entry("iothub-messageschema", "iothub-message-schema"),
          Map.entry("dt-subject", "dt-subject"));

  private HeaderProperties() {}

  /**
   * The properties of a telemetry message; other headers are skipped.
   *
   * @param pairs names, whose prefix and system part may be in any case, and values
   * @throws LocalHubException 400004 for names and values with undocumented characters
   */
  static MessageProperties ofTelemetry(Iterable<Map.Entry<String, String>> pairs) {
    Map<String, String> application = new LinkedHashMap<>();
    Map<String, String> system = new LinkedHashMap<>();
    for (Map.Entry<String, String> pair : pairs) {
      String name = pair.getKey();
      String value = pair.getValue();
      if (name.regionMatches(true, 0, APPLICATION, 0, APPLICATION.length())) {
        String own = name.substring(APPLICATION.length());
        check(own, value);
        application.put(own, value);
        continue;
      }
      String systemName = SYSTEM_NAMES.get(name.toLowerCase(Locale.ROOT));
      if (systemName != null) {
        checkId(systemName, value);
        system.put(systemName, value);
      }
    }
    return new MessageProperties(
        Collections.unmodifiableMap(application), Collections.unmodifiableMap(system));
  }

  private static void check(String name, String value) {
    if (name.isEmpty()
        || !name.chars().allMatch(c -> isLetterOrDigit(c) || SYMBOLS.indexOf(c) >= 0)) {
      throw new LocalHubException(
          400004,
          "The name of an application property has characters other than ASCII letters, digits and "
              + SYMBOLS
              + ". Choose another name.");
    }
    if (!value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new LocalHubException(
          400004,
          "The value of the application property '"
              + name
              + "' has characters outside printable ASCII. Encode it.");
    }
  }

  private static void checkId(String systemName, String value) {
    boolean isId = systemName.equals("message-id") || systemName.equals("correlation-id");
    if (isId
        && (value.length() > MAX_ID
            || !value.chars().allMatch(c -> isLetterOrDigit(c) || ID_SYMBOLS.indexOf(c) >= 0))) {
      throw new LocalHubException(
          400004,
          "The "
              + systemName
              + " has more than 128 characters, or characters other than ASCII letters, digits and "
              + ID_SYMBOLS
              + ".");
    }
  }

  private static boolean isLetterOrDigit(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  /** The headers of a C2D message. */
  static Map<String, String> ofCloudMessage(String deviceId, LockedMessage locked) {
    QueuedMessage queued = locked.queued();
    CloudToDeviceMessage message = queued.message();
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("ETag", '"' + locked.lockToken() + '"');
    headers.put("Content-Type", "application/octet-stream");
    put(headers, "iothub-messageid", Optional.of(queued.messageId()));
    put(headers, "iothub-correlationid", message.correlationId());
    put(headers, "iothub-userid", message.userId());
    put(headers, "iothub-to", Optional.of("/devices/" + deviceId + "/messages/deviceBound"));
    put(headers, "iothub-ack", message.ack().map(ack -> ack.name().toLowerCase(Locale.ROOT)));
    if (message.timeToLive().isPresent()) {
      headers.put("iothub-expiry", HubTimestamps.print(queued.expiry()));
    }
    headers.put("iothub-enqueuedtime", HubTimestamps.print(queued.enqueuedAt()));
    headers.put("iothub-deliverycount", Integer.toString(queued.deliveryCount()));
    headers.put("iothub-sequencenumber", Long.toString(queued.sequence()));
    put(headers, "iothub-contenttype", message.contentType());
    put(headers, "iothub-contentencoding", message.contentEncoding());
    message
        .properties()
        .forEach(
            (name, value) -> put(headers, APPLICATION + escape(name, true), Optional.of(value)));
    return headers;
  }

  private static void put(Map<String, String> headers, String name, Optional<String> value) {
    value.ifPresent(text -> headers.put(name, escape(text, false)));
  }

  /**
   * Characters that a header can carry are unchanged; all others, which the hub's documentation
   * rules out, are percent-encoded UTF-8, so that no message can break its own answer.
   */
  private static String escape(String text, boolean isName) {
    StringBuilder out = null;
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      int c = bytes[i] & 0xff;
      boolean fits =
          isName ? isLetterOrDigit(c) || SYMBOLS.indexOf(c) >= 0 : isValueCharacter(c, i, bytes);
      if (!fits && out == null) {
        out = new StringBuilder(text.substring(0, i)); // Up to here each byte was a character.
      }
      if (out != null) {
        if (fits) {
          out.append((char) c);
        } else {
          out.append(String.format(Locale.ROOT, "%%%02X", c));
        }
      }
    }
    return out == null ? text : out.toString();
  }

  /** RFC 9110, 5.5: spaces at the ends of a value are not part of it. */
  private static boolean isValueCharacter(int c, int index, byte[] bytes) {
    return (c > ' ' && c < 0x7f) || (c == ' ' && index > 0 && index < bytes.length - 1);
  }
}
