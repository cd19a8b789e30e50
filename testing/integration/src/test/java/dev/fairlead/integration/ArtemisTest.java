package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import dev.fairlead.CloudMessage;
import dev.fairlead.CloudMessageHandler;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.amqp.AmqpOptions;
import dev.fairlead.amqp.AmqpTransport;
import dev.fairlead.amqp.PlainBroker;
import dev.fairlead.amqp.Sasl;
import dev.fairlead.policy.TransportPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * AMQP 1.0 with another implementation, on both routes: telemetry and messages to the device, with
 * each outcome, through a broker that implements nothing of IoT Hub.
 */
@Timeout(120)
@ParameterizedClass
@EnumSource(
    value = Protocol.class,
    names = {"AMQP", "AMQP_WS"})
class ArtemisTest {
  private static final int MESSAGES = 1_000;
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Sasl KNOWN =
      Sasl.plain(ArtemisProcess.USER, Secret.of(ArtemisProcess.PASSWORD));

  @TempDir static Path directory;
  private static ArtemisProcess broker;
  private static int devices;

  @Parameter Protocol protocol;

  private String id;
  private String telemetry;
  private String commands;
  private final BlockingQueue<CloudMessage> received = new LinkedBlockingQueue<>();

  @BeforeAll
  static void startBroker() throws Exception {
    broker = ArtemisProcess.start(directory);
  }

  @AfterAll
  static void stopBroker() {
    if (broker != null) {
      broker.close();
    }
  }

  @BeforeEach
  void createQueues() {
    id = "device-" + ++devices;
    telemetry = "telemetry." + id;
    commands = "commands." + id;
    broker.createQueue(telemetry);
    broker.createQueue(commands);
  }

  private DeviceClient device(Sasl sasl, String from, CloudMessageHandler handler) {
    AmqpOptions options =
        AmqpOptions.builder()
            .sasl(sasl)
            .broker(new PlainBroker("telemetry.{id}", from))
            .webSocketPath("/")
            .dialer(TransportUnderTest.DIALER)
            .build();
    return DeviceClient.builder(
            "HostName=localhost;DeviceId=" + id + ";SharedAccessKey=a2V5LW9mLW5vLXVzZQ==")
        .policy(TransportPolicy.builder().only(protocol).developmentMode().build())
        .transport(new AmqpTransport(options))
        .endpoint(protocol, broker.endpoint())
        .openTimeout(Duration.ofSeconds(10))
        .retry(RetryPolicy.eager())
        .onCloudMessage(handler)
        .build();
  }

  private DeviceClient device(CloudMessageHandler handler) {
    return device(KNOWN, "commands.{id}", handler);
  }

  /** A device that keeps received messages unsettled. */
  private DeviceClient device() {
    return device(received::add);
  }

  private CloudMessage nextReceived() throws InterruptedException {
    CloudMessage next = received.poll(SOON.toSeconds(), TimeUnit.SECONDS);
    assertThat(next).as("a message to the device").isNotNull();
    return next;
  }

