package dev.fairlead.localhub.mqtt;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/** The subscriptions of one session. Used on the connection's thread only. */
final class Subscriptions {

  /** How many topic filters a connection may have. */
  static final int LIMIT = 5;

  private final Map<String, Subscription> byFilter = new LinkedHashMap<>();

  /**
   * One subscription.
   *
   * @param feed what it brings
   * @param qos 0 or 1
   */
  record Subscription(Feed feed, int qos) {}

  /** Takes over what a stored session has. */
  void restore(Map<String, Subscription> stored) {
    byFilter.putAll(stored);
  }

  /** Whether one more filter fits; a filter that is there already is replaced. */
  boolean hasRoomFor(String filter) {
    return byFilter.containsKey(filter) || byFilter.size() < LIMIT;
  }

  void add(String filter, Subscription subscription) {
    byFilter.put(filter, subscription);
  }

  void remove(String filter) {
    byFilter.remove(filter);
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

  /** A copy to store. */
  Map<String, Subscription> snapshot() {
    return Map.copyOf(byFilter);
  }
}
