package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.Proxy;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestProxy;
import dev.fairlead.policy.ReasonCode;
import dev.fairlead.policy.TransportPlan.Reason;
import dev.fairlead.policy.TransportPlan.Skipped;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Proxies that require authentication and permit the hub. */
@Timeout(120)
class ThroughProxiesTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final List<String> seenByProxy = new CopyOnWriteArrayList<>();
  private LocalHub hub;
  private Device device;

  @BeforeEach
  void start() {
    hub = LocalHub.start();
    device = hub.createDevice("inside");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private DeviceClientBuilder anyRoute(Proxy proxy) {
    return DeviceClient.builder(device.connectionString())
        .endpoint(Protocol.MQTT, TransportUnderTest.MQTT.endpoint(hub))
        .endpoint(Protocol.MQTT_WS, TransportUnderTest.MQTT_WS.endpoint(hub))
        .proxy(proxy)
        .retry(RetryPolicy.eager());
  }

  private static Proxy signedIn(Proxy proxy) {
    return proxy.withCredentials(TestProxy.USER, Secret.of(TestProxy.PASSWORD));
  }

  /** Both ways, and again after the connection was lost. */
  private void works(DeviceClientBuilder builder, Protocol expected) throws Exception {
    try (DeviceClient client =
        builder.onMethod("echo", call -> MethodResponse.ok(call.payload())).build()) {
      client.blocking(SOON).open();
      for (int connection = 1; connection <= 2; connection++) {
        client.blocking(SOON).send(TelemetryMessage.json("{}"));
        assertThat(client.state().route().map(Route::protocol)).contains(expected);
        assertThat(
                device.invokeMethod("echo", "[1]", SOON, SOON).get(60, TimeUnit.SECONDS).payload())
            .isEqualTo("[1]");
        assertThat(hub.telemetry().receivedFrom("inside")).hasSize(connection);
        device.dropConnection();
      }
      assertThat(client.state()).isNotInstanceOf(ConnectionState.Closed.class);
    }
  }

  @Test
  void anHttpProxyWithBasicAuthentication() throws Exception {
    try (ScriptedPeer proxy = TestProxy.http(hub.httpsPort(), seenByProxy, TestProxy.basic())) {
      works(anyRoute(signedIn(Proxy.http("localhost", proxy.port()))), Protocol.MQTT_WS);
    }
    assertThat(seenByProxy)
        .as("name and port of the hub, and no path")
        .allMatch(head -> head.startsWith("CONNECT localhost:" + hub.httpsPort() + " HTTP/1.1"))
        .noneMatch(head -> head.contains("SharedAccess"));
  }

  @Test
  void anHttpProxyWithDigestAuthentication() throws Exception {
    try (ScriptedPeer proxy =
        TestProxy.http(
            hub.httpsPort(),
            seenByProxy,
            TestProxy.digest(List.of("SHA-256", "MD5"), 1, new CopyOnWriteArrayList<>()))) {
      works(anyRoute(signedIn(Proxy.http("localhost", proxy.port()))), Protocol.MQTT_WS);
    }
    assertThat(seenByProxy)
        .isNotEmpty()
        .noneMatch(head -> head.contains(TestProxy.PASSWORD))
        .noneMatch(head -> head.contains("Basic "));
  }

  /** SOCKS permits every port. */
  @ParameterizedTest
  @EnumSource(
      value = TransportUnderTest.class,
      names = {"MQTT", "MQTT_WS", "AMQP", "AMQP_WS"})
  void aSocksProxy(TransportUnderTest transport) throws Exception {
    try (ScriptedPeer proxy = TestProxy.socks(transport.port(hub), true, 0, seenByProxy)) {
      DeviceClientBuilder builder =
          transport
              .builder(device.connectionString(), transport.endpoint(hub))
              .proxy(signedIn(Proxy.socks5("localhost", proxy.port())));
      works(builder, transport.protocol());
    }
    assertThat(seenByProxy)
        .as("the proxy looks the name up")
        .isNotEmpty()
        .allMatch(asked -> asked.equals("3 localhost:" + transport.port(hub)));
  }

  @Test
  void anHttpProxyIsAFactOfThePlan() {
    // Its direct methods exclude HTTPS anyway.
    try (DeviceClient client =
        anyRoute(Proxy.http("localhost", 1))
            .onMethod("echo", call -> MethodResponse.ok(call.payload()))
            .build()) {
      assertThat(client.plan().routes())
          .extracting(Route::protocol)
          .containsExactly(Protocol.MQTT_WS, Protocol.AMQP_WS);
      assertThat(client.plan().skipped())
          .filteredOn(skipped -> skipped.route().protocol() == Protocol.MQTT)
          .flatExtracting(Skipped::reasons)
          .extracting(Reason::code)
          .containsExactly(ReasonCode.TRAVERSAL);
      assertThat(client.plan().explain()).contains("an HTTP proxy is mandatory");
    }
    try (DeviceClient client = anyRoute(Proxy.socks5("localhost", 1)).build()) {
      assertThat(client.plan().routes())
          .extracting(Route::protocol)
          .startsWith(Protocol.MQTT, Protocol.MQTT_WS);
    }
  }
}
