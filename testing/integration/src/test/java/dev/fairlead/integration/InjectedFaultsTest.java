package dev.fairlead.integration;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.MethodResponse;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.TelemetryRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every fault that the hub's own tests of its SDKs inject, in the middle of telemetry: nothing is
 * lost, the order is kept, and everything works again afterwards.
 */
@Timeout(120)
class InjectedFaultsTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Set<String> ENDS_THE_CONNECTION =
      Set.of("KillTcp", "KillAmqpConnection", "KillAmqpSession", "ShutDownMqtt", "ShutDownAmqp");
  private static final int BEFORE = 100;
  private static final int AFTER = 100;

  @ParameterizedTest(name = "{1} over {0}")
  @CsvSource({
    "MQTT, KillTcp",
    "MQTT, ShutDownMqtt",
    "MQTT, InvokeThrottling",
    "MQTT, InvokeMaxMessageQuota",
    "MQTT, InvokeAuthError",
    "MQTT_WS, KillTcp",
    "MQTT_WS, ShutDownMqtt",
    "AMQP, KillTcp",
    "AMQP, KillAmqpConnection",
    "AMQP, KillAmqpSession",
    "AMQP, KillAmqpCBSLinkReq",
    "AMQP, KillAmqpCBSLinkResp",
    "AMQP, KillAmqpD2CLink",
    "AMQP, KillAmqpC2DLink",
    "AMQP, KillAmqpTwinLinkReq",
    "AMQP, KillAmqpTwinLinkResp",
    "AMQP, KillAmqpMethodReqLink",
    "AMQP, KillAmqpMethodRespLink",
    "AMQP, ShutDownAmqp",
    "AMQP, InvokeThrottling",
    "AMQP, InvokeAuthError",
    "AMQP_WS, KillTcp",
    "AMQP_WS, KillAmqpConnection",
    "AMQP_WS, KillAmqpSession",
    "AMQP_WS, KillAmqpD2CLink",
    "AMQP_WS, ShutDownAmqp"
  })
  void losesNothingAndWorksAgain(TransportUnderTest transport, String fault) throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("struck");
      List<String> messages = new ArrayList<>();
      DeviceClientBuilder builder =
          transport.builder(device.connectionString(), transport.endpoint(hub));
      if (fault.startsWith("Invoke") && transport == TransportUnderTest.MQTT) {
        // The fault lasts a second, and five cuts within a second would count against a message.
        builder.retry(RetryPolicy.defaults());
      }
      try (DeviceClient client = withHandlers(builder, messages).build()) {
        client.blocking(SOON).open();
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        send(client, 0, BEFORE, sent);
        assertThat(device.injectFault(fault, Duration.ZERO, Duration.ofSeconds(1))).isTrue();
        send(client, BEFORE, BEFORE + AFTER, sent);

        if (ENDS_THE_CONNECTION.contains(fault)) {
          // Otherwise a fault without effect would pass the test.
          await().atMost(SOON).until(() -> device.connectionsSoFar() > 1);
        }
        CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        assertThat(firstArrivals(hub))
            .containsExactlyElementsOf(
                IntStream.range(0, BEFORE + AFTER).mapToObj(String::valueOf).toList());
        expectEverythingToWork(device, client, messages);
      }
    }
  }

  private static DeviceClientBuilder withHandlers(
      DeviceClientBuilder builder, List<String> messages) {
    return builder
        .onMethod("echo", request -> MethodResponse.ok(request.payload()))
        .onDesiredProperties(change -> {})
        .onCloudMessage(
            (CloudMessage message) -> {
              synchronized (messages) {
                messages.add(message.text());
              }
              message.complete();
            });
  }

  private static void send(
      DeviceClient client, int from, int to, List<CompletableFuture<Void>> sent) {
    for (int i = from; i < to; i++) {
      sent.add(client.send(TelemetryMessage.of(String.valueOf(i).getBytes(US_ASCII))));
    }
  }

  /** A duplicate counts at the position of its first arrival. */
  private static List<String> firstArrivals(LocalHub hub) {
    return hub.telemetry().receivedFrom("struck").stream()
        .map(TelemetryRecord::bodyAsText)
        .distinct()
        .toList();
  }

  private static void expectEverythingToWork(
      Device device, DeviceClient client, List<String> messages) throws Exception {
    device.sendCloudMessage(CloudToDeviceMessage.of("still there?"));
    await()
        .atMost(SOON)
        .until(
            () -> {
              synchronized (messages) {
                return messages.contains("still there?");
              }
            });
    assertThat(device.invokeMethod("echo", "7", SOON, SOON).get(60, TimeUnit.SECONDS).payload())
        .isEqualTo("7");
    // A request on a lost link fails immediately; only telemetry waits.
    await()
        .atMost(SOON)
        .ignoreExceptionsInstanceOf(dev.fairlead.HubException.class)
        .untilAsserted(() -> assertThat(client.blocking(SOON).getTwin().desired()).isNotNull());
  }
}
