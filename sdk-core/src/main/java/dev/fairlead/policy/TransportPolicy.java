package dev.fairlead.policy;

import dev.fairlead.Capability;
import dev.fairlead.Protocol;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.spi.InstalledTransports;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportOffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What the application requires of its route to the hub, and what its network allows. An immutable
 * value: the default holds only "one device"; each fact that is added narrows or reorders the plan.
 *
 * <p>The rules are those of the IoT Hub developer guide's page "Choose a device communication
 * protocol" and of the pages it leads to; {@link ReasonCode} lists them one by one.
 */
public final class TransportPolicy {
  /** The guide's threshold between low-resource devices and others: 1 MB. */
  public static final long LOW_MEMORY_BYTES = 1024 * 1024;

  private final int identities;
  private final Set<Flag> flags;
  private final SortedSet<Integer> blockedPorts;
  private final Set<Capability> required;
  private final Optional<Duration> cloudMessageLatency;
  private final OptionalLong memoryBudget;
  private final long lowMemoryThreshold;
  private final Optional<CredentialKind> credentialKind;
  private final Set<BrokerFeature> brokerFeatures;
  private final long largestMessage;
  private final Optional<MultiplexLimits> multiplexLimits;
  private final Set<Protocol> only;
  private final List<Protocol> preferred;

  private TransportPolicy(Builder builder) {
    identities = builder.identities;
    flags = frozen(builder.flags);
    blockedPorts = Collections.unmodifiableSortedSet(new TreeSet<>(builder.blockedPorts));
    required = frozen(builder.required);
    cloudMessageLatency = builder.cloudMessageLatency;
    memoryBudget = builder.memoryBudget;
    lowMemoryThreshold = builder.lowMemoryThreshold;
    credentialKind = builder.credentialKind;
    brokerFeatures = frozen(builder.brokerFeatures);
    largestMessage = builder.largestMessage;
    multiplexLimits = builder.multiplexLimits;
    only = frozen(builder.only);
    preferred = List.copyOf(builder.preferred);
  }

  private static <E extends Enum<E>> Set<E> frozen(EnumSet<E> set) {
    return Collections.unmodifiableSet(EnumSet.copyOf(set));
  }

  /**
   * One device, an open network, no wishes.
   *
   * @return the policy that a client has by default
   */
  public static TransportPolicy singleDevice() {
    return builder().build();
  }

  /**
   * A field or cloud gateway: several identities over shared connections. A gateway that may open
   * one connection per identity uses {@code builder().identities(n)} instead.
   *
   * @param identities how many, 2 or more
   * @return the policy
   * @throws IllegalArgumentException if there are fewer
   */
  public static TransportPolicy gateway(int identities) {
    return builder().identities(identities).sharedConnection(true).build();
  }

  /**
   * A device that may be behind an unknown firewall: the pushed routes on port 443 are tried first,
   * the others stay. If it is known that only 443 is open, use {@link Builder#onlyPort443()}.
   *
   * @return the policy
   */
  public static TransportPolicy firewallFriendly() {
    return builder().prefer(Protocol.MQTT_WS, Protocol.AMQP_WS).build();
  }

  /**
   * Starts a policy.
   *
   * @return a builder that holds the facts of {@link #singleDevice()}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts a policy from this one.
   *
   * @return a builder that holds the facts of this policy
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.identities = identities;
    builder.flags.addAll(flags);
    builder.blockedPorts.addAll(blockedPorts);
    builder.required.addAll(required);
    builder.cloudMessageLatency = cloudMessageLatency;
    builder.memoryBudget = memoryBudget;
    builder.lowMemoryThreshold = lowMemoryThreshold;
    builder.credentialKind = credentialKind;
    builder.brokerFeatures.addAll(brokerFeatures);
    builder.largestMessage = largestMessage;
    builder.multiplexLimits = multiplexLimits;
    builder.only.addAll(only);
    builder.preferred = preferred;
    return builder;
  }

  /**
   * Plans the way to the hub over the transports that are installed, without connecting: for
   * telemetry and what is {@linkplain #required() required}, and as if no route had failed lately.
   *
   * <pre>{@code
   * System.out.println(TransportPolicy.gateway(200).plan().explain());
   * }</pre>
   *
   * @return the plan; empty if nothing is left, see {@link TransportPlan#conflict()}
   */
  public TransportPlan plan() {
    InstalledTransports installed = InstalledTransports.find();
    return plan(installed.offers(), Set.of(Capability.TELEMETRY), RouteMemory.Snapshot.none())
        .reporting(installed.failures());
  }

