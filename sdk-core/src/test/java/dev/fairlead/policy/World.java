package dev.fairlead.policy;

import dev.fairlead.Capability;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.policy.RouteMemory.Postponement;
import dev.fairlead.policy.TransportPolicy.BrokerFeature;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportOffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One combination of values of the table's facts: a digit per axis, 0 for "nothing said". */
final class World {
  /** A fact of the table, how many values it takes, and how the planned fact begins in words. */
  enum Axis {
    /** MULTIPLEX, ONE_PER_CONNECTION: one, several, several that must share. */
    IDENTITIES(3, "7 identities must share"),
    BLOCKED_8883(2, "outbound port 8883"),
    BLOCKED_5671(2, "outbound port 5671"),
    ONLY_443(2, "only outbound port 443"),
    PROXY(2, "an HTTP proxy"),
    BLOCKED_443(2, "outbound port 443"),
    METHODS(2, "direct methods are needed"),
    TWIN(2, "the twin is needed"),
    /** POLL_25MIN: nothing said, a minute, a minute in development mode, exactly 25 minutes. */
    LATENCY(4, "cloud-to-device messages may take"),
    MEMORY(2, "the client may take"),
    CLOUD_MESSAGES(2, "cloud-to-device messages are needed"),
    ABANDON(2, "abandoning messages is needed"),
    REJECT(2, "rejecting messages is needed"),
    /**
     * X509_CA_GA, X509_AMQP_WS: shared access, thumbprint, authority, authority on a hub in preview
     * mode.
     */
    CREDENTIAL(4, "the credentials are"),
    NO_MQTT(2, "fairlead-mqtt is not"),
    NO_AMQP(2, "fairlead-amqp is not"),
    NO_HTTPS(2, "fairlead-https is not"),
    UPLOAD(2, "files are to be"),
    BROKER(2, "the application wants QoS 2"),
    SIZE(2, "one message has"),
    TIER(2, "the hub is of the basic tier"),
    RARELY(2, "never a cause"),
    COMPACT(2, "never a cause"),
    /** Nothing, HTTPS first, AMQP_WS then HTTPS first. */
    PREFER(3, "never a cause"),
    /** Nothing, MQTT, MQTT_WS and AMQP. */
    POSTPONED(3, "never a cause");

    final int values;
    final String words;

    Axis(int values, String words) {
      this.values = values;
      this.words = words;
    }
  }

  static final Instant LATER = Instant.parse("2026-03-01T12:00:00Z");

  private static final List<Axis> AXES = List.of(Axis.values());
  private static final List<List<TransportOffer>> OFFERS = offersByMissing();
  private static final List<RouteMemory.Snapshot> MEMORIES =
      List.of(
          RouteMemory.Snapshot.none(),
          remembering(Protocol.MQTT),
          remembering(Protocol.MQTT_WS, Protocol.AMQP));

  private final int[] digits = new int[AXES.size()];

  int of(Axis axis) {
    return digits[axis.ordinal()];
  }

  boolean is(Axis axis) {
    return of(axis) != 0;
  }

  /** Counts on over the given axes; false after the last combination, when all are 0 again. */
  boolean next(List<Axis> over) {
    for (Axis axis : over) {
      int place = axis.ordinal();
      if (digits[place] + 1 < axis.values) {
        digits[place]++;
        return true;
      }
      digits[place] = 0;
    }
    return false;
  }

