package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.SerialLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.IMqttActionListener;
import org.eclipse.paho.client.mqttv3.IMqttToken;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Telemetry beside bare Paho, same hub, same window; prints the rates and asserts none. */
@Tag("long")
class ThroughputTest {
  private static final Logger log = LoggerFactory.getLogger(ThroughputTest.class);
  private static final int MESSAGES = 200_000;
  private static final int ROUNDS = 4;

  @Test
  void besideBarePaho() throws Exception {
    try (LocalHub hub = LocalHub.start();
        SerialLoop loop = new SerialLoop()) {
      for (int round = 0; round < ROUNDS; round++) {
        log.info("round {}: bare Paho {} msg/s", round, barePaho(hub, "paho-" + round));
        log.info("round {}: this transport {} msg/s", round, transport(hub, loop, "own-" + round));
        hub.telemetry().clear();
      }
    }
  }

  private static long rate(long start) {
    return MESSAGES * 1_000_000_000L / (System.nanoTime() - start);
  }

  private static RecordingContext context(LocalHub hub, SerialLoop loop, Device device) {
    return RecordingContext.builder(SessionCase.target(hub, device, hub.mqttPort()))
        .outbox(new ScriptedOutbox())
        .loop(loop)
        .build();
  }

  private static long transport(LocalHub hub, SerialLoop loop, String id) throws Exception {
    ScriptedOutbox outbox = new ScriptedOutbox();
    Device device = hub.createDevice(id);
    RecordingContext context =
        RecordingContext.builder(SessionCase.target(hub, device, hub.mqttPort()))
            .outbox(outbox)
            .loop(loop)
            .build();
    MqttTransport transport = new MqttTransport();
    TransportSession session =
        transport
            .open(transport.offer().routes().get(0).route(), context)
            .outcome()
            .toCompletableFuture()
            .get(20, TimeUnit.SECONDS);
    byte[] body = new byte[100];
    Semaphore room = new Semaphore(10_000);
    long start = System.nanoTime();
    for (int i = 0; i < MESSAGES; i++) {
      room.acquire();
      outbox
          .add(TelemetryMessage.of(body))
          .outcome()
          .whenComplete((done, failed) -> room.release());
    }
    assertThat(room.tryAcquire(10_000, 60, TimeUnit.SECONDS)).isTrue();
    long rate = rate(start);
    loop.execute(session::close);
    session.ended().toCompletableFuture().get(20, TimeUnit.SECONDS);
    return rate;
  }

  private static long barePaho(LocalHub hub, String id) throws Exception {
    Device device = hub.createDevice(id);
    try (SerialLoop loop = new SerialLoop()) {
      RecordingContext context = context(hub, loop, device);
      MqttAsyncClient client =
          new MqttAsyncClient("ssl://localhost:" + hub.mqttPort(), id, new MemoryPersistence());
      MqttConnectOptions options = new MqttConnectOptions();
      options.setUserName(MqttOpening.userName(context));
      options.setPassword(
          ((dev.fairlead.spi.Credential.Token) context.credential()).text().reveal().toCharArray());
      options.setMaxInflight(258);
      options.setSocketFactory(factory(context));
      CompletableFuture<Void> connected = new CompletableFuture<>();
      client.connect(
          options,
          null,
          new IMqttActionListener() {
            @Override
            public void onSuccess(IMqttToken token) {
              connected.complete(null);
            }

            @Override
            public void onFailure(IMqttToken token, Throwable cause) {
              connected.completeExceptionally(cause);
            }
          });
      connected.get(20, TimeUnit.SECONDS);
      byte[] body = new byte[100];
      Semaphore window = new Semaphore(256);
      IMqttActionListener release =
          new IMqttActionListener() {
            @Override
            public void onSuccess(IMqttToken token) {
              window.release();
            }

            @Override
            public void onFailure(IMqttToken token, Throwable cause) {}
          };
      long start = System.nanoTime();
      String topic = "devices/" + id + "/messages/events/";
      for (int i = 0; i < MESSAGES; i++) {
        window.acquire();
        client.publish(topic, body, 1, false, null, release);
      }
      assertThat(window.tryAcquire(256, 60, TimeUnit.SECONDS)).isTrue();
      long rate = rate(start);
      client.disconnect().waitForCompletion();
      client.close();
      return rate;
    }
  }

  private static javax.net.SocketFactory factory(RecordingContext context) throws Exception {
    javax.net.ssl.TrustManagerFactory trust =
        javax.net.ssl.TrustManagerFactory.getInstance(
            javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm());
    trust.init(context.endpoint().trust().keyStore().orElseThrow());
    javax.net.ssl.SSLContext tls = javax.net.ssl.SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    return tls.getSocketFactory();
  }
}
