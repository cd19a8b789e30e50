package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.telemetry.MessageProperties;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Parses the telemetry topics of one identity. Used on the connection's thread only. */
final class TelemetryTopics {

  private final String bare;
  private final String prefix;
  // Most clients send many messages with the same properties in a row.
  private String lastTopic;
  private Optional<MessageProperties> lastProperties = Optional.of(MessageProperties.NONE);

  TelemetryTopics(IdentityId id) {
    this.bare = Topics.base(id) + "/messages/events";
    this.prefix = bare + "/";
    this.lastTopic = prefix;
  }

  /** The properties in a telemetry topic; empty for any other topic or a broken bag. */
  Optional<MessageProperties> propertiesOf(String topic, boolean retain) {
    if (!topic.equals(lastTopic)) {
      lastProperties = parse(topic);
      lastTopic = topic;
    }
    return retain
        ? lastProperties.map(properties -> with(properties, "mqtt-retain", "true"))
        : lastProperties;
  }

  private Optional<MessageProperties> parse(String topic) {
    if (topic.startsWith(prefix)) {
      return PropertyBag.parseTelemetry(topic.substring(prefix.length()));
    }
    return topic.equals(bare) ? Optional.of(MessageProperties.NONE) : Optional.empty();
  }

  /**
   * With one more application property, which the hub adds for what a PUBLISH contains outside the
   * bag.
   */
  static MessageProperties with(MessageProperties properties, String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(properties.application());
    more.put(name, value);
    return new MessageProperties(Collections.unmodifiableMap(more), properties.system());
  }
}