  TransportPolicy policy() {
    TransportPolicy.Builder policy = TransportPolicy.builder();
    if (is(Axis.IDENTITIES)) {
      policy.identities(7).sharedConnection(of(Axis.IDENTITIES) == 2);
    }
    if (is(Axis.BLOCKED_8883)) {
      policy.blockPort(8883);
    }
    if (is(Axis.BLOCKED_5671)) {
      policy.blockPort(5671);
    }
    if (is(Axis.ONLY_443)) {
      policy.onlyPort443();
    }
    if (is(Axis.BLOCKED_443)) {
      policy.blockPort(443);
    }
    if (is(Axis.LATENCY)) {
      policy.cloudMessageLatency(Duration.ofMinutes(of(Axis.LATENCY) == 3 ? 25 : 1));
    }
    if (of(Axis.LATENCY) == 2) {
      policy.developmentMode();
    }
    if (is(Axis.MEMORY)) {
      policy.memoryBudget(1024 * 1024 - 1);
    }
    if (is(Axis.ABANDON)) {
      policy.requiring(Capability.ABANDON);
    }
    if (is(Axis.REJECT)) {
      policy.requiring(Capability.REJECT);
    }
    switch (of(Axis.CREDENTIAL)) {
      case 1 -> policy.credentialKind(CredentialKind.X509_THUMBPRINT);
      case 2 -> policy.credentialKind(CredentialKind.X509_CA);
      case 3 -> policy.credentialKind(CredentialKind.X509_CA).x509CaPreview(true);
      default -> policy.credentialKind(CredentialKind.SHARED_ACCESS);
    }
    if (is(Axis.BROKER)) {
      policy.mqttBrokerFeatures(BrokerFeature.QOS_2, BrokerFeature.RETAINED_MESSAGES);
    }
    switch (of(Axis.PREFER)) {
      case 1 -> policy.prefer(Protocol.HTTPS);
      case 2 -> policy.prefer(Protocol.AMQP_WS, Protocol.HTTPS);
      default -> {}
    }
    return policy
        .proxyRequired(is(Axis.PROXY))
        .fileUpload(is(Axis.UPLOAD))
        .largestMessage(is(Axis.SIZE) ? 256 * 1024 + 1 : 256 * 1024)
        .basicTier(is(Axis.TIER))
        .rarelyConnected(is(Axis.RARELY))
        .compactPayloads(is(Axis.COMPACT))
        .build();
  }

  /** What handlers would need; abandon and reject are said by the policy instead. */
  Set<Capability> needed() {
    EnumSet<Capability> needed = EnumSet.of(Capability.TELEMETRY);
    if (is(Axis.METHODS)) {
      needed.add(Capability.DIRECT_METHODS);
    }
    if (is(Axis.TWIN)) {
      needed.add(Capability.TWIN);
    }
    if (is(Axis.CLOUD_MESSAGES)) {
      needed.add(Capability.CLOUD_MESSAGES);
    }
    return needed;
  }

  TransportPlan plan() {
    int missing = of(Axis.NO_MQTT) + 2 * of(Axis.NO_AMQP) + 4 * of(Axis.NO_HTTPS);
    return policy().plan(OFFERS.get(missing), needed(), MEMORIES.get(of(Axis.POSTPONED)));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("World");
    for (Axis axis : AXES) {
      if (is(axis)) {
        text.append(' ').append(axis).append('=').append(of(axis));
      }
    }
    return text.toString();
  }

  private static RouteMemory.Snapshot remembering(Protocol... protocols) {
    Map<Route, Postponement> routes = new HashMap<>();
    for (Protocol protocol : protocols) {
      routes.put(Wires.offer(protocol).route(), new Postponement(LATER, "refused"));
    }
    return new RouteMemory.Snapshot(routes);
  }

  private static List<List<TransportOffer>> offersByMissing() {
    List<List<TransportOffer>> all = new ArrayList<>();
    for (int missing = 0; missing < 8; missing++) {
      // in an unhelpful order: planning must not rely on it
      List<TransportOffer> offers = new ArrayList<>();
      if ((missing & 4) == 0) {
        offers.add(offer("fairlead-https", Protocol.HTTPS));
      }
      if ((missing & 2) == 0) {
        offers.add(offer("fairlead-amqp", Protocol.AMQP_WS, Protocol.AMQP));
      }
      if ((missing & 1) == 0) {
        offers.add(offer("fairlead-mqtt", Protocol.MQTT_WS, Protocol.MQTT));
      }
      all.add(offers);
    }
    return all;
  }

  private static TransportOffer offer(String name, Protocol... protocols) {
    List<RouteOffer> routes = new ArrayList<>();
    for (Protocol protocol : protocols) {
      routes.add(Wires.offer(protocol));
    }
    return new TransportOffer(name, routes);
  }
}
