package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.auth.Credentials;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.tck.FakeTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Fifty messages that wait, and a handler that takes its time: all of them are completed. */
@Timeout(120)
class SlowHandlerTest {
  private static final int MESSAGES = 50;
  private static final Duration EACH = Duration.ofSeconds(4);

  @Test
  void everyMessageIsHandledWithinItsLockOrOnceMore() throws Exception {
    ManualHubTime hubTime = new ManualHubTime();
    FakeTime time = new FakeTime(hubTime.now());
    try (LocalHub hub =
        LocalHub.start(LocalHubOptions.defaults().hostName("slow.hub.test").time(hubTime))) {
      Device device = hub.createDevice("dev-s", DeviceAuth.randomKeys());
      List<SentMessage> sent = new ArrayList<>();
      for (int i = 0; i < MESSAGES; i++) {
        sent.add(device.sendCloudMessage(CloudToDeviceMessage.of("m" + i)));
      }
      Map<String, Integer> handled = new ConcurrentHashMap<>();
      LinkedBlockingQueue<CloudMessage> inHand = new LinkedBlockingQueue<>();
      Semaphore goOn = new Semaphore(0);
      try (DeviceClient client = client(hub, device, time, handled, inHand, goOn)) {
        client.open();
        for (int calls = 0; !allCompleted(sent); calls++) {
          assertThat(calls).isLessThan(2 * MESSAGES);
          CloudMessage message = inHand.poll(20, TimeUnit.SECONDS);
          assertThat(message).as("after %s calls: %s", calls, handled).isNotNull();
          for (int second = 0; second < EACH.toSeconds(); second++) {
            hubTime.advance(Duration.ofSeconds(1));
            time.advance(Duration.ofSeconds(1));
          }
          goOn.release();
          await().pollInterval(Duration.ofMillis(2)).until(() -> settled(sent, inHand));
        }
      }
      assertThat(sent).allMatch(each -> each.state() == DeliveryState.COMPLETED);
      assertThat(handled).hasSize(MESSAGES);
      assertThat(handled.values()).allMatch(count -> count <= 2);
    }
  }

  /** The hub has taken these back when the handler returns, so the copies are stale. */
  @Test
  void whatWaitedLongerThanItsLockIsHandledOnlyWhenItComesAgain() throws Exception {
    ManualHubTime hubTime = new ManualHubTime();
    FakeTime time = new FakeTime(hubTime.now());
    try (LocalHub hub =
        LocalHub.start(LocalHubOptions.defaults().hostName("slow.hub.test").time(hubTime))) {
      Device device = hub.createDevice("dev-s", DeviceAuth.randomKeys());
      List<SentMessage> sent = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        sent.add(device.sendCloudMessage(CloudToDeviceMessage.of("m" + i)));
      }
      Map<String, Integer> handled = new ConcurrentHashMap<>();
      LinkedBlockingQueue<CloudMessage> inHand = new LinkedBlockingQueue<>();
      Semaphore goOn = new Semaphore(0);
      try (DeviceClient client = client(hub, device, time, handled, inHand, goOn)) {
        client.open();
        assertThat(inHand.poll(20, TimeUnit.SECONDS)).isNotNull();
        await()
            .until(() -> sent.stream().allMatch(each -> each.state() == DeliveryState.INVISIBLE));
        hubTime.advance(Duration.ofSeconds(61));
        time.advance(Duration.ofSeconds(61));
        goOn.release(MESSAGES);
        await().until(() -> allCompleted(sent));
      }
      assertThat(handled).containsEntry("m0", 2);
      assertThat(handled).containsEntry("m1", 1).containsEntry("m2", 1);
      assertThat(handled).containsEntry("m3", 1).containsEntry("m4", 1);
    }
  }

  private static boolean allCompleted(List<SentMessage> sent) {
    return sent.stream().allMatch(each -> each.state() == DeliveryState.COMPLETED);
  }

  /** The next call is there, or nothing is left. */
  private static boolean settled(List<SentMessage> sent, LinkedBlockingQueue<CloudMessage> inHand) {
    return !inHand.isEmpty() || allCompleted(sent);
  }

  private static DeviceClient client(
      LocalHub hub,
      Device device,
      FakeTime time,
      Map<String, Integer> handled,
      LinkedBlockingQueue<CloudMessage> inHand,
      Semaphore goOn) {
    return DeviceClient.builder()
        .host("slow.hub.test")
        .identity(DeviceIdentity.device("dev-s"))
        .credentials(Credentials.sharedAccessKey(Secret.of(device.primaryKey())))
        .endpoint(
            Protocol.AMQP,
            new Endpoint("localhost", hub.amqpPort(), Trust.only(List.of(hub.caCertificate()))))
        .policy(TransportPolicy.builder().only(Protocol.AMQP).build())
        .transport(new AmqpTransport())
        .time(time)
        .onCloudMessage(
            message -> {
              handled.merge(message.text(), 1, Integer::sum);
              inHand.add(message);
              goOn.acquire();
              message.complete().toCompletableFuture().get(20, TimeUnit.SECONDS);
            })
        .build();
  }
}
