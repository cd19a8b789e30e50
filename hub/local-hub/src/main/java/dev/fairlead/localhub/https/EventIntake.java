package dev.fairlead.localhub.https;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.telemetry.MessageProperties;
import dev.fairlead.localhub.telemetry.TelemetryOrigin;
import dev.fairlead.localhub.twin.Json;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST …/messages/events}: one message, or a batch that is accepted completely or not at all
 * (page "Send device-to-cloud messages").
 */
final class EventIntake implements Operation {

  /** The largest message, and the largest body of a batch. */
  static final int MAX_SIZE = 256 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(EventIntake.class);
  private static final String BATCH_TYPE = "application/vnd.microsoft.iothub.json";
  private static final int MAX_BATCH = 500;

  private final HubCore hub;
  private final Access.Granted access;
  private final HttpHeaders headers;
  private final FaultCommands commands;

  EventIntake(HubCore hub, Access.Granted access, HttpHeaders headers, FaultCommands commands) {
    this.hub = hub;
    this.access = access;
    this.headers = headers;
    this.commands = commands;
  }

  private record Message(ByteBuffer body, MessageProperties properties) {}

  @Override
  public HubDevice sender() {
    return access.device();
  }

  @Override
  public int bodyLimit() {
    return MAX_SIZE;
  }

  @Override
  public Moment afterwards() {
    return Moment.AFTER_ACK;
  }

  @Override
  public Answer run(byte[] body, Occasions occasions) {
    List<Message> messages =
        isBatch()
            ? readBatch(body)
            : List.of(new Message(ByteBuffer.wrap(body), HeaderProperties.ofTelemetry(headers)));
    for (Message message : messages) {
      if (message.body().remaining() + message.properties().size() > MAX_SIZE) {
        throw new LocalHubException(
            413001, "A message with its properties has more than 256 KB. Send smaller messages.");
      }
    }
    if (hub.options().faultMessages()) {
      for (Message message : messages) {
        commands.run(message.properties().application());
      }
    }
    Answer instead =
        occasions.at(
            Moment.BEFORE_STORE, messages.stream().map(message -> message.body().array()).toList());
    if (instead != null) {
      return instead;
    }
    TelemetryOrigin origin =
        TelemetryOrigin.of(
            access.device().id(), access.device().generationId(), access.method(), null);
    for (Message message : messages) {
      hub.telemetry().append(origin, message.body().array(), message.properties());
    }
    try {
      hub.telemetry().flush();
    } catch (IOException e) {
      LOG.error("The telemetry file cannot be written; a message is refused: {}", e.toString());
      throw new LocalHubException(
          500001, "The hub could not store the message. Send it again later.");
    }
    instead = occasions.at(Moment.BEFORE_ACK);
    return instead != null ? instead : Answer.NO_CONTENT;
  }

  private boolean isBatch() {
    String type = headers.get("Content-Type", "");
    int parameters = type.indexOf(';');
    String media = parameters < 0 ? type : type.substring(0, parameters);
    return media.trim().toLowerCase(Locale.ROOT).equals(BATCH_TYPE);
  }

  private static List<Message> readBatch(byte[] body) {
    JsonNode batch = Json.parse(new String(body, StandardCharsets.UTF_8));
    if (!batch.isArray() || batch.isEmpty()) {
      throw badBatch("it is not an array of at least one message");
    }
    if (batch.size() > MAX_BATCH) {
      throw badBatch("it has more than " + MAX_BATCH + " messages");
    }
    List<Message> messages = new ArrayList<>();
    for (JsonNode element : batch) {
      messages.add(
          new Message(ByteBuffer.wrap(bodyOf(element)), propertiesOf(element.get("properties"))));
    }
    return messages;
  }

  private static byte[] bodyOf(JsonNode element) {
    JsonNode body = element.get("body");
    JsonNode encoded = element.get("base64Encoded");
    if (body == null || !body.isTextual()) {
      throw badBatch("a message has no 'body', or one that is not a string");
    }
    if (encoded != null && !encoded.isBoolean()) {
      throw badBatch("'base64Encoded' is neither true nor false");
    }
    if (encoded != null && !encoded.booleanValue()) {
      return body.textValue().getBytes(StandardCharsets.UTF_8);
    }
    try {
      return Base64.getDecoder().decode(body.textValue());
    } catch (IllegalArgumentException e) {
      throw badBatch("a 'body' is not base64, and 'base64Encoded' does not say false");
    }
  }

  private static MessageProperties propertiesOf(@Nullable JsonNode properties) {
    if (properties == null || properties.isNull()) {
      return MessageProperties.NONE;
    }
    if (!properties.isObject()) {
      throw badBatch("'properties' is not an object");
    }
    List<Map.Entry<String, String>> pairs = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : properties.properties()) {
      if (!property.getValue().isTextual()) {
        throw badBatch("a property has a value that is not a string");
      }
      pairs.add(Map.entry(property.getKey(), property.getValue().textValue()));
    }
    return HeaderProperties.ofTelemetry(pairs);
  }

  private static LocalHubException badBatch(String reason) {
    return new LocalHubException(
        400004,
        "The batch is refused: "
            + reason
            + ". Send [{\"body\":\"<base64>\",\"properties\":{…}}, …].");
  }
}
