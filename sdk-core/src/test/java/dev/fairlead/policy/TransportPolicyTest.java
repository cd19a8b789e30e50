package dev.fairlead.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.policy.TransportPlan.Choice;
import dev.fairlead.policy.TransportPlan.Fact;
import dev.fairlead.policy.TransportPlan.Note;
import dev.fairlead.policy.TransportPlan.Reason;
import dev.fairlead.policy.TransportPolicy.BrokerFeature;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.RouteOffer.Delivery;
import dev.fairlead.spi.RouteOffer.Footprint;
import dev.fairlead.spi.TransportOffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TransportPolicyTest {
  private static final RouteMemory.Snapshot NOTHING = RouteMemory.Snapshot.none();

  @Test
  void refusesValuesOutOfRange() {
    TransportPolicy.Builder policy = TransportPolicy.builder();
    assertThatIllegalArgumentException().isThrownBy(() -> policy.identities(0));
    assertThatIllegalArgumentException().isThrownBy(() -> policy.blockPort(0));
    assertThatIllegalArgumentException().isThrownBy(() -> policy.blockPort(65536));
    assertThatIllegalArgumentException().isThrownBy(() -> policy.memoryBudget(0));
    assertThatIllegalArgumentException().isThrownBy(() -> policy.lowMemoryThreshold(0));
    assertThatIllegalArgumentException().isThrownBy(() -> policy.largestMessage(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> policy.multiplexLimits(1, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> policy.cloudMessageLatency(Duration.ofNanos(-1)));
    assertThat(policy.build()).isEqualTo(TransportPolicy.singleDevice());
  }

  @Test
  void sharedConnectionNeedsSeveralIdentities() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TransportPolicy.gateway(1))
        .withMessageContaining("identities(n)");
  }

  @Test
  void builderOfAPolicyKeepsEveryFact() {
    TransportPolicy policy = everything().build();
    assertThat(policy.toBuilder().build()).isEqualTo(policy).hasSameHashCodeAs(policy);
    assertThat(policy).isNotEqualTo(policy.toBuilder().fileUpload(false).build());
    assertThat(policy.toBuilder().build()).hasToString(policy.toString());
  }

  @Test
  void policyDoesNotChangeWithItsBuilder() {
    TransportPolicy.Builder builder = TransportPolicy.builder();
    TransportPolicy policy = builder.build();
    builder.blockPort(443).requiring(Capability.TWIN).only(Protocol.MQTT).prefer(Protocol.AMQP);
    assertThat(policy).isEqualTo(TransportPolicy.singleDevice());
  }

  @Test
  void noOfferAtAllNamesTheArtifactsToAdd() {
    TransportPlan plan = TransportPolicy.singleDevice().plan(List.of(), Set.of(), NOTHING);
    assertThat(plan.skipped()).hasSize(5);
    assertThat(plan.conflict().orElseThrow().facts())
        .extracting(Fact::change)
        .containsExactly("add fairlead-mqtt", "add fairlead-amqp", "add fairlead-https");
  }

  @Test
  void exceptionSaysItAllAndCarriesThePlan() {
    TransportPlan plan = TransportPolicy.singleDevice().plan(List.of(), Set.of(), NOTHING);
    NoRouteException failure = new NoRouteException(plan);
    assertThat(failure).hasMessage(plan.explain());
    assertThat(failure.plan()).isSameAs(plan);
  }

  @Test
  void gatewayBehindTheFirewallWithOnlyMqttInstalledIsToldWhatToAdd() {
    TransportPlan plan =
        TransportPolicy.gateway(9)
            .plan(Wires.only(Protocol.MQTT, Protocol.MQTT_WS), Set.of(), NOTHING);
    assertThat(changes(plan))
        .containsExactly("let every identity have a connection of its own", "add fairlead-amqp");
  }

  @Test
  void certificatesCannotShareWhateverThePorts() {
    TransportPolicy.Builder gateway =
        TransportPolicy.gateway(9).toBuilder().credentialKind(CredentialKind.X509_CA);
    TransportPlan behindFirewall =
        gateway.blockPort(5671).build().plan(Wires.all(), Set.of(), NOTHING);
    // opening 5671 would not help, so it is not part of the smallest conflict
    assertThat(changes(behindFirewall))
        .containsExactly(
            "let every identity have a connection of its own", "use shared access keys");
  }

  @Test
  void everyPlanWideRefusalHasAdvice() {
    TransportPolicy big = TransportPolicy.builder().largestMessage(256 * 1024 + 1).build();
    TransportPolicy basic = TransportPolicy.builder().basicTier(true).build();
    TransportPolicy upload = TransportPolicy.builder().fileUpload(true).blockPort(443).build();
    assertThat(changes(big.plan(Wires.all(), Set.of(), NOTHING)))
        .containsExactly("upload it as a file, or split or compress it");
    assertThat(changes(basic.plan(Wires.all(), Set.of(Capability.TWIN), NOTHING)))
        .containsExactly("do without the twin", "use a hub of the standard tier");
    assertThat(changes(upload.plan(Wires.all(), Set.of(), NOTHING)))
        .containsExactly("open outbound port 443", "send messages instead of files");
    assertThat(basic.plan(Wires.all(), Set.of(Capability.TELEMETRY), NOTHING).routes()).hasSize(5);
  }

  @Test
  void needsOfHandlersAndOfThePolicyAreJoined() {
    TransportPlan plan =
        TransportPolicy.builder()
            .requiring(Capability.REJECT)
            .build()
            .plan(Wires.all(), Set.of(Capability.TWIN), NOTHING);
    assertThat(plan.routes())
        .extracting(Route::protocol)
        .containsExactly(Protocol.AMQP, Protocol.AMQP_WS);
  }

  @Test
  void wishForAProtocolNeverRecommendsPolling() {
    TransportPlan plan =
        TransportPolicy.builder()
            .prefer(Protocol.HTTPS)
            .build()
            .plan(Wires.all(), Set.of(), NOTHING);
    assertThat(plan.routes().get(0).protocol()).isEqualTo(Protocol.HTTPS);
    assertThat(plan.recommended().orElseThrow().protocol()).isEqualTo(Protocol.MQTT);
  }

  @Test
  void limitsOfSharedConnectionsCountInConnections() {
    TransportPolicy atTheLimit = TransportPolicy.gateway(1000);
    assertThat(connections(atTheLimit)).containsExactly(1, 2);
    assertThat(codes(atTheLimit)).containsExactly(ReasonCode.MUX_LIMIT);
    TransportPolicy over = TransportPolicy.gateway(1001);
    assertThat(connections(over)).containsExactly(2, 3);
    TransportPolicy own =
        TransportPolicy.gateway(1001).toBuilder().multiplexLimits(2000, 7).build();
    assertThat(connections(own)).containsExactly(1, 143);
    TransportPolicy apart = TransportPolicy.builder().identities(3).build();
    assertThat(connections(apart)).containsExactly(1, 1, 3, 3, 3);
  }

  @Test
  void gatewayWithCertificatesOpensOneConnectionEach() {
    TransportPolicy policy =
        TransportPolicy.builder()
            .identities(30)
            .credentialKind(CredentialKind.X509_THUMBPRINT)
            .only(Protocol.AMQP)
            .build();
    assertThat(connections(policy)).containsExactly(30);
    assertThat(codes(policy)).containsExactly(ReasonCode.X509_MULTIPLEX);
  }

  @Test
  void thresholdOfLowMemoryIsSettable() {
    TransportPolicy.Builder policy = TransportPolicy.builder().memoryBudget(8_000_000);
    assertThat(policy.build().plan(Wires.all(), Set.of(), NOTHING).routes()).hasSize(5);
    assertThat(
            policy
                .lowMemoryThreshold(8_000_001)
                .build()
                .plan(Wires.all(), Set.of(), NOTHING)
                .routes())
        .extracting(Route::protocol)
        .containsExactly(Protocol.MQTT, Protocol.MQTT_WS, Protocol.HTTPS);
  }

  @Test
  void rulesReadTheOfferAndNotTheName() {
    // a private transport under a known name: own port, one direction, nothing compact
    RouteOffer odd =
        new RouteOffer(
            new Route(Protocol.AMQP, Carrier.TCP, 5000),
            EnumSet.of(Capability.TELEMETRY),
            Delivery.POLL,
            1,
            Footprint.SMALL,
            false);
    TransportPlan plan =
        TransportPolicy.gateway(2).toBuilder()
            .blockPort(5000)
            .onlyPort443()
            .memoryBudget(1)
            .mqttBrokerFeatures(BrokerFeature.FREE_TOPICS)
            .cloudMessageLatency(Duration.ofMinutes(25).minusNanos(1))
            .build()
            .plan(
                List.of(new TransportOffer("odd", List.of(odd))),
                EnumSet.allOf(Capability.class),
                NOTHING);
    assertThat(plan.skipped())
        .filteredOn(skipped -> skipped.route().equals(odd.route()))
        .singleElement()
        .satisfies(
            skipped ->
                assertThat(skipped.reasons())
                    .extracting(Reason::code)
                    .containsExactly(
                        ReasonCode.MULTIPLEX,
                        ReasonCode.TRAVERSAL,
                        ReasonCode.PORT_BLOCKED,
                        ReasonCode.NO_PUSH_FEATURE,
                        ReasonCode.POLL_25MIN,
                        ReasonCode.MQTT_NO_REJECT,
                        ReasonCode.CAPABILITY));
  }

  @Test
  void firstOfTwoOffersOfOneRouteCounts() {
    RouteOffer mqtt = Wires.offer(Protocol.MQTT);
    RouteOffer poorer =
        new RouteOffer(
            mqtt.route(),
            EnumSet.of(Capability.TELEMETRY),
            Delivery.PUSH,
            1,
            Footprint.SMALL,
            true);
    List<TransportOffer> offers =
        List.of(
            new TransportOffer("given", List.of(mqtt)),
            new TransportOffer("found", List.of(poorer)));
    TransportPlan plan =
        TransportPolicy.singleDevice().plan(offers, Set.of(Capability.TWIN), NOTHING);
    assertThat(plan.routes()).containsExactly(mqtt.route());
  }

  private static TransportPolicy.Builder everything() {
    return TransportPolicy.builder()
        .identities(12)
        .sharedConnection(true)
        .blockPort(8883)
        .blockPort(5671)
        .onlyPort443()
        .proxyRequired(true)
        .requiring(Capability.TWIN, Capability.ABANDON)
        .cloudMessageLatency(Duration.ofSeconds(90))
        .developmentMode()
        .memoryBudget(5)
        .lowMemoryThreshold(6)
        .credentialKind(CredentialKind.X509_CA)
        .x509CaPreview(true)
        .fileUpload(true)
        .basicTier(true)
        .mqttBrokerFeatures(BrokerFeature.values())
        .largestMessage(7)
        .multiplexLimits(8, 9)
        .rarelyConnected(true)
        .compactPayloads(true)
        .only(Protocol.MQTT, Protocol.AMQP)
        .prefer(Protocol.AMQP, Protocol.MQTT);
  }

  private static List<String> changes(TransportPlan plan) {
    return plan.conflict().orElseThrow().facts().stream().map(Fact::change).toList();
  }

  private static List<Integer> connections(TransportPolicy policy) {
    return policy.plan(Wires.all(), Set.of(), NOTHING).choices().stream()
        .map(Choice::connections)
        .toList();
  }

  private static List<ReasonCode> codes(TransportPolicy policy) {
    return policy.plan(Wires.all(), Set.of(), NOTHING).notes().stream().map(Note::code).toList();
  }

  @Test
  void aLimitCountsWhereSeveralShareAndNowhereElse() {
    TransportPolicy limited = TransportPolicy.builder().multiplexLimits(8, 9).build();

    assertThat(limited.identitiesPerConnection(Wires.offer(Protocol.AMQP))).isEqualTo(8);
    assertThat(limited.identitiesPerConnection(Wires.offer(Protocol.AMQP_WS))).isEqualTo(9);
    assertThat(limited.identitiesPerConnection(Wires.offer(Protocol.MQTT))).isEqualTo(1);
    assertThat(
            TransportPolicy.singleDevice().identitiesPerConnection(Wires.offer(Protocol.AMQP_WS)))
        .isEqualTo(500);
  }
}
