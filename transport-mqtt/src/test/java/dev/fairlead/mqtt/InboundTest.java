package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Capability;
import dev.fairlead.CloudMessage;
import dev.fairlead.HubException;
import dev.fairlead.MethodResponse;
import dev.fairlead.RejectedException;
import dev.fairlead.SystemProperty;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What the hub sends: cloud-to-device messages, methods and twin. */
class InboundTest extends SessionCase {
  @Test
  void receivesAndCompletesCloudMessages() throws Exception {
    TransportSession session = open();
    SentMessage sent =
        device.sendCloudMessage(
            CloudToDeviceMessage.of("hello")
                .withMessageId("m-1")
                .withProperty("a", "")
                .withProperty("b", "ü&="));
    await().until(() -> inbox().cloudMessages().size() == 1);
    CloudMessage message = inbox().cloudMessages().get(0);
    assertThat(message.text()).isEqualTo("hello");
    assertThat(message.messageId()).contains("m-1");
    assertThat(message.properties()).containsEntry("a", "").containsEntry("b", "ü&=");
    assertThat(message.systemProperties().get(SystemProperty.TO)).contains("devicebound");

    done(message.complete());

    await().until(() -> sent.state() == DeliveryState.COMPLETED);
    close(session);
  }

  @Test
  void receivesWhatCameWhileOffline() throws Exception {
    close(open());
    for (int i = 0; i < 20; i++) {
      device.sendCloudMessage(CloudToDeviceMessage.of("m" + i));
    }
    TransportSession session = open();
    await().until(() -> inbox().cloudMessages().size() == 20);
    for (int i = 0; i < 20; i++) {
      assertThat(inbox().cloudMessages().get(i).text()).isEqualTo("m" + i);
      done(inbox().cloudMessages().get(i).complete());
    }
    await().until(() -> device.queuedCloudMessages() == 0);
    close(session);
  }

  @Test
  void neitherAbandonsNorRejects() throws Exception {
    TransportSession session = open();
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    await().until(() -> inbox().cloudMessages().size() == 1);
    CloudMessage message = inbox().cloudMessages().get(0);

    assertThat(failure(message.abandon())).isInstanceOf(UnsupportedException.class);
    assertThat(failure(message.reject())).isInstanceOf(UnsupportedException.class);

    assertThat(sent.state()).isEqualTo(DeliveryState.INVISIBLE);
    done(message.complete());
    await().until(() -> sent.state() == DeliveryState.COMPLETED);
    assertThat(new MqttTransport().offer().routes().get(0).capabilities())
        .doesNotContain(Capability.ABANDON, Capability.REJECT);
    close(session);
  }

  @Test
  void acknowledgesInTheOrderOfDelivery() throws Exception {
    TransportSession session = open();
    List<SentMessage> sent = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      sent.add(device.sendCloudMessage(CloudToDeviceMessage.of("m" + i)));
    }
    await().until(() -> inbox().cloudMessages().size() == 3);

    CompletionStage<Void> third = inbox().cloudMessages().get(2).complete();
    CompletionStage<Void> second = inbox().cloudMessages().get(1).complete();
    done(outbox.add("a round trip").outcome());
    assertThat(third.toCompletableFuture()).isNotDone();
    assertThat(sent.get(2).state()).isEqualTo(DeliveryState.INVISIBLE);

    done(inbox().cloudMessages().get(0).complete());
    done(second);
    done(third);
    await().until(() -> device.queuedCloudMessages() == 0);
    close(session);
  }

  @Test
  void asksOnceForANewSessionWhenALockTimeIsOver() throws Exception {
    TransportSession session = open(MqttOptions.builder().lockTime(Duration.ofMillis(300)).build());
    device.sendCloudMessage(CloudToDeviceMessage.of("held"));
    device.sendCloudMessage(CloudToDeviceMessage.of("held too"));
    await().until(() -> context.reopenRequests().size() == 1);

    HubException late = failure(inbox().cloudMessages().get(0).complete());

    assertThat(late).isInstanceOf(RejectedException.class).hasMessageContaining("lock time");
    assertThat(context.reopenRequests()).hasSize(1);
    close(session);
  }

  @Test
  void unsubscribesWhatHasNoHandlerAnyMore() throws Exception {
    close(open());
    context = contextOf(device).feeds(Set.of(Feed.DESIRED_PROPERTIES)).build();
    TransportSession session = open();
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("for later"));
    done(outbox.add("a round trip").outcome());
    assertThat(inbox().cloudMessages()).isEmpty();
    assertThat(sent.state()).isEqualTo(DeliveryState.ENQUEUED);
    close(session);
  }

  @Test
  void answersMethods() throws Exception {
    TransportSession session = open();
    CompletableFuture<MethodResult> result =
        device.invokeMethod("reboot", "{\"in\":5}", Duration.ZERO, SECONDS);
    await().until(() -> inbox().calls().size() == 1);
    assertThat(inbox().calls().get(0).request().name()).isEqualTo("reboot");
    assertThat(inbox().calls().get(0).request().payload()).isEqualTo("{\"in\":5}");

    onLoop(() -> inbox().calls().get(0).reply().respond(new MethodResponse(202, "\"soon\"")));

    assertThat(done(result)).isEqualTo(new MethodResult(202, "\"soon\""));
    close(session);
  }

  @Test
  void readsAndReportsTheTwin() throws Exception {
    TransportSession session = open();
    long version = onLoop(() -> session.twin().orElseThrow().report("{\"fw\":\"1.2\"}"));
    assertThat(version).isEqualTo(device.twin().reportedVersion());
    assertThat(onLoop(() -> session.twin().orElseThrow().get()))
        .contains("\"fw\":\"1.2\"")
        .contains("desired");

    device.updateDesired("{\"interval\":10}");
    await().until(() -> inbox().patches().size() == 1);
    assertThat(inbox().patches().get(0)).contains("\"interval\":10").contains("$version");
    close(session);
  }

  @Test
  void saysWhyAReportIsRefused() throws Exception {
    TransportSession session = open();
    HubException refusal =
        failureOnLoop(
            () -> session.twin().orElseThrow().report("{\"a\":\"" + "x".repeat(5000) + "\"}"));
    assertThat(refusal)
        .isInstanceOfSatisfying(RejectedException.class, e -> assertThat(e.code()).isNotEmpty())
        .hasMessageContaining("status 4");
    close(session);
    assertThat(failureOnLoop(() -> session.twin().orElseThrow().get()))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void failsTwinRequestsWhenItEnds() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.stall().beforeAck());
    outbox.add("now the hub falls silent");
    hub.telemetry().await(1, SECONDS);
    CompletableFuture<String> twin = new CompletableFuture<>();
    loop.execute(
        () -> {
          session
              .twin()
              .orElseThrow()
              .get()
              .whenComplete(
                  (text, failed) -> {
                    if (failed == null) {
                      twin.complete(text);
                    } else {
                      twin.completeExceptionally(failed);
                    }
                  });
          session.abort();
        });
    assertThat(failure(twin)).isInstanceOf(UnreachableException.class);
    assertThat(done(session.ended())).isPresent();
  }
}
