package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.TelemetryMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/**
 * MQTT with another implementation, on both routes: telemetry and cloud-to-device messages at QoS 1
 * through a general broker with IoT Hub's topics.
 */
@Timeout(120)
@ParameterizedClass
@EnumSource(
    value = TransportUnderTest.class,
    names = {"MQTT", "MQTT_WS"})
class MosquittoTest {
  private static final int MESSAGES = 1_000;
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static @Nullable MosquittoBroker broker;
  private static @Nullable TestAbortedException unavailable;

  @Parameter TransportUnderTest transport;

  @BeforeAll
  static void startBroker() throws Exception {
    try {
      broker = MosquittoBroker.start(directory);
    } catch (TestAbortedException e) {
      unavailable = e;
    }
  }

  /**
   * In a test method, because a report contains the reason of a skipped test, but not of a skipped
   * class.
   */
  @BeforeEach
  void skipWithoutABroker() {
    if (unavailable != null) {
      throw unavailable;
    }
  }

  @AfterAll
  static void stopBroker() throws Exception {
    if (broker != null) {
      broker.close();
    }
  }

  private static MosquittoBroker broker() {
    return Objects.requireNonNull(broker, "a broker");
  }

  private record Seen(String topic, String body, int qos) {}

  /** The back end's side: a plain MQTT client at the same broker. */
  private static MqttClient backEnd() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("broker", broker().ca());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    MqttConnectOptions options = new MqttConnectOptions();
    options.setSocketFactory(tls.getSocketFactory());
    options.setMaxInflight(MESSAGES);
    MqttClient client =
        new MqttClient(
            "ssl://" + broker().host() + ":" + broker().tlsPort(),
            MqttClient.generateClientId(),
            new MemoryPersistence());
    client.connect(options);
    return client;
  }

  private DeviceClient device(String id, List<String> received) {
    return transport
        .builder(
            "HostName=localhost;DeviceId=" + id + ";SharedAccessKey=a2V5LW9mLW5vLXVzZQ==",
            broker().endpoint(transport))
        .onCloudMessage(
            message -> {
              received.add(new String(message.body(), StandardCharsets.UTF_8));
              message.complete();
            })
        .build();
  }

  @Test
  void telemetryArrivesInOrderWithItsProperties() throws Exception {
    String id = "device-" + transport;
    BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
    MqttClient backEnd = backEnd();
    try (DeviceClient client = device(id, new CopyOnWriteArrayList<>())) {
      backEnd.subscribe(
          "devices/" + id + "/messages/events/#",
          1,
          (topic, message) ->
              seen.add(
                  new Seen(
                      topic,
                      new String(message.getPayload(), StandardCharsets.UTF_8),
                      message.getQos())));
      client.blocking(SOON).open();
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (int i = 0; i < MESSAGES; i++) {
        sent.add(
            client.send(
                TelemetryMessage.builder()
                    .body(("m" + i).getBytes(StandardCharsets.UTF_8))
                    .property("n", "a&b/" + i)
                    .build()));
      }
      CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
          .get(SOON.toSeconds(), TimeUnit.SECONDS);
      Awaitility.await().atMost(SOON).until(() -> seen.size() >= MESSAGES);
    } finally {
      backEnd.disconnect();
      backEnd.close();
    }
    assertThat(seen).extracting(Seen::body).containsExactlyElementsOf(names("m"));
    assertThat(seen).allMatch(message -> message.qos() == 1);
    assertThat(seen.element().topic()).isEqualTo("devices/" + id + "/messages/events/n=a%26b%2F0");
  }

  @Test
  void messagesToTheDeviceArriveInOrderAndAreAcknowledged() throws Exception {
    String id = "listener-" + transport;
    List<String> received = new CopyOnWriteArrayList<>();
    MqttClient backEnd = backEnd();
    try (DeviceClient client = device(id, received)) {
      client.blocking(SOON).open();
      for (String name : names("c")) {
        MqttMessage message = new MqttMessage(name.getBytes(StandardCharsets.UTF_8));
        message.setQos(1);
        backEnd.publish("devices/" + id + "/messages/devicebound/%24.to=x&k=v", message);
      }
      Awaitility.await().atMost(SOON).until(() -> received.size() >= MESSAGES);
      assertThat(received).containsExactlyElementsOf(names("c"));
    } finally {
      backEnd.disconnect();
      backEnd.close();
    }
    // An acknowledged message is not delivered again in the stored session.
    List<String> again = new CopyOnWriteArrayList<>();
    try (DeviceClient client = device(id, again)) {
      client.blocking(SOON).open();
      client.blocking(SOON).send(TelemetryMessage.json("{}"));
    }
    assertThat(again).isEmpty();
  }

  /** The client reconnects after a cut by a broker that behaves differently from the hub. */
  @Test
  void comesBackWhenTheBrokerTakesTheSessionAway() throws Exception {
    String id = "taken-over-" + transport;
    List<String> received = new CopyOnWriteArrayList<>();
    try (DeviceClient first = device(id, received);
        DeviceClient second = device(id, received)) {
      first.blocking(SOON).open();
      first.blocking(SOON).send(TelemetryMessage.json("{\"n\":1}"));
      // The same client id: the broker drops the first connection [MQTT-3.1.4-2].
      second.blocking(SOON).open();
      second.close(Duration.ZERO).get(60, TimeUnit.SECONDS);
      first.blocking(SOON).send(TelemetryMessage.json("{\"n\":2}"));
    }
  }

  private static List<String> names(String prefix) {
    return IntStream.range(0, MESSAGES).mapToObj(i -> prefix + i).toList();
  }
}
