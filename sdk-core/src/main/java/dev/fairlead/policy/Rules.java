package dev.fairlead.policy;

import static dev.fairlead.Capability.ABANDON;
import static dev.fairlead.Capability.CLOUD_MESSAGES;
import static dev.fairlead.Capability.DIRECT_METHODS;
import static dev.fairlead.Capability.REJECT;
import static dev.fairlead.Capability.TELEMETRY;
import static dev.fairlead.Capability.TWIN;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.policy.TransportPlan.Fact;
import dev.fairlead.policy.TransportPlan.Reason;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.RouteOffer.Delivery;
import dev.fairlead.spi.RouteOffer.Footprint;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/**
 * The rules that skip a route, in the order of the documented table. Each reads the facts and what
 * the offer declares, never a protocol's name, and answers with the sets of facts that make it
 * hold; rules do not depend on each other, and none revokes what another decides. So more facts
 * never bring a route back, and a smallest conflict can be read off the reasons.
 */
final class Rules {
  private static final Set<Capability> NOT_IN_BASIC_TIER =
      EnumSet.of(CLOUD_MESSAGES, ABANDON, REJECT, TWIN, DIRECT_METHODS);

  private static final Set<Capability> PUSH_FEATURES = EnumSet.of(DIRECT_METHODS, TWIN);
  private static final Set<Capability> REFUSALS = EnumSet.of(ABANDON, REJECT);
  private static final Set<Capability> MESSAGES = EnumSet.of(TELEMETRY, CLOUD_MESSAGES);
  private static final Set<Integer> DOCUMENTED_PORTS = Set.of(8883, 5671, 443);

  private static final List<Rule> TABLE =
      List.of(
          new Rule(
              ReasonCode.MULTIPLEX,
              (facts, offer) -> when(!carriesSeveral(offer), facts.sharing()),
              "It carries one identity per TLS connection."),
          new Rule(
              ReasonCode.PORT_8883,
              (facts, offer) -> onPort(8883, facts, offer),
              "Outbound port 8883 is blocked."),
          new Rule(
              ReasonCode.PORT_5671,
              (facts, offer) -> onPort(5671, facts, offer),
              "Outbound port 5671 is blocked."),
          // WebSockets and HTTP requests pass an HTTP proxy, a plain TLS stream does not
          new Rule(
              ReasonCode.TRAVERSAL,
              (facts, offer) ->
                  join(
                      when(offer.route().port() != 443, facts.onlyPort443()),
                      when(offer.route().carrier() == Carrier.TCP, facts.proxy())),
              "It does not pass where only HTTPS gets through."),
          new Rule(
              ReasonCode.PORT_443,
              (facts, offer) -> onPort(443, facts, offer),
              "Outbound port 443 is blocked."),
          new Rule(
              ReasonCode.PORT_BLOCKED,
              (facts, offer) ->
                  DOCUMENTED_PORTS.contains(offer.route().port())
                      ? List.of()
                      : onPort(offer.route().port(), facts, offer),
              "Its outbound port is blocked."),
          new Rule(
              ReasonCode.NO_PUSH_FEATURE,
              (facts, offer) -> lacking(PUSH_FEATURES, facts, offer),
              (facts, offer) -> lacks(PUSH_FEATURES, facts, offer)),
          new Rule(
              ReasonCode.POLL_25MIN,
              (facts, offer) -> when(offer.delivery() == Delivery.POLL, facts.impatience()),
              "It polls for messages, once in 25 minutes."),
          new Rule(
              ReasonCode.LOW_RESOURCE,
              (facts, offer) -> when(offer.footprint() == Footprint.LARGE, facts.littleMemory()),
              "Its libraries need more memory than allowed."),
          new Rule(
              ReasonCode.MQTT_NO_REJECT,
              (facts, offer) -> lacking(REFUSALS, facts, offer),
              "It can only complete, not abandon or reject."),
          new Rule(
              ReasonCode.NOT_INSTALLED,
              (facts, offer) -> when(facts.missing(offer.route().protocol())),
              (facts, offer) -> facts.whyMissing(offer.route().protocol())),
          new Rule(
              ReasonCode.UPLOAD_HTTPS,
              (facts, offer) -> both(facts.upload(), facts.blocked(Documented.UPLOAD_PORT)),
              "File upload needs HTTPS, which is cut off here."),
          new Rule(
              ReasonCode.MQTT_LIMITED,
              (facts, offer) -> when(speaksMqtt(offer), facts.brokerFeatures()),
              "The hub is no general MQTT broker: use QoS 1, the twin for what is to stay, and"
                  + " message properties in place of topics."),
          new Rule(
              ReasonCode.SIZE,
              (facts, offer) -> when(facts.oversize()),
              "Over the hub's 256 KB: upload it as a file."),
          new Rule(
              ReasonCode.TIER,
              (facts, offer) ->
                  facts.basicTier().isEmpty()
                      ? List.of()
                      : NOT_IN_BASIC_TIER.stream()
                          .flatMap(need -> both(facts.basicTier(), facts.need(need)).stream())
                          .toList(),
              "The basic tier has no cloud-to-device side."),
          new Rule(
              ReasonCode.X509_MULTIPLEX,
              (facts, offer) ->
                  carriesSeveral(offer) ? both(facts.sharing(), facts.certificate()) : List.of(),
              "A certificate needs a connection of its own."),
          // not in the documented table
          new Rule(
              ReasonCode.NOT_WANTED,
              (facts, offer) -> when(facts.unwanted(offer.route().protocol())),
              "The policy leaves it out."),
          new Rule(
              ReasonCode.CAPABILITY,
              (facts, offer) -> lacking(MESSAGES, facts, offer),
              (facts, offer) -> lacks(MESSAGES, facts, offer)));

