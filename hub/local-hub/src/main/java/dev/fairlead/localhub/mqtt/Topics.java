package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.cloud.QueuedMessage;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.twin.HubTimestamps;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The topics of the hub (page "Communicate with your IoT hub using the MQTT protocol"). */
final class Topics {

  static final String TWIN_GET = "$iothub/twin/GET/";
  static final String TWIN_REPORT = "$iothub/twin/PATCH/properties/reported/";
  static final String METHOD_ANSWER = "$iothub/methods/res/";

  private Topics() {}

  /**
   * The prefix of all topics of an identity's messages, ids unescaped: {@code devices/d} or {@code
   * devices/d/modules/m}.
   */
  static String base(IdentityId id) {
    return "devices/" + id.device() + id.module().map(module -> "/modules/" + module).orElse("");
  }

  /** Whether a topic or filter is that of another device or module. */
  static boolean isForeign(String topic, IdentityId id) {
    return topic.startsWith("devices/") && !topic.startsWith(base(id) + "/");
  }

  static String twinAnswer(int status, String requestId) {
    return "$iothub/twin/res/" + status + "/?$rid=" + requestId;
  }

  static String reportAccepted(String requestId, long version) {
    return twinAnswer(204, requestId) + "&$version=" + version;
  }

  static String desiredChange(long version) {
    return "$iothub/twin/PATCH/properties/desired/?$version=" + version;
  }

  static String methodCall(String name, String requestId) {
    return "$iothub/methods/POST/" + name + "/?$rid=" + requestId;
  }

  /**
   * The topic of a C2D message, its properties in the order in which the hub writes them: {@code
   * $.mid $.exp $.to $.cid $.uid $.ct $.ce iothub-ack}, then those of the application; the dollar
   * sign is escaped.
   */
  static String cloudMessage(IdentityId id, QueuedMessage queued) {
    CloudToDeviceMessage message = queued.message();
    StringBuilder bag = new StringBuilder(200);
    PropertyBag.append(bag, "$.mid", queued.messageId());
    if (message.timeToLive().isPresent()) {
      PropertyBag.append(bag, "$.exp", HubTimestamps.print(queued.expiry()));
    }
    PropertyBag.append(bag, "$.to", "/" + base(id) + "/messages/devicebound");
    append(bag, "$.cid", message.correlationId());
    append(bag, "$.uid", message.userId());
    append(bag, "$.ct", message.contentType());
    append(bag, "$.ce", message.contentEncoding());
    append(bag, "iothub-ack", message.ack().map(ack -> ack.name().toLowerCase(Locale.ROOT)));
    for (Map.Entry<String, String> property : message.properties().entrySet()) {
      PropertyBag.append(bag, property.getKey(), property.getValue());
    }
    return base(id) + "/messages/devicebound/" + bag;
  }

  private static void append(StringBuilder bag, String name, Optional<String> value) {
    value.ifPresent(text -> PropertyBag.append(bag, name, text));
  }

  /**
   * A value from the query at the end of a topic, byte for byte: request ids are echoed as
   * received.
   *
   * @param topic ends with {@code ?name=value&name=value}
   */
  static Optional<String> queryValue(String topic, String name) {
    int question = topic.indexOf('?');
    if (question < 0) {
      return Optional.empty();
    }
    for (String pair : topic.substring(question + 1).split("&", -1)) {
      if (pair.startsWith(name + "=")) {
        return Optional.of(pair.substring(name.length() + 1));
      }
    }
    return Optional.empty();
  }
}
