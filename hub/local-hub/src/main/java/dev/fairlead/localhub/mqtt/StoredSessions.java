package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.registry.HubDevice;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The stored state of sessions with CleanSession = 0: their subscriptions. The messages themselves
 * are in the C2D queue. Safe for use by several threads.
 */
final class StoredSessions {

  private final ConcurrentMap<String, Stored> byIdentity = new ConcurrentHashMap<>();

  private record Stored(
      String generationId, Map<String, Subscriptions.Subscription> subscriptions) {}

  /**
   * The subscriptions of the stored session; empty if there is none, or if the identity was deleted
   * and created again since.
   */
  Optional<Map<String, Subscriptions.Subscription>> find(HubDevice device) {
    Stored stored = byIdentity.get(device.id().toString());
    if (stored == null || !stored.generationId().equals(device.generationId())) {
      return Optional.empty();
    }
    return Optional.of(stored.subscriptions());
  }

  void store(HubDevice device, Map<String, Subscriptions.Subscription> subscriptions) {
    byIdentity.put(device.id().toString(), new Stored(device.generationId(), subscriptions));
  }

  void forget(HubDevice device) {
    byIdentity.remove(device.id().toString());
  }
}
