package dev.fairlead.amqp;

import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Encodes telemetry for the hub, alone or many to a batch. IoT Hub: "Communicate with your IoT hub
 * by using the AMQP protocol", and "Create and read IoT Hub messages" for the names.
 */
final class TelemetryEncoder {
  /**
   * Each Data section of such a message holds a whole encoded message; one disposition settles all
   * of them.
   */
  static final int BATCH_FORMAT = 0x80013700;

  /** The head of a Data section. */
  private static final int ENVELOPE = 8;

  /** The service's test harness injects a fault for such a message, which must be sent alone. */
  private static final String FAULT = "AzIoTHub_FaultOperationType";

  private static final Map<SystemProperty, String> AS_APPLICATION_PROPERTY =
      Map.of(
          SystemProperty.CREATION_TIME, "iothub-creation-time-utc",
          SystemProperty.ACK, "iothub-ack",
          SystemProperty.OUTPUT_NAME, "iothub-outputname");

  private TelemetryEncoder() {}

  /** The most bytes that a message takes when encoded, without framing. */
  static int size(TelemetryMessage message) {
    // A section has a descriptor and a head, a value at most five bytes beside itself, and a system
    // property perhaps a name of 24 characters.
    return message.size()
        + 64
        + 10 * message.properties().size()
        + 40 * message.systemProperties().size();
  }

  /** Whether it may share a batch. */
  static boolean batchable(TelemetryMessage message) {
    return !message.properties().containsKey(FAULT);
  }

  static ByteBuffer one(TelemetryMessage message) {
    MessageWriter out = new MessageWriter(size(message));
    write(message, out);
    return out.finish();
  }

  static ByteBuffer batch(List<Envelope> messages) {
    int expected = 0;
    for (Envelope each : messages) {
      expected += ENVELOPE + size(each.message());
    }
    MessageWriter out = new MessageWriter(expected);
    for (Envelope each : messages) {
      int atMost = size(each.message());
      int start = out.beginData(atMost);
      write(each.message(), out);
      out.endData(start, atMost);
    }
    return out.finish();
  }

  private static void write(TelemetryMessage message, MessageWriter out) {
    Map<SystemProperty, String> system = message.systemProperties();
    String component = system.get(SystemProperty.COMPONENT);
    if (component != null) {
      out.section(MessageWriter.MESSAGE_ANNOTATIONS);
      int start = out.begin();
      out.symbol("dt-subject").text(component);
      out.endMap(start, 1);
    }
    properties(system, out);
    applicationProperties(message, out);
    out.data(message.body());
  }

  private static void properties(Map<SystemProperty, String> system, MessageWriter out) {
    String id = system.get(SystemProperty.MESSAGE_ID);
    String user = system.get(SystemProperty.USER_ID);
    String correlation = system.get(SystemProperty.CORRELATION_ID);
    String type = system.get(SystemProperty.CONTENT_TYPE);
    String encoding = system.get(SystemProperty.CONTENT_ENCODING);
    if (id == null && user == null && correlation == null && type == null && encoding == null) {
      return;
    }
    out.section(MessageWriter.PROPERTIES);
    int start = out.begin();
    out.textIf(id);
    if (user == null) {
      out.nothing();
    } else {
      out.binary(user.getBytes(StandardCharsets.UTF_8));
    }
    out.nothing().nothing().nothing().textIf(correlation).symbolIf(type).symbolIf(encoding);
    out.endList(start, 8);
  }

  private static void applicationProperties(TelemetryMessage message, MessageWriter out) {
    int count = message.properties().size();
    for (SystemProperty property : AS_APPLICATION_PROPERTY.keySet()) {
      count += message.systemProperties().containsKey(property) ? 1 : 0;
    }
    if (count == 0) {
      return;
    }
    out.section(MessageWriter.APPLICATION_PROPERTIES);
    int start = out.begin();
    message.properties().forEach((name, value) -> out.text(name).text(value));
    AS_APPLICATION_PROPERTY.forEach(
        (property, name) -> {
          String value = message.systemProperties().get(property);
          if (value != null) {
            out.text(name).text(value);
          }
        });
    out.endMap(start, count);
  }
}
