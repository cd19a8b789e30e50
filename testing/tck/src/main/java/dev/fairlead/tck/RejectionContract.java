package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.OutboxLimits;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Faults;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportProvider;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * A hub that refuses telemetry in every way that a route has, over real connections: the refused
 * message fails and no other does. The test moves the client's time, one second every few
 * milliseconds, and a message fails after three refusals over a minute.
 */
public abstract class RejectionContract {
  private static final int MESSAGES = 1000;
  private static final Duration OVER = Duration.ofMinutes(1);

  /** Called by subclasses. */
  protected RejectionContract() {}

  /**
   * The transport under test, with time-outs so long that a busy machine is not mistaken for a
   * silent hub.
   *
   * @return a new transport
   */
  protected abstract TransportProvider transport();

  /**
   * The protocol under test.
   *
   * @return one that the transport offers
   */
  protected abstract Protocol protocol();

  /**
   * Every way in which the hub can refuse telemetry on this route.
   *
   * @return by name; each fault may be tied to a message
   */
  protected abstract Map<String, Fault> refusals();

  @TestFactory
  final Stream<DynamicTest> oneMessageFailsAndAllOthersArrive() {
    List<DynamicTest> tests = new ArrayList<>();
    int place = 137;
    for (Map.Entry<String, Fault> each : refusals().entrySet()) {
      int at = place;
      tests.add(
          DynamicTest.dynamicTest(
              each.getKey() + " at " + at, () -> onePoison(each.getValue(), at)));
      place = (place + 397) % (MESSAGES - 10);
    }
    Fault first = refusals().values().iterator().next();
    tests.add(DynamicTest.dynamicTest("the first of all", () -> onePoison(first, 0)));
    tests.add(DynamicTest.dynamicTest("the last of all", () -> onePoison(first, MESSAGES - 1)));
    return tests.stream();
  }

  private void onePoison(Fault refusal, int place) {
    try (Case test = new Case()) {
      test.hub.localHub().faults().add(refusal.message(body(place)).always());
      test.send(MESSAGES);
      if (place >= MESSAGES - 10) {
        test.passUntil(() -> test.outcomes() >= MESSAGES - 1);
        assertThat(test.failed()).isEmpty();
        test.send(1);
      }
      test.passUntil(() -> test.outcomes() == test.sent.size());

      assertThat(test.failed()).containsExactly(place);
      assertThat(test.sent.get(place))
          .failsWithin(Duration.ofSeconds(10))
          .withThrowableThat()
          .withCauseInstanceOf(RejectedException.class);
      List<String> others = new ArrayList<>();
      for (int i = 0; i < test.sent.size(); i++) {
        if (i != place) {
          others.add(body(i));
        }
      }
      List<String> arrived = test.arrived();
      assertThat(arrived).containsExactlyInAnyOrderElementsOf(others);
      // Except for the probes, which are sent from behind the suspected message.
      List<String> behind = others.subList(Math.min(place, others.size()), others.size());
      List<String> probes = behind.subList(0, Math.min(2, behind.size()));
      arrived.removeAll(probes);
      others.removeAll(probes);
      if (test.hub.pushes() && takesLaterOnes(refusal.effect())) {
        return;
      }
      assertThat(arrived).containsExactlyElementsOf(others);
    }
  }

  /** Whether the hub accepts messages in flight behind a message that it refuses. */
  private static boolean takesLaterOnes(Fault.Effect refusal) {
    return refusal instanceof Fault.Effect.Reject || refusal instanceof Fault.Effect.Release;
  }

  @TestFactory
  final Stream<DynamicTest> nothingFailsWhileTheHubRefusesEverything() {
    return refusals().entrySet().stream()
        .map(
            each ->
                DynamicTest.dynamicTest(each.getKey(), () -> everythingIsRefused(each.getValue())));
  }

