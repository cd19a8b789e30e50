package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.OutboxLimits;
import dev.fairlead.Protocol;
import dev.fairlead.RateLimit;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.tck.FakeTime;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One device's message that the hub does not take, on a connection that several devices share. */
@Timeout(120)
class GatewayRejectionTest {
  private static final String BAD = "<bad>";

  private final FakeTime time = new FakeTime(Instant.now());
  private final LocalHub hub = LocalHub.start(LocalHubOptions.defaults().hostName("gw.hub.test"));
  private final List<DeviceClient> devices = new ArrayList<>();
  private final List<CompletableFuture<Void>> good = new ArrayList<>();
  private final Set<String> sent = new LinkedHashSet<>();
  private Gateway gateway;

  @BeforeEach
  void open() throws Exception {
    gateway =
        Gateway.builder()
            .host("gw.hub.test")
            .policy(TransportPolicy.gateway(4).toBuilder().only(Protocol.AMQP).build())
            .endpoint(
                Protocol.AMQP,
                new Endpoint("localhost", hub.amqpPort(), Trust.only(List.of(hub.caCertificate()))))
            .transport(Patient.transport())
            .time(time)
            .openTimeout(Duration.ofHours(10))
            .drainTime(Duration.ZERO)
            .build();
    for (int i = 0; i < 4; i++) {
      Device device = hub.createDevice("dev-" + i);
      DeviceClient client =
          gateway
              .device(device.connectionString())
              .outbox(OutboxLimits.builder().rejectAfter(3, Duration.ofMinutes(1)).build())
              .build();
      devices.add(client);
      client.open().get(20, TimeUnit.SECONDS);
    }
  }

  @AfterEach
  void close() {
    gateway.close();
    hub.close();
  }

  private CompletableFuture<Void> send(int device, String text) {
    return devices.get(device).send(TelemetryMessage.text(text));
  }

  private void sendGood(int device, int count) {
    for (int i = 0; i < count; i++) {
      String text = "<" + device + " " + sent.size() + ">";
      sent.add(text);
      good.add(send(device, text));
    }
  }

  private void passUntil(BooleanSupplier condition) {
    time.advanceUntil(Duration.ofSeconds(1), condition);
  }

  private Set<String> arrived() {
    Set<String> texts = new LinkedHashSet<>();
    hub.telemetry()
        .received()
        .forEach(each -> texts.add(new String(each.body(), StandardCharsets.UTF_8)));
    return texts;
  }

  /** The others are hit by each cut, while they send all the time. */
  @ParameterizedTest
  @ValueSource(strings = {"CLOSE", "END", "reset", "reject"})
  void onlyThatMessageFails(String way) throws Exception {
    Fault refusal =
        switch (way) {
          case "CLOSE" -> Fault.detach(AmqpPart.CONNECTION);
          case "END" -> Fault.detach(AmqpPart.SESSION);
          case "reset" -> Fault.reset();
          default -> Fault.reject(500001);
        };
    hub.faults().add(refusal.message(BAD).always());
    sendGood(1, 20);
    CompletableFuture<Void> bad = send(1, BAD);
    sendGood(1, 20);
    int[] rounds = {0};
    passUntil(
        () -> {
          if (rounds[0]++ % 10 == 0) {
            sendGood(0, 1);
            sendGood(2, 1);
            sendGood(3, 1);
          }
          return bad.isDone();
        });
    passUntil(() -> good.stream().allMatch(CompletableFuture::isDone));

    assertThat(bad)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withCauseInstanceOf(RejectedException.class);
    assertThat(good).noneMatch(CompletableFuture::isCompletedExceptionally);
    assertThat(arrived()).containsExactlyInAnyOrderElementsOf(sent);
  }

  /** A suspect has the connection to itself, and the hub leaves it unanswered. */
  @Test
  void aSuspectWithoutAnAnswerDoesNotStopTheOthers() {
    hub.faults().add(Fault.detach(AmqpPart.CONNECTION).message(BAD));
    Faults.Armed withheld = hub.faults().add(Fault.withhold().message(BAD).nth(2).always());
    CompletableFuture<Void> bad = send(1, BAD);
    passUntil(() -> withheld.strikes() > 0);
    Device suspect = hub.device("dev-1").orElseThrow();
    long sessions = suspect.connectionsSoFar();
    for (int i = 0; i < 5; i++) {
      sendGood(0, 5);
      sendGood(2, 5);
      passUntil(() -> good.stream().allMatch(CompletableFuture::isDone));
    }
    // Not the end of the suspect's session, which comes after an hour, let them go.
    assertThat(suspect.connectionsSoFar()).isEqualTo(sessions);
    assertThat(bad).isNotDone();
    assertThat(good).noneMatch(CompletableFuture::isCompletedExceptionally);
  }

  /** While it waits, the time stands still, so it is not only for a while that the others send. */
  @Test
  void aSuspectThatWaitsForItsRateLimitDoesNotStopTheOthers() throws Exception {
    DeviceClient slow =
        gateway
            .device(hub.createDevice("slow").connectionString())
            .rateLimit(RateLimit.of(1.0 / 600))
            .build();
    slow.open().get(20, TimeUnit.SECONDS);
    Faults.Armed cuts = hub.faults().add(Fault.detach(AmqpPart.CONNECTION).message(BAD).always());
    CompletableFuture<Void> bad = slow.send(TelemetryMessage.text(BAD));
    passUntil(() -> cuts.strikes() == 1 && slow.state() instanceof ConnectionState.Connected);
    sendGood(0, 1);
    passUntil(() -> good.stream().allMatch(CompletableFuture::isDone));

    for (int i = 0; i < 5; i++) {
      sendGood(0, 5);
      sendGood(2, 5);
      CompletableFuture.allOf(good.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
    }
    assertThat(cuts.strikes()).isEqualTo(1);
    passUntil(() -> cuts.strikes() == 2);
    assertThat(bad).isNotDone();
  }
}
