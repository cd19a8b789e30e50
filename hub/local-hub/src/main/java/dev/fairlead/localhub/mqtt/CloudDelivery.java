package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.cloud.CloudQueue;
import dev.fairlead.localhub.cloud.LockedMessage;
import dev.fairlead.localhub.registry.HubDevice;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends C2D messages from the queue on one connection. Used on the connection's thread only. */
final class CloudDelivery {

  private static final Logger LOG = LoggerFactory.getLogger(CloudDelivery.class);
  private static final int MAX_TOPIC_BYTES = 65_535;

  private final HubDevice device;
  private final Object holder;
  private final Outbound out;
  private final InFlight inFlight;
  private final Map<Integer, String> lockTokens = new HashMap<>();

  CloudDelivery(HubDevice device, Object holder, Outbound out, InFlight inFlight) {
    this.device = device;
    this.holder = holder;
    this.out = out;
    this.inFlight = inFlight;
  }

  /**
   * Sends all queued messages.
   *
   * @param qos of the subscription: at 0 sending completes a message, at 1 its PUBACK does
   */
  void sendWaiting(int qos) {
    CloudQueue queue = device.cloudQueue();
    for (Optional<LockedMessage> next = queue.lockNext(holder);
        next.isPresent();
        next = queue.lockNext(holder)) {
      send(next.get(), qos);
    }
  }

  private void send(LockedMessage locked, int qos) {
    String topic = Topics.cloudMessage(device.id(), locked.queued());
    if (topic.getBytes(StandardCharsets.UTF_8).length > MAX_TOPIC_BYTES) {
      LOG.warn(
          "{}: C2D message {} is dead-lettered, because its properties do not"
              + " fit into an MQTT topic.",
          device.id(),
          locked.queued());
      device.cloudQueue().reject(locked.lockToken());
      return;
    }
    byte[] body = locked.queued().message().body();
    if (qos == 0) {
      out.publish(topic, body, 0, 0, false);
      device.cloudQueue().complete(locked.lockToken());
      return;
    }
    int packetId = InFlight.packetIdOf(locked.queued().sequence());
    inFlight.sent(packetId);
    lockTokens.put(packetId, locked.lockToken());
    out.publish(topic, body, 1, packetId, locked.redelivered());
  }

  /** A PUBACK completes its message; one that arrives after the lock was lost does nothing. */
  void acknowledged(int packetId) {
    String token = lockTokens.remove(packetId);
    if (token != null) {
      device.cloudQueue().complete(token);
    }
  }
}
