package dev.fairlead.policy;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The texts that a person reads, whole. */
class ExplainTest {
  private static final RouteMemory.Snapshot NOTHING = RouteMemory.Snapshot.none();

  @Test
  void oneDevice() {
    TransportPlan plan = TransportPolicy.singleDevice().plan(Wires.all(), Set.of(), NOTHING);

    assertThat(plan.explain())
        .isEqualTo(
            """
            Given: one identity.

            Tried in this order
              1  MQTT     tcp         8883  recommended
              2  MQTT_WS  websocket    443  alternative
              3  AMQP     tcp         5671  alternative
              4  AMQP_WS  websocket    443  alternative
              5  HTTPS    http         443  last resort, not recommended

            To know
              HTTPS    POLL_25MIN          It polls for cloud-to-device messages, at least
                                           25 minutes apart.
              HTTPS    LAST_RESORT         Once a better route has worked, this one is taken
                                           only when all better ones have failed for 10
                                           minutes and three times. They are tried beside
                                           it.

            Open outbound TCP ports: 443, 5671, 8883.

            Always
              - The hub is reached by name, resolved afresh on every connect.
              - MQTT keep-alive is at most 1177 s.
              - HTTPS polls for cloud-to-device messages at least 25 minutes apart.
            """);
  }

  @Test
  void gatewayOverTheLimitWithUploads() {
    TransportPlan plan =
        TransportPolicy.gateway(1200).toBuilder()
            .fileUpload(true)
            .build()
            .plan(Wires.all(), Set.of(Capability.TWIN, Capability.REJECT), NOTHING);

    assertThat(plan.explain())
        .isEqualTo(
            """
            Given: 1200 identities must share one TLS connection, rejecting messages is
              needed, the twin is needed, files are to be uploaded.

            Tried in this order
              1  AMQP     tcp         5671  recommended
              2  AMQP_WS  websocket    443  alternative

            To know
              AMQP     MUX_LIMIT           1200 identities at 1000 per connection: 2
                                           connections.
              AMQP_WS  MUX_LIMIT           1200 identities at 500 per connection: 3
                                           connections.
                       UPLOAD_HTTPS        File upload uses HTTPS beside the chosen route:
                                           port 443 must be open too.

            Skipped
              MQTT     MULTIPLEX           It carries one identity per TLS connection.
                       MQTT_NO_REJECT      It can only complete, not abandon or reject.
              MQTT_WS  MULTIPLEX           It carries one identity per TLS connection.
                       MQTT_NO_REJECT      It can only complete, not abandon or reject.
              HTTPS    MULTIPLEX           It carries one identity per TLS connection.
                       NO_PUSH_FEATURE     It does not carry the twin.

            Open outbound TCP ports: 443, 5671.

            Always
              - The hub is reached by name, resolved afresh on every connect.
              - MQTT keep-alive is at most 1177 s.
              - HTTPS polls for cloud-to-device messages at least 25 minutes apart.
            """);
  }

  @Test
  void onlyMqttInstalledAndARoutePostponed() {
    RouteMemory.Snapshot remembered =
        new RouteMemory.Snapshot(
            Map.of(
                Wires.offer(Protocol.MQTT).route(),
                new Postponement(
                    Instant.parse("2026-03-01T12:00:00Z"),
                    "connect timed out after 10 s to every address of the hub's name")));
    TransportPlan plan =
        TransportPolicy.firewallFriendly()
            .plan(
                Wires.only(Protocol.MQTT, Protocol.MQTT_WS),
                Set.of(Capability.DIRECT_METHODS),
                remembered);

    assertThat(plan.explain())
        .isEqualTo(
            """
            Given: one identity, direct methods are needed, preferred: MQTT_WS, AMQP_WS.

            Tried in this order
              1  MQTT_WS  websocket    443  recommended
              2  MQTT     tcp         8883  alternative

            To know
              MQTT     POSTPONED           Goes last until 2026-03-01T12:00:00Z: connect
                                           timed out after 10 s to every address of the
                                           hub's name

            Skipped
              AMQP     NOT_INSTALLED       Not on the class path: add fairlead-amqp.
              AMQP_WS  NOT_INSTALLED       Not on the class path: add fairlead-amqp.
              HTTPS    NO_PUSH_FEATURE     It does not carry direct methods.
                       NOT_INSTALLED       Not on the class path: add fairlead-https.

            Open outbound TCP ports: 443, 8883.

            Always
              - The hub is reached by name, resolved afresh on every connect.
              - MQTT keep-alive is at most 1177 s.
              - HTTPS polls for cloud-to-device messages at least 25 minutes apart.
            """);
  }