  private void everythingIsRefused(Fault refusal) {
    try (Case test = new Case()) {
      Faults.Armed quota =
          test.hub.localHub().faults().add(refusal.at(Fault.Moment.BEFORE_STORE).always());
      test.send(50);
      Instant end = test.time.now().plus(OVER.multipliedBy(10));
      test.passUntil(() -> !test.time.now().isBefore(end));
      assertThat(test.outcomes()).isZero();
      assertThat(quota.strikes()).as("attempts").isBetween(3, 200);
      quota.remove();
      test.passUntil(() -> test.outcomes() == 50);

      assertThat(test.failed()).isEmpty();
      assertThat(test.arrived()).hasSize(50);
    }
  }

  @Test
  final void nothingFailsWhileTheHubRestartsAtRandom() {
    Random random = new Random(5);
    try (Case test = new Case()) {
      for (int round = 0; round < 30; round++) {
        test.send(10);
        int enough = test.sent.size() - random.nextInt(10);
        test.hub
            .localHub()
            .faults()
            .add(
                random.nextBoolean()
                    ? Fault.drop().beforeStore().nth(1 + random.nextInt(3))
                    : Fault.reset().beforeAck().nth(1 + random.nextInt(3)));
        test.passUntil(() -> test.outcomes() >= enough);
      }
      test.hub.localHub().faults().clear();
      test.passUntil(() -> test.outcomes() == test.sent.size());

      assertThat(test.failed()).isEmpty();
      assertThat(test.arrived()).hasSize(300);
    }
  }

  @Test
  final void nothingFailsWhileASecondClientHasTheSameIdentity() {
    try (Case test = new Case()) {
      DeviceClient second = test.client();
      Await.result(second.open());
      List<CompletableFuture<Void>> others = new ArrayList<>();
      for (int round = 0; round < 20; round++) {
        test.send(5);
        others.add(second.send(TelemetryMessage.text("second " + round)));
        Instant end = test.time.now().plus(OVER);
        test.passUntil(() -> !test.time.now().isBefore(end));
      }
      test.passUntil(() -> others.stream().allMatch(CompletableFuture::isDone));
      second.close();
      test.passUntil(() -> test.outcomes() == test.sent.size());

      assertThat(test.failed()).isEmpty();
      assertThat(others).noneMatch(CompletableFuture::isCompletedExceptionally);
      assertThat(test.arrived().stream().filter(text -> text.startsWith("<"))).hasSize(100);
    }
  }

  private LocalHubHarness start() {
    TransportProvider transport = transport();
    return LocalHubHarness.start(
        transport,
        transport.offer().routes().stream()
            .map(RouteOffer::route)
            .filter(route -> route.protocol() == protocol())
            .findFirst()
            .orElseThrow());
  }

  private static String body(int number) {
    return "<" + number + ">";
  }

  private final class Case implements AutoCloseable {
    final LocalHubHarness hub = start();
    final FakeTime time = new FakeTime(Instant.now());
    final List<CompletableFuture<Void>> sent = new ArrayList<>();
    final DeviceClient client = client();

    Case() {
      Await.result(client.open());
    }

    DeviceClient client() {
      return hub.client()
          .time(time)
          .openTimeout(Duration.ofHours(10))
          .drainTime(Duration.ZERO)
          .outbox(OutboxLimits.builder().rejectAfter(3, OVER).build())
          .build();
    }

    void send(int count) {
      for (int i = 0; i < count; i++) {
        sent.add(
            client.send(TelemetryMessage.of(body(sent.size()).getBytes(StandardCharsets.UTF_8))));
      }
    }

    void passUntil(BooleanSupplier condition) {
      time.advanceUntil(Duration.ofSeconds(1), condition);
    }

    int outcomes() {
      return (int) sent.stream().filter(CompletableFuture::isDone).count();
    }

    List<Integer> failed() {
      List<Integer> failed = new ArrayList<>();
      for (int i = 0; i < sent.size(); i++) {
        if (sent.get(i).isCompletedExceptionally()) {
          failed.add(i);
        }
      }
      return failed;
    }

    /** The first arrivals, in order. */
    List<String> arrived() {
      return new ArrayList<>(
          new LinkedHashSet<>(hub.telemetry().stream().map(ReceivedTelemetry::text).toList()));
    }

    @Override
    public void close() {
      client.close();
      hub.close();
    }
  }
}
