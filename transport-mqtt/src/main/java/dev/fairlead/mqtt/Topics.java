package dev.fairlead.mqtt;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Feed;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The hub's topics for one identity. They contain ids as they are, not encoded. IoT Hub:
 * "Communicate with your IoT hub using the MQTT protocol".
 */
final class Topics {
  static final String METHODS = "$iothub/methods/POST/";
  static final String TWIN_ANSWERS = "$iothub/twin/res/";
  static final String DESIRED = "$iothub/twin/PATCH/properties/desired/";

  /** The most bytes that a topic or any other text of MQTT can have. [MQTT-1.5.3] */
  static final int MAX_TEXT_BYTES = 65535;

  /** The most bytes of a telemetry topic without its properties: two ids of 128 characters. */
  static final int MAX_EVENTS_BYTES = "devices//modules//messages/events/".length() + 2 * 128;

  private static final int MAX_ID_CHARS = 256;

  private final String events;
  private final String cloudMessages;

  Topics(DeviceIdentity identity) {
    String root =
        "devices/"
            + identity.deviceId()
            + identity.moduleId().map(module -> "/modules/" + module).orElse("");
    events = root + "/messages/events/";
    cloudMessages = root + "/messages/devicebound/";
  }

  /** Whether MQTT can carry the id: {@code +} and {@code #} are wildcards in topics. */
  static boolean carries(DeviceIdentity identity) {
    String id = identity.toString();
    return id.indexOf('+') < 0 && id.indexOf('#') < 0;
  }

  String cloudMessages() {
    return cloudMessages;
  }

  /** The filter that brings a feed. */
  String filter(Feed feed) {
    return switch (feed) {
          case CLOUD_MESSAGES -> cloudMessages;
          case DIRECT_METHODS -> METHODS;
          case DESIRED_PROPERTIES -> DESIRED;
        }
        + "#";
  }

  /** The topic that carries a message's properties; ASCII only, so its length is its bytes. */
  String telemetry(TelemetryMessage message) {
    StringBuilder topic = new StringBuilder(events.length() + 64).append(events);
    PropertyBag.encode(topic, message.systemProperties(), message.properties());
    return topic.toString();
  }

  /** The exact size of the PUBLISH packet of a message at QoS 1; encodes nothing. */
  long telemetrySize(TelemetryMessage message) {
    return publishSize(
        events.length()
            + PropertyBag.encodedLength(message.systemProperties(), message.properties()),
        message.body().length);
  }

  /** The size of a PUBLISH packet at QoS 1. [MQTT-2.2.3, 3.3] */
  static long publishSize(int topicBytes, int bodyBytes) {
    long remaining = 2L + topicBytes + 2 + bodyBytes;
    int lengthBytes = remaining < 128 ? 1 : remaining < 16384 ? 2 : remaining < 2097152 ? 3 : 4;
    return 1 + lengthBytes + remaining;
  }

  static String twinGet(String rid) {
    return "$iothub/twin/GET/?$rid=" + rid;
  }

  static String twinReport(String rid) {
    return "$iothub/twin/PATCH/properties/reported/?$rid=" + rid;
  }

  static String methodAnswer(int status, String rid) {
    return "$iothub/methods/res/" + status + "/?$rid=" + rid;
  }

  /**
   * {@code $iothub/methods/POST/{name}/?$rid={rid}}.
   *
   * @param name the method's name as it is in the topic
   * @param rid the request id, to be echoed as it is
   */
  record MethodCall(String name, String rid) {
    static Optional<MethodCall> parse(String topic) {
      int query = topic.lastIndexOf("/?");
      if (!topic.startsWith(METHODS) || query <= METHODS.length()) {
        return Optional.empty();
      }
      String rid = parameter(topic, query + 2, "$rid");
      // The id goes into the answer's topic, where a wildcard would break it. [MQTT-3.3.2-2]
      return rid == null
              || rid.isEmpty()
              || rid.length() > MAX_ID_CHARS
              || rid.indexOf('#') >= 0
              || rid.indexOf('+') >= 0
          ? Optional.empty()
          : Optional.of(new MethodCall(topic.substring(METHODS.length(), query), rid));
    }
  }

  /**
   * {@code $iothub/twin/res/{status}/?$rid={rid}&$version={version}}.
   *
   * @param status as in HTTP
   * @param rid the request id
   * @param version the new version of the reported properties
   * @param retryAfterSeconds how long to wait before the next request
   */
  record TwinAnswer(int status, String rid, OptionalLong version, OptionalLong retryAfterSeconds) {
    static Optional<TwinAnswer> parse(String topic) {
      int query = topic.indexOf("/?", TWIN_ANSWERS.length());
      if (!topic.startsWith(TWIN_ANSWERS) || query < 0) {
        return Optional.empty();
      }
      OptionalLong status = number(topic.substring(TWIN_ANSWERS.length(), query));
      String rid = parameter(topic, query + 2, "$rid");
      if (status.isEmpty() || status.getAsLong() > 999 || rid == null) {
        return Optional.empty();
      }
      return Optional.of(
          new TwinAnswer(
              (int) status.getAsLong(),
              rid,
              number(parameter(topic, query + 2, "$version")),
              number(parameter(topic, query + 2, "retry-after"))));
    }
  }

  /** A parameter's text as it is there; its name may be encoded ({@code %24rid}). */
  private static @Nullable String parameter(String topic, int from, String name) {
    int start = from;
    while (start < topic.length()) {
      int end = topic.indexOf('&', start);
      if (end < 0) {
        end = topic.length();
      }
      int equals = topic.indexOf('=', start);
      if (equals > start
          && equals < end
          && PropertyBag.decodeText(topic.substring(start, equals)).equals(name)) {
        return topic.substring(equals + 1, end);
      }
      start = end + 1;
    }
    return null;
  }

  private static OptionalLong number(@Nullable String text) {
    if (text == null || text.isEmpty() || text.length() > 18) {
      return OptionalLong.empty();
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return OptionalLong.empty();
      }
    }
    return OptionalLong.of(Long.parseLong(text));
  }
}
