package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.UndocumentedAmqpBehavior;
import dev.fairlead.localhub.UndocumentedAmqpBehavior.ModifiedOutcome;
import dev.fairlead.localhub.UndocumentedBehavior;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import java.util.UUID;
import org.apache.qpid.proton.amqp.UnsignedByte;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Modified;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AmqpCloudMessageTest {

  private static final String ADDRESS = "/devices/dev-1/messages/devicebound";

  private final ManualHubTime time = new ManualHubTime(Instant.parse("2030-01-01T00:00:00Z"));
  private final LocalHub hub =
      LocalHub.start(LocalHubOptions.defaults().time(time).maxDeliveryCount(2));
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private AmqpPeer connected() throws IOException {
    AmqpPeer peer = AmqpPeer.bare(AmqpPeer.tls(hub, null)).open();
    String token = AmqpPeer.token(hub, device, time.now().plusSeconds(3600));
    assertThat(peer.putToken("localhost/devices/dev-1", token)).isEqualTo(200);
    return peer;
  }

  @Test
  void aDecisionAfterTheLockWasLostIsRefused() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    try (AmqpPeer peer = connected()) {
      Receiver link = peer.receiver(ADDRESS, 10);
      AmqpPeer.Received first = peer.receive(link);
      time.advance(Duration.ofSeconds(61));
      AmqpPeer.Received again = peer.receive(link);
      first.delivery().disposition(Accepted.getInstance());
      peer.until(() -> first.delivery().remotelySettled());
      assertThat(first.delivery().getRemoteState()).isInstanceOf(Rejected.class);
      assertThat(
              ((Rejected) first.delivery().getRemoteState()).getError().getCondition().toString())
          .isEqualTo("com.microsoft:message-lock-lost");
      assertThat(again.annotation("iothub-deliverycount"))
          .isEqualTo(UnsignedByte.valueOf((byte) 1));
      peer.settle(again, Accepted.getInstance());
      assertThat(sent.feedback().join()).isEqualTo(Feedback.SUCCESS);
    }
  }

  @Test
  void comesWithEverythingTheHubSays() throws IOException {
    device.sendCloudMessage(
        CloudToDeviceMessage.of("{}")
            .withMessageId("m-1")
            .withCorrelationId("c-1")
            .withUserId("user")
            .withContentType("application/json")
            .withContentEncoding("utf-8")
            .withTimeToLive(Duration.ofMinutes(5))
            .withAck(CloudToDeviceMessage.Ack.FULL)
            .withProperty("a", "1"));
    try (AmqpPeer peer = connected()) {
      AmqpPeer.Received received = peer.receive(peer.receiver(ADDRESS, 10));
      Message message = received.message();
      assertThat(received.text()).isEqualTo("{}");
      assertThat(message.getMessageId()).isEqualTo("m-1");
      assertThat(message.getCorrelationId()).isEqualTo("c-1");
      assertThat(message.getUserId()).asString().isEqualTo("user");
      assertThat(message.getAddress()).isEqualTo(ADDRESS);
      assertThat(message.getContentType()).isEqualTo("application/json");
      assertThat(message.getContentEncoding()).isEqualTo("utf-8");
      assertThat(message.getExpiryTime())
          .isEqualTo(Instant.parse("2030-01-01T00:05:00Z").toEpochMilli());
      assertThat(message.getApplicationProperties().getValue())
          .isEqualTo(Map.of("iothub-ack", "full", "a", "1"));
      assertThat(received.annotation("iothub-enqueuedtime")).isEqualTo(Date.from(time.now()));
      assertThat(received.annotation("iothub-deliverycount"))
          .isEqualTo(UnsignedByte.valueOf((byte) 0));
      assertThat(received.annotation("x-opt-sequence-number")).isEqualTo(UnsignedLong.valueOf(1));
      UUID token = (UUID) received.annotation("x-opt-lock-token");
      ByteBuffer tag = ByteBuffer.wrap(received.delivery().getTag());
      // A GUID as .NET writes it: the first three groups are little-endian.
      assertThat(Integer.reverseBytes(tag.getInt()))
          .isEqualTo((int) (token.getMostSignificantBits() >>> 32));
      assertThat(Short.reverseBytes(tag.getShort()))
          .isEqualTo((short) (token.getMostSignificantBits() >>> 16));
      assertThat(Short.reverseBytes(tag.getShort()))
          .isEqualTo((short) token.getMostSignificantBits());
      assertThat(tag.getLong()).isEqualTo(token.getLeastSignificantBits());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FIRST", "SECOND"})
  void carriesOutEachOutcome(ReceiverSettleMode mode) throws IOException {
    try (AmqpPeer peer = connected()) {
      Receiver link = peer.receiver(ADDRESS, AmqpPeer.pairProperties("c2d"), 100, mode);
      assertThat(link.getRemoteReceiverSettleMode()).isEqualTo(mode);
      SentMessage completed = device.sendCloudMessage(CloudToDeviceMessage.of("complete"));
      decide(peer, peer.receive(link), Accepted.getInstance(), mode);
      assertThat(completed.feedback().join()).isEqualTo(Feedback.SUCCESS);

      SentMessage rejected = device.sendCloudMessage(CloudToDeviceMessage.of("reject"));
      decide(peer, peer.receive(link), new Rejected(), mode);
      assertThat(rejected.feedback().join()).isEqualTo(Feedback.REJECTED);
      assertThat(rejected.state()).isEqualTo(DeliveryState.DEAD_LETTERED);

      SentMessage abandoned = device.sendCloudMessage(CloudToDeviceMessage.of("abandon"));
      decide(peer, peer.receive(link), Released.getInstance(), mode);
      AmqpPeer.Received again = peer.receive(link);
      assertThat(again.text()).isEqualTo("abandon");
      assertThat(abandoned.deliveryCount()).isEqualTo(1);
      decide(peer, again, new Modified(), mode);
      assertThat(abandoned.feedback().join()).isEqualTo(Feedback.DELIVERY_COUNT_EXCEEDED);
    }
  }

  private static void decide(
      AmqpPeer peer,
      AmqpPeer.Received received,
      org.apache.qpid.proton.amqp.transport.DeliveryState outcome,
      ReceiverSettleMode mode)
      throws IOException {
    Delivery delivery = received.delivery();
    delivery.disposition(outcome);
    if (mode == ReceiverSettleMode.SECOND) {
      peer.until(delivery::remotelySettled); // The hub settles first, with the same outcome.
      assertThat(delivery.getRemoteState()).isInstanceOf(outcome.getClass());
    }
    delivery.settle();
    peer.flush();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void modifiedCanBeMadeToLookAtItsFlags(boolean undeliverable) throws IOException {
    UndocumentedBehavior points =
        UndocumentedBehavior.builder()
            .amqp(UndocumentedAmqpBehavior.builder().modified(ModifiedOutcome.BY_FLAGS).build())
            .build();
    try (LocalHub byFlags = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
      Device one = byFlags.createDevice("dev-1");
      SentMessage sent = one.sendCloudMessage(CloudToDeviceMessage.of("x"));
      try (AmqpPeer peer = AmqpPeer.connected(byFlags, one)) {
        Receiver link = peer.receiver(ADDRESS, 10);
        Modified modified = new Modified();
        modified.setUndeliverableHere(undeliverable);
        peer.settle(peer.receive(link), modified);
        if (undeliverable) {
          assertThat(sent.feedback().join()).isEqualTo(Feedback.REJECTED);
        } else {
          assertThat(peer.receive(link).text()).isEqualTo("x");
        }
      }
    }
  }

  @Test
  void sendsAsFarAsThereIsCreditAndNoFurther() throws IOException {
    for (int i = 0; i < 5; i++) {
      device.sendCloudMessage(CloudToDeviceMessage.of("m" + i));
    }
    try (AmqpPeer peer = connected()) {
      Receiver link = peer.receiver(ADDRESS, 2);
      assertThat(peer.receive(link).text()).isEqualTo("m0");
      assertThat(peer.receive(link).text()).isEqualTo("m1");
      link.drain(0); // Asks for all available messages; without credit there are none.
      link.flow(1);
      assertThat(peer.receive(link).text()).isEqualTo("m2");
      assertThat(link.getQueued()).isZero();
    }
  }

  @Test
  void saysThatItHasDrained() throws IOException {
    device.sendCloudMessage(CloudToDeviceMessage.of("only"));
    try (AmqpPeer peer = connected()) {
      Receiver link = peer.receiver(ADDRESS, 0);
      link.drain(50);
      assertThat(peer.receive(link).text()).isEqualTo("only");
      peer.until(() -> link.getRemoteCredit() == 0 && !link.draining());
    }
  }

  @Test
  void aLinkThatGoesGivesItsMessagesBack() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    try (AmqpPeer peer = connected()) {
      Receiver first = peer.receiver(ADDRESS, 10);
      peer.receive(first);
      assertThat(sent.state()).isEqualTo(DeliveryState.INVISIBLE);
      first.close();
      peer.until(() -> first.getRemoteState() == EndpointState.CLOSED);
      assertThat(peer.receive(peer.receiver(ADDRESS, 10)).text()).isEqualTo("x");
    }
    await().until(() -> sent.state() != DeliveryState.INVISIBLE);
  }

  @Test
  void aLargeMessageComesInManyFrames() throws IOException {
    String large = "y".repeat(60_000);
    device.sendCloudMessage(CloudToDeviceMessage.of(large));
    try (AmqpPeer peer = connected()) {
      peer.session().setIncomingCapacity(2 * 4096); // A window of two frames.
      assertThat(peer.receive(peer.receiver(ADDRESS, 10)).text()).isEqualTo(large);
    }
  }
}
