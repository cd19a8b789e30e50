package dev.fairlead.sqlite;

import dev.fairlead.Priority;
import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.spi.StoredQueue.Stored;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message as it is stored. The checksum covers the message, its key and the identity that it
 * belongs to, so that a message never appears in another queue.
 *
 * @param id its key
 * @param clock what the store's clock showed when it was added, in milliseconds
 * @param wall what the wall clock showed then, in milliseconds since 1970
 * @param timeToLive in nanoseconds, 0 for no limit
 * @param message the message
 */
record MessageRecord(long id, long clock, long wall, long timeToLive, TelemetryMessage message) {
  /** Of both clocks, the time to live and the key; enough to avoid most copies. */
  private static final int FIXED = 64;

  static byte[] encode(long id, Added added, long clock, long wall, byte[] salt) {
    TelemetryMessage message = added.message();
    Blob.Writer writer =
        new Blob.Writer(FIXED + message.size() + 8 * message.properties().size())
            .number(id)
            .number(clock)
            .number(wall)
            .number(nanos(added.timeToLive()))
            .number(nanos(message.timeToLive().orElse(null)))
            .bytes(message.body())
            .number(message.properties().size());
    message.properties().forEach((name, value) -> writer.text(name).text(value));
    writer.number(message.systemProperties().size());
    for (Map.Entry<SystemProperty, String> property : message.systemProperties().entrySet()) {
      writer.number(code(property.getKey())).text(property.getValue());
    }
    return writer.seal(Blob.MESSAGE, salt);
  }

  /** The key in a record whose checksum is not checked yet: that needs the identity. */
  static long idOf(byte[] blob) throws Damage {
    return Blob.unchecked(blob).number();
  }

  static MessageRecord decode(byte[] blob, byte[] salt) throws Damage {
    Blob.Reader reader = Blob.open(Blob.MESSAGE, blob, salt);
    long id = reader.number();
    long clock = reader.number();
    long wall = reader.number();
    long timeToLive = reader.number();
    long own = reader.number();
    try {
      TelemetryMessage.Builder message = TelemetryMessage.builder().body(reader.bytes());
      if (own != 0) {
        message.timeToLive(Duration.ofNanos(own));
      }
      for (int left = reader.count(); left > 0; left--) {
        message.property(reader.text(), reader.text());
      }
      for (int left = reader.count(); left > 0; left--) {
        set(message, reader.number(), reader.text());
      }
      message.priority(RowId.priority(id));
      return new MessageRecord(id, clock, wall, timeToLive, message.build());
    } catch (RuntimeException e) {
      throw new Damage("the message cannot be read", e);
    }
  }

  /** When the time to live has passed on the store's clock; {@link Long#MAX_VALUE} for never. */
  static long due(long clock, long timeToLive) {
    return timeToLive == 0 ? Long.MAX_VALUE : clock + (timeToLive - 1) / 1_000_000 + 1;
  }

  long due() {
    return due(clock, timeToLive);
  }

  Stored stored(long now) {
    return new Stored(
        RowId.sequence(id),
        message,
        Instant.ofEpochMilli(wall),
        Duration.ofMillis(Math.max(0, now - clock)),
        timeToLive == 0 ? null : Duration.ofNanos(timeToLive));
  }

  Priority priority() {
    return message.priority();
  }

  /** 0 for null. What is over 292 years is stored as 292 years. */
  static long nanos(@Nullable Duration duration) {
    if (duration == null) {
      return 0;
    }
    return duration.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0
        ? Math.max(1, duration.toNanos())
        : Long.MAX_VALUE;
  }

  private static int code(SystemProperty property) {
    return switch (property) {
      case MESSAGE_ID -> 1;
      case CORRELATION_ID -> 2;
      case USER_ID -> 3;
      case CONTENT_TYPE -> 4;
      case CONTENT_ENCODING -> 5;
      case CREATION_TIME -> 6;
      case OUTPUT_NAME -> 7;
      case COMPONENT -> 8;
      case TO, EXPIRY, ACK, ENQUEUED_TIME, DELIVERY_COUNT, SEQUENCE_NUMBER ->
          throw new IllegalArgumentException(property + " is not a property of telemetry.");
    };
  }

  private static void set(TelemetryMessage.Builder message, long code, String value) {
    switch ((int) code) {
      case 1 -> message.messageId(value);
      case 2 -> message.correlationId(value);
      case 3 -> message.userId(value);
      case 4 -> message.contentType(value);
      case 5 -> message.contentEncoding(value);
      case 6 -> message.creationTime(Instant.parse(value));
      case 7 -> message.outputName(value);
      case 8 -> message.component(value);
      default -> throw new IllegalArgumentException("unknown property " + code);
    }
  }
}