  @Test
  void smallGatewayIsAConflict() {
    TransportPlan plan =
        TransportPolicy.gateway(40).toBuilder()
            .memoryBudget(900_000)
            .build()
            .plan(Wires.all(), Set.of(), NOTHING);

    assertThat(plan.explain())
        .isEqualTo(
            """
            Given: 40 identities must share one TLS connection, the client may take 900000
              bytes of memory, under the threshold of 1048576.

            No route to the hub
              No route is left when 40 identities must share one TLS connection, and the
              client may take 900000 bytes of memory, under the threshold of 1048576. To
              change that: let every identity have a connection of its own; or give the
              client more memory, or lower the threshold after measuring.

            Skipped
              AMQP     LOW_RESOURCE        Its libraries need more memory than allowed.
              AMQP_WS  LOW_RESOURCE        Its libraries need more memory than allowed.
              MQTT     MULTIPLEX           It carries one identity per TLS connection.
              MQTT_WS  MULTIPLEX           It carries one identity per TLS connection.
              HTTPS    MULTIPLEX           It carries one identity per TLS connection.
            """);
  }

  @Test
  void certificateBehind443IsTriedWhereDocumentsDisagree() {
    TransportPlan plan =
        TransportPolicy.builder()
            .credentialKind(CredentialKind.X509_CA)
            .onlyPort443()
            .fileUpload(true)
            .build()
            .plan(Wires.all(), Set.of(), NOTHING);

    assertThat(plan.explain())
        .isEqualTo(
            """
            Given: one identity, only outbound port 443 is open, the credentials are X.509
              CA certificates, files are to be uploaded.

            Tried in this order
              1  MQTT_WS  websocket    443  recommended
              2  AMQP_WS  websocket    443  alternative
              3  HTTPS    http         443  last resort, not recommended

            To know
              MQTT_WS  X509_CA_GA          Documents disagree whether the hub takes X.509 CA
                                           credentials here. If yours refuses, the next
                                           route is tried.
              AMQP_WS  X509_CA_GA          Documents disagree whether the hub takes X.509 CA
                                           credentials here. If yours refuses, the next
                                           route is tried.
              AMQP_WS  X509_AMQP_WS        Documents disagree whether the hub takes
                                           certificates here. If yours refuses, the next
                                           route is tried.
              HTTPS    POLL_25MIN          It polls for cloud-to-device messages, at least
                                           25 minutes apart.
              HTTPS    X509_CA_GA          Documents disagree whether the hub takes X.509 CA
                                           credentials here. If yours refuses, the next
                                           route is tried.
              HTTPS    LAST_RESORT         Once a better route has worked, this one is taken
                                           only when all better ones have failed for 10
                                           minutes and three times. They are tried beside
                                           it.
                       UPLOAD_HTTPS        File upload uses HTTPS beside the chosen route:
                                           port 443 must be open too.
                       X509_CA_GA          File upload with X.509 CA credentials is
                                           documented as a preview: the hub may refuse it.

            Skipped
              MQTT     TRAVERSAL           It does not pass where only HTTPS gets through.
              AMQP     TRAVERSAL           It does not pass where only HTTPS gets through.

            Open outbound TCP ports: 443.

            Always
              - The hub is reached by name, resolved afresh on every connect.
              - MQTT keep-alive is at most 1177 s.
              - HTTPS polls for cloud-to-device messages at least 25 minutes apart.
            """);
    assertThat(plan.routes()).allMatch(plan::doubtful).hasSize(3);
  }