  /**
   * Plans the way to the hub over given transports. A pure function: no I/O, no clock, the same
   * answer for the same arguments.
   *
   * @param offers what the transports at hand offer; of two offers of one route the first counts
   * @param needed what the registered handlers need; joined with {@link #required()}
   * @param remembered the routes that failed lately; they go last
   * @return the plan; empty if nothing is left, see {@link TransportPlan#conflict()}
   */
  public TransportPlan plan(
      List<TransportOffer> offers, Set<Capability> needed, RouteMemory.Snapshot remembered) {
    EnumSet<Capability> needs = EnumSet.noneOf(Capability.class);
    needs.addAll(required);
    needs.addAll(needed);
    return new Planning(this, needs, offers, remembered).plan();
  }

  /**
   * How many device identities the application connects.
   *
   * @return the number, at least 1
   */
  public int identities() {
    return identities;
  }

  /**
   * How many identities one connection of a route may carry ({@link ReasonCode#MUX_LIMIT}): as many
   * as the route offers, or the limit of {@link Builder#multiplexLimits} if it offers several.
   *
   * @param offer the route's offer
   * @return 1 or more
   */
  public int identitiesPerConnection(RouteOffer offer) {
    return multiplexLimits
        .filter(limits -> Rules.carriesSeveral(offer))
        .map(limits -> limits.on(offer.route().carrier()))
        .orElse(offer.identitiesPerConnection());
  }

  /**
   * The capabilities named with {@link Builder#requiring}.
   *
   * @return an unmodifiable set
   */
  public Set<Capability> required() {
    return required;
  }

  /**
   * The kind of credential, if it is set. A client fills in the kind of its own credential before
   * it plans.
   *
   * @return the kind, empty if it is not set; planning then assumes shared access
   */
  public Optional<CredentialKind> credentialKind() {
    return credentialKind;
  }

  /**
   * Whether polling more often than every 25 minutes is acceptable, as during development.
   *
   * @return whether development mode is on
   */
  public boolean developmentMode() {
    return has(Flag.DEVELOPMENT);
  }

  boolean has(Flag flag) {
    return flags.contains(flag);
  }

  SortedSet<Integer> blockedPorts() {
    return blockedPorts;
  }

  Optional<Duration> cloudMessageLatency() {
    return cloudMessageLatency;
  }

  OptionalLong memoryBudget() {
    return memoryBudget;
  }

  long lowMemoryThreshold() {
    return lowMemoryThreshold;
  }

  Set<BrokerFeature> brokerFeatures() {
    return brokerFeatures;
  }

  long largestMessage() {
    return largestMessage;
  }

  Optional<MultiplexLimits> multiplexLimits() {
    return multiplexLimits;
  }

  /** Empty: all. */
  Set<Protocol> only() {
    return only;
  }

  List<Protocol> preferred() {
    return preferred;
  }

  private List<Object> state() {
    return List.of(
        identities,
        flags,
        blockedPorts,
        required,
        cloudMessageLatency,
        memoryBudget,
        lowMemoryThreshold,
        credentialKind,
        brokerFeatures,
        largestMessage,
        multiplexLimits,
        only,
        preferred);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TransportPolicy that && state().equals(that.state());
  }

  @Override
  public int hashCode() {
    return state().hashCode();
  }

  /** The facts in words. */
  @Override
  public String toString() {
    return "TransportPolicy" + new Facts(this, required, Set.of()).given();
  }

  /** Features of general MQTT brokers that the hub lacks. Source: the hub's MQTT support page. */
  public enum BrokerFeature {
    /** Exactly-once delivery; the hub cuts a connection that publishes with it. */
    QOS_2,
    /** Messages that stay on their topic; the hub keeps none. */
    RETAINED_MESSAGES,
    /** Topics of the application's own; the hub has its fixed ones. */
    FREE_TOPICS
  }

  /** Builds a {@link TransportPolicy}. Not safe for several threads. */
  public static final class Builder {
    private int identities = 1;
    private final EnumSet<Flag> flags = EnumSet.noneOf(Flag.class);
    private final Set<Integer> blockedPorts = new TreeSet<>();
    private final EnumSet<Capability> required = EnumSet.noneOf(Capability.class);
    private Optional<Duration> cloudMessageLatency = Optional.empty();
    private OptionalLong memoryBudget = OptionalLong.empty();
    private long lowMemoryThreshold = LOW_MEMORY_BYTES;
    private Optional<CredentialKind> credentialKind = Optional.empty();
    private final EnumSet<BrokerFeature> brokerFeatures = EnumSet.noneOf(BrokerFeature.class);
    private long largestMessage;
    private Optional<MultiplexLimits> multiplexLimits = Optional.empty();
    private final EnumSet<Protocol> only = EnumSet.noneOf(Protocol.class);
    private List<Protocol> preferred = List.of();