  /** X509_CA_GA and X509_AMQP_WS: documents contradict each other, see docs/adr/0013. */
  private static final List<Doubt> DOUBTS =
      List.of(
          new Doubt(
              ReasonCode.X509_CA_GA,
              (facts, offer) ->
                  offer.route().carrier() != Carrier.TCP
                      && facts.caCertificateOutsidePreview().isPresent(),
              "Documents disagree whether the hub takes X.509 CA credentials here."),
          new Doubt(
              ReasonCode.X509_AMQP_WS,
              (facts, offer) ->
                  carriesSeveral(offer)
                      && offer.route().carrier() == Carrier.WEBSOCKET
                      && facts.certificate().isPresent(),
              "Documents disagree whether the hub takes certificates here."));

  private Rules() {}

  /** Every reason to skip the offered route, in the order of the table; none keeps it. */
  static List<Reason> reasons(Facts facts, RouteOffer offer) {
    List<Reason> reasons = new ArrayList<>();
    for (Rule rule : TABLE) {
      List<Set<Fact>> causes = rule.causes.of(facts, offer);
      if (!causes.isEmpty()) {
        reasons.add(new Reason(rule.code, rule.sentence.of(facts, offer), causes));
      }
    }
    return reasons;
  }

  /** Why the hub may refuse a route that is kept; in the order of the table. */
  static List<Doubt> doubts(Facts facts, RouteOffer offer) {
    return DOUBTS.stream().filter(doubt -> doubt.when.test(facts, offer)).toList();
  }

  static boolean carriesSeveral(RouteOffer offer) {
    return offer.identitiesPerConnection() > 1;
  }

  /** How an offer shows that it is MQTT: binary, and one identity per connection. */
  private static boolean speaksMqtt(RouteOffer offer) {
    return offer.compact() && !carriesSeveral(offer);
  }

  private static List<Set<Fact>> onPort(int port, Facts facts, RouteOffer offer) {
    return when(offer.route().port() == port, facts.blocked(port));
  }

  private static List<Set<Fact>> lacking(Set<Capability> watched, Facts facts, RouteOffer offer) {
    List<Set<Fact>> causes = new ArrayList<>();
    for (Capability capability : watched) {
      if (!offer.capabilities().contains(capability)) {
        facts.need(capability).ifPresent(need -> causes.add(Set.of(need)));
      }
    }
    return causes;
  }

  private static String lacks(Set<Capability> watched, Facts facts, RouteOffer offer) {
    return watched.stream()
        .filter(capability -> facts.needs().contains(capability))
        .filter(capability -> !offer.capabilities().contains(capability))
        .map(Facts::noun)
        .collect(Collectors.joining(" and ", "It does not carry ", "."));
  }

  private static List<Set<Fact>> when(boolean applies, Optional<Fact> fact) {
    return applies && fact.isPresent() ? List.of(Set.of(fact.get())) : List.of();
  }

  private static List<Set<Fact>> when(Optional<Fact> fact) {
    return when(/* applies= */ true, fact);
  }

  private static List<Set<Fact>> both(Optional<Fact> one, Optional<Fact> other) {
    return one.isPresent() && other.isPresent()
        ? List.of(Set.of(one.get(), other.get()))
        : List.of();
  }

  private static List<Set<Fact>> join(List<Set<Fact>> some, List<Set<Fact>> more) {
    List<Set<Fact>> all = new ArrayList<>(some);
    all.addAll(more);
    return all;
  }

  private record Rule(ReasonCode code, Causes causes, Sentence sentence) {
    Rule(ReasonCode code, Causes causes, String sentence) {
      this(code, causes, (facts, offer) -> sentence);
    }
  }

  /** The sets of given facts, each of which alone makes the rule skip the offered route. */
  private interface Causes {
    List<Set<Fact>> of(Facts facts, RouteOffer offer);
  }

  private interface Sentence {
    String of(Facts facts, RouteOffer offer);
  }

  /** What makes it uncertain whether the hub accepts the credential on a route. */
  record Doubt(ReasonCode code, BiPredicate<Facts, RouteOffer> when, String sentence) {}
}
