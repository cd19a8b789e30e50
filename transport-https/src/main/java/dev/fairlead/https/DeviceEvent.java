package dev.fairlead.https;

import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.util.Map;
import java.util.Optional;

/**
 * A message on its way to the hub, with its properties as HTTPS names them: made once for each
 * message.
 *
 * @param envelope what is to be settled
 * @param fields all properties by their names
 */
record DeviceEvent(Envelope envelope, Map<String, String> fields) {
  static DeviceEvent of(Envelope envelope) {
    return new DeviceEvent(envelope, MessageFields.of(envelope.message()));
  }

  TelemetryMessage message() {
    return envelope.message();
  }

  /** Its size in a batch. */
  long batchSize() {
    return TelemetryBatch.size(message());
  }

  /** Whether it can go as it is, with its properties in header fields. */
  boolean fitsHeader() {
    return MessageFields.fitHeader(fields);
  }

  /** Why HTTPS cannot carry it, empty if it can. */
  Optional<String> obstacle() {
    Optional<String> obstacle = MessageFields.obstacle(fields);
    if (obstacle.isEmpty() && batchSize() > TelemetryBatch.MAX_CONTENT && !fitsHeader()) {
      return Optional.of(
          "The message's properties do not fit header fields (their names differ in case only, a"
              + " value begins or ends with a blank, or there are more than 8 KB), and the message is"
              + " too large for the other form that HTTPS has. Change the properties, make the message"
              + " smaller, or use an MQTT or AMQP route.");
    }
    return obstacle;
  }
}