    private Builder() {}

    /**
     * How many device identities the application connects; two or more make it a gateway, and AMQP
     * is ranked first.
     *
     * @param n 1 or more
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder identities(int n) {
      identities = (int) atLeast(1, n, "identities");
      return this;
    }

    /**
     * Whether the identities must share one TLS connection or a pool of them ({@link
     * ReasonCode#MULTIPLEX}). Without it a gateway may also open one connection per identity
     * ({@link ReasonCode#ONE_PER_CONNECTION}).
     *
     * @param must whether they must
     * @return this
     */
    public Builder sharedConnection(boolean must) {
      return flag(Flag.SHARED_CONNECTION, must);
    }

    /**
     * Sets that an outbound port is blocked ({@link ReasonCode#PORT_8883}, {@link
     * ReasonCode#PORT_5671}, {@link ReasonCode#PORT_443}). May be called for several.
     *
     * @param port 1 to 65535; the hub's are 8883 (MQTT), 5671 (AMQP) and 443
     * @return this
     * @throws IllegalArgumentException if it is no port
     */
    public Builder blockPort(int port) {
      if (port < 1 || port > 65535) {
        throw new IllegalArgumentException("A port is 1 to 65535, not " + port + ".");
      }
      blockedPorts.add(port);
      return this;
    }

    /**
     * Sets that only outbound port 443 is open ({@link ReasonCode#TRAVERSAL}).
     *
     * @return this
     */
    public Builder onlyPort443() {
      return flag(Flag.ONLY_PORT_443, true);
    }

    /**
     * Whether everything must go through an HTTP proxy ({@link ReasonCode#TRAVERSAL}).
     *
     * @param must whether it must
     * @return this
     */
    public Builder proxyRequired(boolean must) {
      return flag(Flag.PROXY_REQUIRED, must);
    }

    /**
     * What the application needs in addition to the needs of its registered handlers ({@link
     * ReasonCode#NO_PUSH_FEATURE}, {@link ReasonCode#MQTT_NO_REJECT}). Repeated calls add to it.
     *
     * @param capabilities the needs
     * @return this
     */
    public Builder requiring(Capability... capabilities) {
      required.addAll(Arrays.asList(capabilities));
      return this;
    }

    /**
     * How late a cloud-to-device message may come ({@link ReasonCode#POLL_25MIN}). Under 25 minutes
     * only pushed routes are left, unless development mode is on.
     *
     * @param tolerated the longest wait while connected, zero or more
     * @return this
     * @throws IllegalArgumentException if it is negative
     */
    public Builder cloudMessageLatency(Duration tolerated) {
      if (tolerated.isNegative()) {
        throw new IllegalArgumentException("A latency is zero or more, not " + tolerated + ".");
      }
      cloudMessageLatency = Optional.of(tolerated);
      return this;
    }

    /**
     * Lets a polled route ask more often than once in 25 minutes. For development only: the hub
     * throttles devices that do so.
     *
     * @return this
     */
    public Builder developmentMode() {
      return flag(Flag.DEVELOPMENT, true);
    }

    /**
     * The memory that the client may take ({@link ReasonCode#LOW_RESOURCE}).
     *
     * @param bytes 1 or more
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder memoryBudget(long bytes) {
      memoryBudget = OptionalLong.of(atLeast(1, bytes, "memoryBudget"));
      return this;
    }

    /**
     * Under which memory budget a device counts as low-resource ({@link ReasonCode#LOW_RESOURCE}):
     * 1 MB by default, as in the guide. No JVM fits that, so measure and set your own.
     *
     * @param bytes 1 or more
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder lowMemoryThreshold(long bytes) {
      lowMemoryThreshold = atLeast(1, bytes, "lowMemoryThreshold");
      return this;
    }

    /**
     * What the identities authenticate with ({@link ReasonCode#X509_CA_GA}, {@link
     * ReasonCode#X509_AMQP_WS}). Shared access by default.
     *
     * @param kind the kind of credential
     * @return this
     */
    public Builder credentialKind(CredentialKind kind) {
      credentialKind = Optional.of(kind);
      return this;
    }