  @Test
  void developmentModeIsLoud() {
    TransportPlan plan =
        TransportPolicy.builder()
            .rarelyConnected(true)
            .only(Protocol.HTTPS, Protocol.AMQP_WS)
            .developmentMode()
            .cloudMessageLatency(Duration.ofHours(2))
            .mqttBrokerFeatures(BrokerFeature.QOS_2)
            .build()
            .plan(Wires.all(), Set.of(), NOTHING);

    assertThat(plan.explain())
        .isEqualTo(
            """
            Given: one identity, the application wants QoS 2, only AMQP_WS, HTTPS may be
              used, development mode is on, the device connects rarely.

            Tried in this order
              1  AMQP_WS  websocket    443  recommended
              2  HTTPS    http         443  acceptable for a rarely connected device

            To know
              HTTPS    POLL_25MIN          DEVELOPMENT MODE: it may poll more often than
                                           once in 25 minutes; the hub throttles devices
                                           that do.

            Skipped
              MQTT     MQTT_LIMITED        The hub is no general MQTT broker: use QoS 1, the
                                           twin for what is to stay, and message properties
                                           in place of topics.
                       NOT_WANTED          The policy leaves it out.
              MQTT_WS  MQTT_LIMITED        The hub is no general MQTT broker: use QoS 1, the
                                           twin for what is to stay, and message properties
                                           in place of topics.
                       NOT_WANTED          The policy leaves it out.
              AMQP     NOT_WANTED          The policy leaves it out.

            Open outbound TCP ports: 443.

            Always
              - The hub is reached by name, resolved afresh on every connect.
              - MQTT keep-alive is at most 1177 s.
              - DEVELOPMENT MODE: HTTPS may poll more often than once in 25 minutes. Not for
                the field.
            """);
  }

  @Test
  void whatATransportSaysOfItsSetUp() {
    RouteOffer plain = Wires.offer(Protocol.MQTT_WS);
    RouteOffer told =
        new RouteOffer(
            plain.route(),
            plain.capabilities(),
            plain.delivery(),
            1,
            plain.footprint(),
            true,
            List.of("It is set up for a desk, not for the field: its polls are shorter."));
    TransportPlan plan =
        TransportPolicy.builder()
            .only(Protocol.MQTT_WS)
            .build()
            .plan(List.of(new TransportOffer("test", List.of(told))), Set.of(), NOTHING);

    assertThat(plan.explain())
        .contains(
            """
            To know
              MQTT_WS  AS_SET_UP           It is set up for a desk, not for the field: its
                                           polls are shorter.
            """);
    assertThat(plan.remarks(told.route())).isEqualTo(told.notes());
  }

  @Test
  void routesPassedOverAreRemarkedOnTheRoutesAfterThem() {
    List<Route> routes =
        Stream.of(Protocol.MQTT, Protocol.MQTT_WS, Protocol.AMQP)
            .map(protocol -> Wires.offer(protocol).route())
            .toList();
    Instant later = Instant.parse("2026-03-01T12:00:00Z");
    TransportPlan plan =
        TransportPolicy.singleDevice()
            .plan(
                Wires.only(Protocol.MQTT, Protocol.MQTT_WS, Protocol.AMQP),
                Set.of(),
                new RouteMemory.Snapshot(
                    Map.of(
                        routes.get(0), new Postponement(later, "No answer from 8883."),
                        routes.get(2), new Postponement(later, "No answer from 5671."))));

    assertThat(plan.ranked()).isEqualTo(routes);
    assertThat(plan.routes()).containsExactly(routes.get(1), routes.get(0), routes.get(2));
    assertThat(plan.remarks(routes.get(0))).isEmpty();
    assertThat(plan.remarks(routes.get(1)))
        .containsExactly("MQTT 8883 passed over: No answer from 8883.");
    assertThat(plan.remarks(routes.get(2)))
        .containsExactly("MQTT 8883 passed over: No answer from 8883.");
  }

  @Test
  void noLineIsWiderThanAPlainTerminal() {
    new Sweep(List.of(World.Axis.values()).subList(0, 13))
        .each(
            (world, index) -> {
              if (index % 97 == 0) {
                assertThat(world.plan().explain().lines()).allMatch(line -> line.length() <= 80);
              }
            });
  }
}
