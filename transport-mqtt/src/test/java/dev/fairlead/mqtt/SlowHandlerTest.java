package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Trust;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.tck.FakeTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** More cloud-to-device messages are queued than the handler can process within one lock time. */
@Timeout(120)
class SlowHandlerTest {
  private static final Duration LOCK = Duration.ofSeconds(60);

  private final Instant start = Instant.now();
  private final FakeTime time = new FakeTime(start);
  private final ManualHubTime hubTime = new ManualHubTime(start);
  private final BlockingQueue<CloudMessage> inHandler = new LinkedBlockingQueue<>();
  private final BlockingQueue<Boolean> leave = new SynchronousQueue<>();
  private final BlockingQueue<CloudMessage> settled = new LinkedBlockingQueue<>();
  private final Map<String, Integer> handled = new HashMap<>();
  private final List<SentMessage> sent = new ArrayList<>();
  private LocalHub hub;
  private DeviceClient client;

  @BeforeEach
  void open() throws Exception {
    hub = LocalHub.start(LocalHubOptions.defaults().time(hubTime));
    Device device = hub.createDevice("dev-slow");
    for (int i = 0; i < 50; i++) {
      sent.add(device.sendCloudMessage(CloudToDeviceMessage.of("m" + i)));
    }
    client =
        DeviceClient.builder(device.connectionString())
            .endpoint(
                Protocol.MQTT,
                new Endpoint("localhost", hub.mqttPort(), Trust.only(List.of(hub.caCertificate()))))
            .transport(new MqttTransport())
            .time(time)
            .openTimeout(Duration.ofDays(1))
            .onCloudMessage(this::handle)
            .build();
    client.open().get(20, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    client.close(Duration.ZERO);
    hub.close();
    await()
        .until(
            () -> {
              time.advance(Duration.ofSeconds(1));
              leave.offer(false);
              return SessionCase.threadsOf("dev-slow").isEmpty();
            });
  }

  private void handle(CloudMessage message) throws InterruptedException {
    inHandler.add(message);
    if (leave.take()) {
      message.complete().whenComplete((done, failure) -> settled.add(message));
    }
  }

  /** Takes the next message out of the handler after some time. */
  private String handleOne(CloudMessage message, Duration taken, boolean completed)
      throws Exception {
    handled.merge(message.text(), 1, Integer::sum);
    time.advance(taken);
    hubTime.advance(taken);
    sync();
    leave.put(completed);
    if (completed) {
      assertThat(settled.poll(20, TimeUnit.SECONDS)).isSameAs(message);
      sync();
    }
    return message.text();
  }

  /**
   * Returns when the hub has read what the client sent, and the client what the hub sent: also what
   * the hub's loop had still to send when it read the first request.
   */
  private void sync() throws Exception {
    for (int i = 0; i < 2 && connected(); i++) {
      try {
        client.getTwin().get(20, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        // The session has just ended.
      }
    }
  }

  private boolean connected() {
    return client.state() instanceof ConnectionState.Connected;
  }

  private CloudMessage next() throws InterruptedException {
    CloudMessage message = inHandler.poll(20, TimeUnit.SECONDS);
    assertThat(message).isNotNull();
    return message;
  }

  private long completed() {
    return sent.stream().filter(each -> each.state() == DeliveryState.COMPLETED).count();
  }

  @Test
  void eachOfFiftyIsHandledOnceInFourSeconds() throws Exception {
    for (int i = 0; i < 50; i++) {
      assertThat(handleOne(next(), Duration.ofSeconds(4), true)).isEqualTo("m" + i);
      int done = i + 1;
      await().until(() -> completed() == done);
    }
    assertThat(handled.values()).hasSize(50).containsOnly(1);
    assertThat(inHandler)
        .as(() -> inHandler.stream().map(CloudMessage::text).toList() + "")
        .isEmpty();
    assertThat(client.state().toString()).contains("since " + start);
  }

  /** One is held for longer than its lock: a new session brings it once more, and the rest. */
  @Test
  void aLostLockCostsOneMoreDelivery() throws Exception {
    for (int i = 0; i < 10; i++) {
      handleOne(next(), Duration.ofSeconds(4), true);
    }
    assertThat(handleOne(next(), LOCK.plusSeconds(1), false)).isEqualTo("m10");
    while (completed() < 50) {
      CloudMessage message = inHandler.poll(20, TimeUnit.MILLISECONDS);
      if (message != null) {
        handleOne(message, Duration.ofSeconds(4), true);
      } else if (!connected()) {
        // A new session may wait for its moment.
        time.advance(Duration.ofSeconds(1));
      }
    }
    assertThat(handled)
        .hasSize(50)
        .allSatisfy((text, times) -> assertThat(times).isLessThanOrEqualTo(2));
  }
}