    /**
     * Whether the hub is known to take X.509 CA credentials over WebSockets and HTTPS, as one in
     * preview mode does: then these routes are not ranked lower ({@link ReasonCode#X509_CA_GA}).
     *
     * @param preview whether it is
     * @return this
     */
    public Builder x509CaPreview(boolean preview) {
      return flag(Flag.X509_CA_PREVIEW, preview);
    }

    /**
     * Whether the application uploads files, which needs HTTPS beside the chosen protocol ({@link
     * ReasonCode#UPLOAD_HTTPS}).
     *
     * @param needed whether it does
     * @return this
     */
    public Builder fileUpload(boolean needed) {
      return flag(Flag.FILE_UPLOAD, needed);
    }

    /**
     * Whether the hub is of the basic tier: telemetry only ({@link ReasonCode#TIER}).
     *
     * @param basic whether it is
     * @return this
     */
    public Builder basicTier(boolean basic) {
      return flag(Flag.BASIC_TIER, basic);
    }

    /**
     * Features of general MQTT brokers that the application wants ({@link
     * ReasonCode#MQTT_LIMITED}). The hub has none of them: planning refuses MQTT and says what to
     * use instead. Repeated calls add to it.
     *
     * @param features the features
     * @return this
     */
    public Builder mqttBrokerFeatures(BrokerFeature... features) {
      brokerFeatures.addAll(Arrays.asList(features));
      return this;
    }

    /**
     * The largest telemetry message that the application sends, with its properties ({@link
     * ReasonCode#SIZE}). The hub takes 256 KB.
     *
     * @param bytes zero or more
     * @return this
     * @throws IllegalArgumentException if it is negative
     */
    public Builder largestMessage(long bytes) {
      largestMessage = atLeast(0, bytes, "largestMessage");
      return this;
    }

    /**
     * How many identities one shared connection may carry ({@link ReasonCode#MUX_LIMIT}), instead
     * of what the routes offer.
     *
     * @param amqp on AMQP over TLS, 1 or more; 1000 by default
     * @param amqpWs on AMQP over WebSockets, 1 or more; 500 by default
     * @return this
     * @throws IllegalArgumentException if one is less
     */
    public Builder multiplexLimits(int amqp, int amqpWs) {
      atLeast(1, Math.min(amqp, amqpWs), "multiplexLimits");
      multiplexLimits = Optional.of(new MultiplexLimits(amqp, amqpWs));
      return this;
    }

    /**
     * Whether the device connects seldom and for a short time. If it needs no push, a polled route
     * is then acceptable.
     *
     * @param rarely whether it does
     * @return this
     */
    public Builder rarelyConnected(boolean rarely) {
      return flag(Flag.RARELY_CONNECTED, rarely);
    }

    /**
     * Whether payloads should be compact in transit: routes that are not binary go last.
     *
     * @param wanted whether they should
     * @return this
     */
    public Builder compactPayloads(boolean wanted) {
      return flag(Flag.COMPACT_PAYLOADS, wanted);
    }

    /**
     * Leaves out every other protocol. A second call replaces the first.
     *
     * @param protocols those to keep; none means all
     * @return this
     */
    public Builder only(Protocol... protocols) {
      only.clear();
      only.addAll(Arrays.asList(protocols));
      return this;
    }

    /**
     * Tries these first, in this order; the others follow in the documented one. A second call
     * replaces the first.
     *
     * @param protocols those to try first
     * @return this
     */
    public Builder prefer(Protocol... protocols) {
      preferred = Arrays.stream(protocols).distinct().toList();
      return this;
    }

    /**
     * Builds the policy.
     *
     * @return the policy
     * @throws IllegalArgumentException if a shared connection is wanted for fewer than two
     *     identities
     */
    public TransportPolicy build() {
      if (identities < 2 && flags.contains(Flag.SHARED_CONNECTION)) {
        throw new IllegalArgumentException(
            "A shared connection needs at least two identities, and there is "
                + identities
                + ". Say how many with identities(n), or leave sharedConnection out.");
      }
      return new TransportPolicy(this);
    }

    private Builder flag(Flag flag, boolean on) {
      if (on) {
        flags.add(flag);
      } else {
        flags.remove(flag);
      }
      return this;
    }

    private static long atLeast(long least, long value, String what) {
      if (value < least) {
        throw new IllegalArgumentException(what + " is at least " + least + ", not " + value + ".");
      }
      return value;
    }
  }
}