  private static void awaitState(DeviceClient client, Class<?> state, String... words) {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(client.state()).isInstanceOf(state).asString().contains(words));
  }

  @Test
  void aWrongPasswordIsSaidToBeWrong() {
    Sasl wrong = Sasl.plain(ArtemisProcess.USER, Secret.of("not this one"));
    try (DeviceClient client = device(wrong, "commands.{id}", received::add)) {
      client.open();
      awaitState(client, ConnectionState.Unauthorized.class, "refused SASL PLAIN");
      assertThat(client.state().toString()).doesNotContain("not this one");
    }
  }

  @Test
  void nobodyInParticularIsNotLetIn() {
    try (DeviceClient client = device(Sasl.anonymous(), "commands.{id}", received::add)) {
      client.open();
      awaitState(client, ConnectionState.Unauthorized.class, "amqp:unauthorized-access");
    }
  }

  @Test
  void telemetryIsSentThoughTheAddressOfCloudMessagesIsNotThere() throws Exception {
    try (DeviceClient client = device(KNOWN, "no.such.queue", received::add)) {
      client.blocking(SOON).open();
      client.send(numbered("m0")).get(SOON.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(broker.take(telemetry, 1)).hasSize(1);
  }

  @Test
  void aBrokerHasNoTwin() {
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      assertThatThrownBy(() -> client.blocking(SOON).getTwin())
          .isInstanceOf(UnsupportedException.class);
    }
  }

  @Test
  void telemetryArrivesInOrderWithItsProperties() throws Exception {
    try (DeviceClient client = device()) {
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (String body : names("m")) {
        sent.add(client.send(numbered(body)));
      }
      client.blocking(SOON).open();
      CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
          .get(SOON.toSeconds(), TimeUnit.SECONDS);
    }
    List<JsonObject> seen = broker.take(telemetry, MESSAGES);
    assertThat(seen).extracting(ArtemisTest::body).containsExactlyElementsOf(names("m"));
    assertThat(seen)
        .extracting(message -> property(message, "n"))
        .containsExactlyElementsOf(names("Größe m"));
    broker.awaitCount(telemetry, 0);
  }

  private static TelemetryMessage numbered(String body) {
    return TelemetryMessage.builder()
        .body(body.getBytes(StandardCharsets.UTF_8))
        .property("n", "Größe " + body)
        .build();
  }

  private static String body(JsonObject message) {
    return message.get("body").getAsString();
  }

  private static String property(JsonObject message, String name) {
    return message.getAsJsonObject("properties").get(name).getAsString();
  }

  @Test
  void telemetrySaysWhatItIsInTheStandardSections() throws Exception {
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      client
          .blocking(SOON)
          .send(
              TelemetryMessage.builder()
                  .body("21.5".getBytes(StandardCharsets.UTF_8))
                  .messageId("id-1")
                  .correlationId("cor-2")
                  .userId("somebody")
                  .contentType("text/plain")
                  .contentEncoding("utf-8")
                  .build());
    }
    // The names of the sections that this broker gives to clients of other protocols.
    JsonObject seen = broker.take(telemetry, 1).get(0);
    assertThat(body(seen)).isEqualTo("21.5");
    assertThat(property(seen, "NATIVE_MESSAGE_ID")).endsWith(":id-1");
    assertThat(property(seen, "JMSCorrelationID")).isEqualTo("cor-2");
    assertThat(property(seen, "_AMQ_VALIDATED_USER")).isEqualTo("somebody");
    assertThat(property(seen, "JMS_AMQP_ContentType")).isEqualTo("text/plain");
    assertThat(property(seen, "JMS_AMQP_ContentEncoding")).isEqualTo("utf-8");
  }

  @Test
  void largeMessagesGoBothWays() throws Exception {
    String large = "0123456789".repeat(20_000);
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      client.blocking(SOON).send(TelemetryMessage.of(large.getBytes(StandardCharsets.UTF_8)));
      assertThat(body(broker.take(telemetry, 1).get(0))).isEqualTo(large);

      broker.put(commands, List.of(large));
      CloudMessage message = nextReceived();
      assertThat(message.text()).isEqualTo(large);
      settled(message.complete());
      broker.awaitCount(commands, 0);
    }
  }

  private static void settled(CompletionStage<Void> settlement) throws Exception {
    settlement.toCompletableFuture().get(SOON.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void messagesToTheDeviceComeInOrderAndAreGoneWhenCompleted() throws Exception {
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      broker.put(commands, names("c"));
      for (int i = 0; i < MESSAGES; i++) {
        CloudMessage message = nextReceived();
        assertThat(message.text()).isEqualTo("c" + i);
        assertThat(message.properties()).containsEntry("n", String.valueOf(i));
        settled(message.complete());
      }
      broker.awaitCount(commands, 0);
      assertThat(received).isEmpty();
    }
  }

  @Test
  void anAbandonedMessageComesAgain() throws Exception {
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      broker.put(commands, List.of("later"));
      settled(nextReceived().abandon());
      settled(nextReceived().abandon());
      CloudMessage again = nextReceived();
      assertThat(again.text()).isEqualTo("later");
      settled(again.complete());
      broker.awaitCount(commands, 0);
    }
  }

  @Test
  void aRejectedMessageGoesToTheDeadLetters() throws Exception {
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      broker.put(commands, List.of("never"));
      settled(nextReceived().reject());
      assertThat(broker.take(ArtemisProcess.DEAD_LETTERS, 1))
          .extracting(ArtemisTest::body)
          .containsExactly("never");
      broker.awaitCount(commands, 0);
      assertThat(received).isEmpty();
    }
  }

  @Test
  void whatWasNotSettledComesToTheNextClient() throws Exception {
    broker.put(commands, List.of("first", "second"));
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      settled(nextReceived().complete());
      assertThat(nextReceived().text()).isEqualTo("second");
    }
    broker.awaitCount(commands, 1);
    try (DeviceClient client = device()) {
      client.blocking(SOON).open();
      CloudMessage message = nextReceived();
      assertThat(message.text()).isEqualTo("second");
      settled(message.complete());
      broker.awaitCount(commands, 0);
    }
  }

  /**
   * The broker cuts the connection with telemetry in flight: the client reconnects and nothing is
   * lost.
   */
  @Test
  void comesBackWhenTheBrokerCutsTheLine() throws Exception {
    try (DeviceClient client = device(CloudMessage::complete)) {
      client.blocking(SOON).open();
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (String body : names("m")) {
        sent.add(client.send(numbered(body)));
        if (sent.size() == MESSAGES / 2) {
          sent.get(0).get(SOON.toSeconds(), TimeUnit.SECONDS);
          assertThat(broker.cutConnections()).isPositive();
        }
      }
      CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
          .get(SOON.toSeconds(), TimeUnit.SECONDS);
      // Messages in flight may have arrived twice.
      List<JsonObject> seen = broker.take(telemetry, broker.count(telemetry));
      assertThat(seen.stream().map(ArtemisTest::body).distinct())
          .containsExactlyElementsOf(names("m"));
      broker.put(commands, List.of("after"));
      broker.awaitCount(commands, 0);
    }
  }

  private static List<String> names(String prefix) {
    return IntStream.range(0, MESSAGES).mapToObj(i -> prefix + i).toList();
  }
}
