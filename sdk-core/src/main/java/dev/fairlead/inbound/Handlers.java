package dev.fairlead.inbound;

import dev.fairlead.AsyncMethodHandler;
import dev.fairlead.Capability;
import dev.fairlead.CloudMessageHandler;
import dev.fairlead.ConnectionStateListener;
import dev.fairlead.DesiredPropertiesHandler;
import dev.fairlead.StoredOutcomeListener;
import dev.fairlead.spi.Feed;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The application's handlers, fixed before connecting.
 *
 * @param cloudMessages for C2D messages
 * @param methods for direct methods, by name
 * @param otherMethods for direct methods without a handler of their own
 * @param desiredProperties for desired properties
 * @param states for the connection's state
 * @param storedOutcomes for messages of a durable outbox that have no future
 * @param methodQueueTime how long a direct method may wait for its handler
 */
public record Handlers(
    Optional<CloudMessageHandler> cloudMessages,
    Map<String, AsyncMethodHandler> methods,
    Optional<AsyncMethodHandler> otherMethods,
    Optional<DesiredPropertiesHandler> desiredProperties,
    List<ConnectionStateListener> states,
    Optional<StoredOutcomeListener> storedOutcomes,
    Duration methodQueueTime) {

  /** What the sessions have to subscribe. */
  public Set<Feed> feeds() {
    Set<Feed> feeds = EnumSet.noneOf(Feed.class);
    if (cloudMessages.isPresent()) {
      feeds.add(Feed.CLOUD_MESSAGES);
    }
    if (!methods.isEmpty() || otherMethods.isPresent()) {
      feeds.add(Feed.DIRECT_METHODS);
    }
    if (desiredProperties.isPresent()) {
      feeds.add(Feed.DESIRED_PROPERTIES);
    }
    return feeds;
  }

  /** What a route must be able to do for these handlers. */
  public Set<Capability> needs() {
    Set<Capability> needs = EnumSet.of(Capability.TELEMETRY);
    for (Feed feed : feeds()) {
      needs.add(
          switch (feed) {
            case CLOUD_MESSAGES -> Capability.CLOUD_MESSAGES;
            case DIRECT_METHODS -> Capability.DIRECT_METHODS;
            case DESIRED_PROPERTIES -> Capability.TWIN;
          });
    }
    return needs;
  }
}
