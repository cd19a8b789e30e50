package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.UndocumentedBehavior.Reaction;
import dev.fairlead.localhub.registry.HubDevice;
import io.netty.handler.codec.mqtt.MqttTopicSubscription;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The subscriptions of one connection, stored if its session is stored. Used on the connection's
 * thread only.
 */
final class Subscriptions {

  /** The maximum number of topic filters of a connection. */
  private static final int LIMIT = 5;

  private static final int REFUSED = 0x80;

  private final HubDevice device;
  private final UndocumentedBehavior undocumented;
  private final StoredSessions sessions;
  private final boolean stored;
  private final Map<String, Subscription> byFilter = new LinkedHashMap<>();

  /**
   * One subscription.
   *
   * @param feed the messages it delivers
   * @param qos 0 or 1
   */
  record Subscription(Feed feed, int qos) {}

  /**
   * @param stored whether the session outlives the connection
   */
  Subscriptions(
      HubDevice device,
      UndocumentedBehavior undocumented,
      StoredSessions sessions,
      boolean stored) {
    this.device = device;
    this.undocumented = undocumented;
    this.sessions = sessions;
    this.stored = stored;
  }

  /** Resumes the stored session if there is one and the client wants it; answers whether it did. */
  boolean resume() {
    if (!stored) {
      sessions.forget(device); // [MQTT-3.1.2-6]
      return false;
    }
    Optional<Map<String, Subscription>> before = sessions.find(device);
    before.ifPresent(byFilter::putAll);
    store();
    return before.isPresent();
  }

  private void store() {
    if (stored) {
      sessions.store(device, Map.copyOf(byFilter));
    }
  }

  /**
   * Subscribes.
   *
   * @return the return codes of the SUBACK; empty if the connection is to be closed
   */
  Optional<List<Integer>> add(List<MqttTopicSubscription> wanted) {
    List<Integer> granted = new ArrayList<>();
    for (MqttTopicSubscription one : wanted) {
      String filter = one.topicFilter();
      int qos = Math.min(one.qualityOfService().value(), 1); // QoS 2 is granted as 1
      Optional<Feed> feed = Feed.of(filter, device.id());
      boolean fits = byFilter.containsKey(filter) || byFilter.size() < LIMIT;
      if (feed.isPresent() && fits) {
        byFilter.put(filter, new Subscription(feed.get(), qos));
        granted.add(qos);
        continue;
      }
      Reaction reaction =
          feed.isPresent() ? undocumented.sixthSubscription() : reactionToUnknown(filter);
      if (reaction == Reaction.CLOSE) {
        return Optional.empty();
      }
      granted.add(reaction == Reaction.REFUSE ? REFUSED : qos);
    }
    store();
    return Optional.of(granted);
  }

  private Reaction reactionToUnknown(String filter) {
    return Topics.isForeign(filter, device.id()) ? Reaction.CLOSE : undocumented.unknownFilter();
  }

  /** Unsubscribes; unknown filters are ignored. */
  void remove(List<String> filters) {
    filters.forEach(byFilter::remove);
    store();
  }

  boolean has(Feed feed) {
    return qosOf(feed).isPresent();
  }

  /** The highest QoS at which a feed is subscribed; empty if it is not. */
  OptionalInt qosOf(Feed feed) {
    return byFilter.values().stream()
        .filter(subscription -> subscription.feed() == feed)
        .mapToInt(Subscription::qos)
        .max();
  }
}
