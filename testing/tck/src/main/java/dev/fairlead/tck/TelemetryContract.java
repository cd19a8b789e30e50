package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.tck.ContractFault.When;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Telemetry arrives complete and in order, and only the hub acknowledges it. */
public abstract class TelemetryContract extends ContractCase {
  /** Called by subclasses. */
  protected TelemetryContract() {}

  @Test
  final void aThousandMessagesArriveInOrderOnce() {
    DeviceClient client = open(harness().client());
    awaitAll(sendAll(client, 0, 1000));
    assertComplete(1000);
    assertThat(hub().telemetry()).hasSize(1000);
    assertThat(client.outbox().accepted()).isEqualTo(1000);
    assertThat(client.outbox().resent()).isZero();
  }

  @Test
  final void whatWasSentBeforeOpeningComesFirst() {
    DeviceClient client = closeLater(harness().client().build());
    List<CompletableFuture<Void>> early = sendAll(client, 0, 20);
    assertThat(early).noneMatch(CompletableFuture::isDone);
    Await.result(client.open());
    List<CompletableFuture<Void>> later = sendAll(client, 20, 40);
    awaitAll(early);
    awaitAll(later);
    assertComplete(40);
  }

  @Test
  final void aSenderLearnsOfTheHubsAcknowledgementOnly() {
    hub().arm(ContractFault.silence(When.BEFORE_ACK));
    DeviceClient client = open(harness().client());
    CompletableFuture<Void> sent = client.send(message(0));
    Await.until("the hub has it", () -> !hub().telemetry().isEmpty());
    // If it completes now, a second delivery was acknowledged.
    Await.result(sent);
    assertThat(received()).hasSizeGreaterThan(1);
    assertThat(client.outbox().resent()).isPositive();
  }

  @Test
  final void everyByteArrives() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    DeviceClient client = open(harness().client());
    Await.result(client.send(TelemetryMessage.of(all)));
    Await.result(client.send(TelemetryMessage.of(new byte[0])));
    assertThat(hub().telemetry().get(0).body()).isEqualTo(all);
    assertThat(hub().telemetry().get(1).body()).isEmpty();
  }

  @Test
  final void aMessageOfTheLargestSizeArrives() {
    // The hub also counts the protocol's overhead: on MQTT the packet with its topic.
    byte[] body = new byte[TelemetryMessage.MAX_BYTES - 128];
    for (int i = 0; i < body.length; i++) {
      body[i] = (byte) (i * 31);
    }
    DeviceClient client = open(harness().client());
    Await.result(client.send(TelemetryMessage.of(body)));
    assertThat(hub().telemetry().get(0).body()).isEqualTo(body);
  }

  @Test
  final void applicationPropertiesArrive() {
    Map<String, String> properties =
        new HashMap<>(
            Map.of(
                "plain", "value",
                "spaced", "two words & more=less?",
                "percent", "100%25",
                "empty", "",
                "slash", "/a/#/+",
                "blank", " ends ",
                "Plain", "another one",
                "quoted", "\"a\\b\"",
                "dots.and-dashes_", "1"));
    if (harness().carriesAnyText()) {
      properties.put("unicode", "Grüße 温度 🌡");
    }
    TelemetryMessage.Builder builder = TelemetryMessage.builder().body(new byte[] {1});
    properties.forEach(builder::property);
    DeviceClient client = open(harness().client());
    Await.result(client.send(builder.build()));
    assertThat(hub().telemetry().get(0).properties()).isEqualTo(properties);
  }

  @Test
  final void whatTheTransportCannotCarryIsRefusedUnsent() {
    Assumptions.assumeFalse(harness().carriesAnyText(), "this transport carries any text");
    DeviceClient client = open(harness().client());
    CompletableFuture<Void> odd =
        client.send(TelemetryMessage.builder().property("unicode", "Grüße").build());
    CompletableFuture<Void> plain = client.send(message(0));
    assertThat(Await.failure(odd))
        .isInstanceOfSatisfying(
            RejectedException.class,
            refusal -> assertThat(refusal.progress()).isEqualTo(Progress.NOT_SENT));
    Await.result(plain);
    assertComplete(1);
  }

  @Test
  final void systemPropertiesArrive() {
    Instant made = Instant.parse("2026-01-02T03:04:05.678Z");
    TelemetryMessage message =
        TelemetryMessage.builder()
            .json("{\"t\":21.5}")
            .messageId("m-1:%25")
            .correlationId("c-1")
            .userId("user one")
            .creationTime(made)
            .build();
    DeviceClient client = open(harness().client());
    Await.result(client.send(message));
    Map<SystemProperty, String> system = hub().telemetry().get(0).systemProperties();
    assertThat(system)
        .containsEntry(SystemProperty.MESSAGE_ID, "m-1:%25")
        .containsEntry(SystemProperty.CORRELATION_ID, "c-1")
        .containsEntry(SystemProperty.USER_ID, "user one")
        .containsEntry(SystemProperty.CONTENT_TYPE, "application/json")
        .containsEntry(SystemProperty.CONTENT_ENCODING, "utf-8");
    assertThat(Instant.parse(system.getOrDefault(SystemProperty.CREATION_TIME, "")))
        .isEqualTo(made);
  }

  @Test
  final void severalSendersShareOneOrder() {
    DeviceClient client = open(harness().client());
    List<Thread> senders = new ArrayList<>();
    List<CompletableFuture<Void>> sent = java.util.Collections.synchronizedList(new ArrayList<>());
    for (int s = 0; s < 4; s++) {
      int base = s * 1000;
      Thread sender =
          new Thread(() -> sent.addAll(sendAll(client, base, base + 100)), "tck-sender");
      senders.add(sender);
      sender.start();
    }
    for (Thread sender : senders) {
      Await.until("senders are done", () -> !sender.isAlive());
    }
    awaitAll(List.copyOf(sent));
    List<Integer> all = received();
    assertThat(all).hasSize(400).doesNotHaveDuplicates();
    for (int s = 0; s < 4; s++) {
      int sender = s;
      assertThat(all.stream().filter(n -> n / 1000 == sender).toList()).isSorted();
    }
  }

  @Test
  final void strictOrderHasOneMessageUnderWay() {
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext context =
        closeLater(new RecordingContext(harness().target(), Set.of(), outbox, true));
    openSession(context);
    for (int i = 0; i < 50; i++) {
      outbox.add(message(i));
    }
    Await.until("all are accepted", () -> outbox.accepted().size() == 50);
    assertThat(outbox.mostUnderWay()).isEqualTo(1);
    assertThat(outbox.accepted()).isSorted();
    assertThat(context.serialLoop().thrown()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"ACKNOWLEDGE_TWICE", "ACKNOWLEDGE_AFTER_NEXT"})
  final void oddAcknowledgementsLoseAndRepeatNothing(ContractFault.What what) {
    Assumptions.assumeTrue(
        hub().can(what), () -> "This hub does not support the fault " + what + ".");
    DeviceClient client = open(harness().client());
    for (int occasion = 5; occasion < 25; occasion += 2) {
      hub().arm(new ContractFault(what, ContractFault.When.BEFORE_ACK, occasion, 1));
    }
    awaitAll(sendAll(client, 0, 60));
    assertComplete(60);
    assertThat(received()).hasSize(60);
    assertThat(client.outbox().accepted()).isEqualTo(60);
  }
}
