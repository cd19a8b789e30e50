package dev.fairlead.crash;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Messages whose content follows from their device, number and size, so that it need not be
 * recorded.
 */
final class Messages {
  static final String HUB = "hub.example";

  private record Key(String device, long sequence, int size) {}

  /** Thousands of states have the same messages. */
  private static final Map<Key, StoredQueue.Added> MADE = new ConcurrentHashMap<>();

  private Messages() {}

  static DeviceIdentity identity(String device) {
    int slash = device.indexOf('/');
    return slash < 0
        ? DeviceIdentity.device(device)
        : DeviceIdentity.module(device.substring(0, slash), device.substring(slash + 1));
  }

  static StoredQueue.Added message(String device, long sequence, int size) {
    return MADE.computeIfAbsent(
        new Key(device, sequence, size), key -> make(device, sequence, size));
  }

  private static StoredQueue.Added make(String device, long sequence, int size) {
    SplittableRandom random = new SplittableRandom(device.hashCode() * 1_000_003L + sequence);
    byte[] body = new byte[size];
    random.nextBytes(body);
    TelemetryMessage.Builder builder =
        TelemetryMessage.builder()
            .body(body)
            .priority(Priority.values()[(int) (sequence % 7 % Priority.values().length)]);
    if (sequence % 3 == 0) {
      builder.property("number", Long.toString(sequence)).messageId("id-" + sequence);
    }
    Duration timeToLive = sequence % 4 == 0 ? Duration.ofDays(sequence) : null;
    return new StoredQueue.Added(sequence, builder.build(), timeToLive);
  }

  /** Whether what a store returned is what it was given. */
  static boolean same(StoredQueue.Added given, StoredQueue.Stored found) {
    TelemetryMessage message = given.message();
    return Arrays.equals(message.body(), found.message().body())
        && message.properties().equals(found.message().properties())
        && message.systemProperties().equals(found.message().systemProperties())
        && message.priority() == found.message().priority()
        && Objects.equals(given.timeToLive(), found.timeToLive());
  }
}
