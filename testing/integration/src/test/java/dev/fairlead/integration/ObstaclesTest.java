package dev.fairlead.integration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Proxy;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestProxy;
import dev.fairlead.policy.TransportPolicy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Obstacles between a device and its hub: each has its own text, in the client's state and in the
 * plan's explanation, so that a technician on site can find the person in charge.
 */
@Timeout(120)
class ObstaclesTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private LocalHub hub;
  private Device device;

  @BeforeEach
  void start() {
    hub = LocalHub.start();
    device = hub.createDevice("walled-in");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private DeviceClientBuilder overWebSockets() {
    return overWebSockets(TransportUnderTest.MQTT_WS.endpoint(hub));
  }

  private DeviceClientBuilder overWebSockets(Endpoint endpoint) {
    return TransportUnderTest.MQTT_WS
        .builder(device.connectionString(), endpoint)
        .drainTime(Duration.ZERO);
  }

  private static Proxy via(ScriptedPeer proxy) {
    return Proxy.http("localhost", proxy.port());
  }

  /** State and explanation have the same text, at the right stage, and blame no key. */
  private static void says(DeviceClientBuilder builder, Stage stage, String... words) {
    try (DeviceClient client = builder.build()) {
      client.open();
      // Read the state once, because the client soon tries again.
      ConnectionState state =
          Awaitility.await()
              .atMost(SOON)
              .until(client::state, seen -> seen instanceof ConnectionState.Waiting);
      UnreachableException cause =
          (UnreachableException) state.cause().orElseThrow(AssertionError::new);
      assertThat(cause.stage()).isEqualTo(stage);
      assertThat(state.toString()).contains(words);
      assertThat(client.plan().explain().replaceAll("\\s+", " ")).contains(words);
      assertThat(state + client.plan().explain())
          .doesNotContain("SharedAccess")
          .doesNotContain(TestProxy.PASSWORD);
    }
  }

  @Test
  void aProxyThatWantsAName() throws Exception {
    try (ScriptedPeer proxy =
        TestProxy.http(hub.httpsPort(), new CopyOnWriteArrayList<>(), TestProxy.basic())) {
      says(
          overWebSockets().proxy(via(proxy)),
          Stage.PROXY,
          "requires proxy authentication (HTTP 407), and no user name is set");
    }
  }

  @Test
  void aProxyThatRefusesTheName() throws Exception {
    try (ScriptedPeer proxy =
        TestProxy.http(hub.httpsPort(), new CopyOnWriteArrayList<>(), TestProxy.basic())) {
      says(
          overWebSockets()
              .proxy(via(proxy).withCredentials("somebody", Secret.of(TestProxy.PASSWORD + "?"))),
          Stage.PROXY,
          "refused its user name or password (HTTP 407)",
          "the device's own key is not the cause");
    }
  }

  @Test
  void aProxyThatForbidsTheHub() throws Exception {
    try (ScriptedPeer proxy = TestProxy.saying("HTTP/1.1 403 Forbidden\r\n\r\n")) {
      says(
          overWebSockets().proxy(via(proxy)),
          Stage.PROXY,
          "does not let this machine connect to localhost",
          "(HTTP 403)");
    }
  }

  @Test
  void aProxyThatIsNotThere() throws Exception {
    int closed;
    try (ServerSocket reserved = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      closed = reserved.getLocalPort();
    }
    says(
        overWebSockets().proxy(Proxy.http("127.0.0.1", closed)),
        Stage.PROXY,
        "cannot be reached (127.0.0.1: connection refused)");
  }

  /** It terminates TLS itself, with a certificate that it has issued. */
  @Test
  void aProxyThatLooksIntoTls() throws Exception {
    try (LocalHub madeUp = LocalHub.start();
        ScriptedPeer proxy =
            TestProxy.http(
                madeUp.httpsPort(), new CopyOnWriteArrayList<>(), authorization -> null)) {
      says(
          overWebSockets().proxy(via(proxy)),
          Stage.TLS,
          "The server certificate of localhost",
          "a proxy that inspects TLS shows itself in this way too");
      assertThat(madeUp.telemetry().received()).isEmpty();
    }
  }

  @Test
  void aCaptivePortalThatAnswersInPlainText() throws Exception {
    try (ScriptedPeer portal =
        ScriptedPeer.plain(
            connection -> {
              connection.input().read();
              connection
                  .output()
                  .write(
                      "HTTP/1.1 302 Found\r\nLocation: http://sign.in/\r\n\r\n"
                          .getBytes(ISO_8859_1));
            })) {
      says(
          overWebSockets(TransportUnderTest.endpoint(hub, portal.port())),
          Stage.TLS,
          "does not use TLS: it answered in plain text",
          "a captive portal answers like that too");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "302, 'It redirects elsewhere, as the sign-in page of a network does'",
    "511, The network requires a sign-in first",
    "401, the device's credentials were not shown yet",
    "403, check the hub's IP filter",
    "404, There is no WebSocket at the path of IoT Hub",
    "426, has removed the upgrade",
    "429, It has had too many requests",
    "503, is not able to serve at the moment"
  })
  void aRefusedUpgrade(int status, String words) {
    hub.faults().add(Fault.refuseUpgrade(status).times(1000));
    says(
        overWebSockets(),
        Stage.UPGRADE,
        "answered the WebSocket upgrade with HTTP " + status,
        words);
    assertThat(device.connectionsSoFar()).isZero();
  }

  /** Whatever blocks one route, the remark on the other repeats its text. */
  @Test
  void anObstacleOnOneRouteIsRemarkedOnTheOther() {
    hub.faults().add(Fault.refuseUpgrade(403).times(1000));
    try (DeviceClient client =
        DeviceClient.builder(device.connectionString())
            .policy(
                TransportPolicy.builder()
                    .only(Protocol.MQTT, Protocol.MQTT_WS)
                    .prefer(Protocol.MQTT_WS)
                    .build())
            .endpoint(Protocol.MQTT, TransportUnderTest.MQTT.endpoint(hub))
            .endpoint(Protocol.MQTT_WS, TransportUnderTest.MQTT_WS.endpoint(hub))
            .build()) {
      client.blocking(SOON).open();
      assertThat(client.state())
          .isInstanceOfSatisfying(
              ConnectionState.Connected.class,
              state -> {
                assertThat(state.via()).extracting(Route::protocol).isEqualTo(Protocol.MQTT);
                assertThat(state.remarks())
                    .singleElement()
                    .asString()
                    .startsWith("MQTT_WS 443 passed over: localhost:" + hub.httpsPort())
                    .contains("answered the WebSocket upgrade with HTTP 403");
              });
    }
  }
}
