package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.UndocumentedBehavior;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.transport.DeliveryState.DeliveryStateType;
import org.apache.qpid.proton.engine.Sender;
import org.junit.jupiter.api.RepeatedTest;

/** Connections that take over one identity from each other, while other threads use it. */
class AmqpConcurrencyTest {

  private static final int RIVALS = 4;
  private static final int ROUNDS = 5;

  @RepeatedTest(5)
  void whoeverWinsNothingIsLostAndNothingStays() throws Exception {
    LocalHubOptions options =
        LocalHubOptions.defaults()
            .ioThreads(3)
            .undocumented(UndocumentedBehavior.builder().everyReturnCounts(false).build());
    try (LocalHub hub = LocalHub.start(options)) {
      Device device = hub.createDevice("dev-1");
      List<SentMessage> sent = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        sent.add(device.sendCloudMessage(CloudToDeviceMessage.of("m" + i)));
      }
      AtomicInteger accepted = new AtomicInteger();
      List<Thread> rivals = new ArrayList<>();
      for (int i = 0; i < RIVALS; i++) {
        Thread rival = new Thread(() -> compete(hub, device, accepted), "rival-" + i);
        rivals.add(rival);
        rival.start();
      }
      for (int i = 0; i < 50; i++) {
        device.updateDesired("{\"n\":" + i + "}");
      }
      for (Thread rival : rivals) {
        rival.join();
      }
      await().until(() -> !device.isConnected());
      await().until(() -> hub.connectionCount() == 0);
      assertThat(sent).allMatch(message -> message.state() == DeliveryState.ENQUEUED);
      assertThat(hub.telemetry().count()).isGreaterThanOrEqualTo(accepted.get());
      try (AmqpPeer last = AmqpPeer.connected(hub, device)) {
        Sender link = last.sender("/devices/dev-1/messages/events");
        assertThat(last.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      }
    }
  }

  private static void compete(LocalHub hub, Device device, AtomicInteger accepted) {
    for (int round = 0; round < ROUNDS; round++) {
      try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
        peer.receiver("/devices/dev-1/messages/devicebound", 5);
        Sender link = peer.sender("/devices/dev-1/messages/events");
        for (int i = 0; i < 5; i++) {
          if (peer.send(link, AmqpPeer.message("x")).getType() == DeliveryStateType.Accepted) {
            accepted.incrementAndGet();
          }
        }
      } catch (IOException | RuntimeException | AssertionError lost) {
        // Another connection has taken over the identity, which ended this link.
        continue;
      }
    }
  }
}
