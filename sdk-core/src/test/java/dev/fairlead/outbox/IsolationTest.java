package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.HubException;
import dev.fairlead.OutboxLimits;
import dev.fairlead.Progress;
import dev.fairlead.QuotaExceededException;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Envelope;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hub that refuses without a name: which message fails, when, and what happens to the others. The
 * hub is a function, the sessions are those of a transport with a window, the time is by hand.
 */
class IsolationTest {
  private static final Duration LONG = Duration.ofDays(1);

  /** How a hub refuses. */
  private enum Way {
    /** Acknowledges what it stored before the cut in time. */
    CUT,
    /** Its acknowledgements of what it stored before come too late. */
    CUT_BEFORE_ACKNOWLEDGING,
    REFUSE,
    /** One disposition for all messages sent together. */
    REFUSE_BATCH
  }

  /** What the hub does with a message. */
  private interface Hub {
    /**
     * @param session counts the sessions
     * @param place which message of its session it is, from 1
     */
    boolean takes(String text, int session, int place);
  }

  private OutboxRig rig = new OutboxRig(OutboxLimits.defaults());
  private final Map<String, CompletableFuture<Void>> sent = new LinkedHashMap<>();
  private final List<String> stored = new ArrayList<>();
  private final Random random = new Random(7);
  private int sessions;
  private int longestFlight;

  private static IsolationTest strict() {
    IsolationTest strict = new IsolationTest();
    strict.rig = new OutboxRig(OutboxLimits.defaults(), true, null);
    return strict;
  }

  private void send(int count) {
    for (int i = 0; i < count; i++) {
      String text = "m" + sent.size();
      sent.put(text, rig.send(text));
    }
  }

  private boolean allDone() {
    return sent.values().stream().allMatch(CompletableFuture::isDone);
  }

  private List<String> failed() {
    return sent.entrySet().stream()
        .filter(each -> each.getValue().isCompletedExceptionally())
        .map(Map.Entry::getKey)
        .toList();
  }

  private List<String> firstArrivals() {
    return stored.stream().distinct().toList();
  }

  /** How many arrived before one that was sent earlier. */
  private int outOfOrder() {
    int early = 0;
    int expected = 0;
    List<String> arrived = firstArrivals();
    for (String text : sent.keySet()) {
      int at = arrived.indexOf(text);
      early += Math.max(0, at - expected) > 0 ? at - expected : 0;
      expected = Math.max(expected, at) + 1;
    }
    return early;
  }

  private Duration run(Way way, Hub hub, Duration atMost) {
    return run(way, hub, atMost, 256);
  }

  /** Sends until all is done; returns how long that took. */
  private Duration run(Way way, Hub hub, Duration atMost, int window) {
    java.time.Instant begin = rig.time.now();
    java.time.Instant end = begin.plus(atMost);
    Lease lease = null;
    int place = 0;
    while (!allDone() && rig.time.now().isBefore(end)) {
      if (lease == null) {
        lease = rig.outbox.lease();
        sessions++;
        place = 0;
      }
      List<Envelope> flight = OutboxRig.take(lease, window);
      longestFlight = Math.max(longestFlight, flight.size());
      if (flight.isEmpty()) {
        if (rig.replaced) {
          rig.replaced = false;
          lease.revoke(SessionEnd.PLANNED, null);
          lease = null;
        } else {
          rig.time.advance(Duration.ofMillis(250));
        }
        continue;
      }
      rig.time.advance(Duration.ofMillis(20));
      if (!carry(way, hub, lease, flight, place)) {
        lease = null;
        rig.time.advance(Duration.ofMillis(random.nextInt(10_000)));
      }
      place += flight.size();
    }
    if (lease != null) {
      lease.revoke(SessionEnd.PLANNED, null);
    }
    return Duration.between(begin, rig.time.now());
  }

  /** Returns whether the session goes on. */
  private boolean carry(Way way, Hub hub, Lease lease, List<Envelope> flight, int place) {
    List<Envelope> taken = new ArrayList<>();
    for (Envelope each : flight) {
      String text = OutboxRig.text(each.message());
      if (hub.takes(text, sessions, place + taken.size() + 1)) {
        taken.add(each);
        if (way != Way.REFUSE_BATCH) {
          stored.add(text);
        }
      } else if (way == Way.REFUSE) {
        lease.refused(List.of(each), refusal(), false);
      } else if (way == Way.REFUSE_BATCH) {
        lease.refused(flight, refusal(), false);
        return true;
      } else {
        if (way == Way.CUT) {
          taken.forEach(Envelope::accepted);
        }
        lease.revoke(SessionEnd.UNEXPLAINED, refusal());
        return false;
      }
    }
    if (way == Way.REFUSE_BATCH) {
      taken.forEach(each -> stored.add(OutboxRig.text(each.message())));
    }
    taken.forEach(Envelope::accepted);
    return true;
  }

  private static HubException refusal() {
    return new UnreachableException("no word", Stage.CUT_BY_HUB, Progress.MAYBE_SENT, null);
  }

  // ---- one message that the hub never takes

  @ParameterizedTest
  @EnumSource
  void onePoisonousMessageFailsAloneWhereverItStands(Way way) {
    for (int place : new int[] {0, 1, 7, 8, 255, 256, 500, 990, 998}) {
      IsolationTest one = new IsolationTest();
      one.send(1000);
      String poison = "m" + place;

      Duration took = one.run(way, (text, session, n) -> !text.equals(poison), LONG);

      assertThat(one.failed()).as("at %s", place).containsExactly(poison);
      assertThat(took).isBetween(Duration.ofMinutes(10), Duration.ofMinutes(30));
      List<String> others = new ArrayList<>(one.sent.keySet());
      others.remove(poison);
      assertThat(one.firstArrivals())
          .as("at %s", place)
          .containsExactlyInAnyOrderElementsOf(others);
      // Probes are the one exception to order: four of them, or fewer sent again and again.
      List<String> inOrder = new ArrayList<>(one.firstArrivals());
      inOrder.removeAll(others.subList(place, Math.min(others.size(), place + 4)));
      List<String> expected = new ArrayList<>(others);
      expected.removeAll(others.subList(place, Math.min(others.size(), place + 4)));
      assertThat(inOrder).as("at %s", place).isEqualTo(expected);
      assertThat(one.longestFlight).isGreaterThan(100);
    }
  }

  @Test
  void theFailureSaysWhatIsKnown() {
    send(10);
    run(Way.CUT, (text, session, place) -> !text.equals("m3"), LONG);

    assertThat(failureOf(sent.get("m3")))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("5 times")
        .hasMessageContaining("10 min")
        .hasMessageContaining("2 bytes")
        .hasMessageContaining("no word");
  }

  @ParameterizedTest
  @EnumSource
  void theLastOneFailsOnceOneMoreIsSent(Way way) {
    send(20);
    Hub hub = (text, session, place) -> !text.equals("m19");
    run(way, hub, Duration.ofHours(3));
    assertThat(failed()).as("there is nothing to compare it with").isEmpty();
    assertThat(rig.note).contains("message 20").contains("sent alone");

    send(1);
    run(way, hub, LONG);
    assertThat(failed()).containsExactly("m19");
    assertThat(stored.stream().filter("m20"::equals)).hasSizeBetween(1, 5);
    assertThat(rig.note).isNull();
    assertThat(rig.outbox.status().accepted()).isEqualTo(20);
  }

  @ParameterizedTest
  @EnumSource
  void severalInARowAllFail(Way way) {
    send(50);
    run(way, (text, session, place) -> !List.of("m5", "m6", "m7", "m30").contains(text), LONG);

    assertThat(failed()).containsExactly("m5", "m6", "m7", "m30");
    assertThat(firstArrivals()).hasSize(46);
  }

  @Test
  void whatTheHubNamesFailsAtOnce() {
    send(3);
    Lease lease = rig.outbox.lease();
    List<Envelope> flight = OutboxRig.take(lease, 3);
    lease.refused(flight.subList(1, 2), new RejectedException("large", Progress.MAYBE_SENT), true);

    assertThat(failed()).containsExactly("m1");
  }

  @Test
  void ofABatchThatTheHubNamesOneFails() {
    send(64);
    Lease lease = rig.outbox.lease();
    for (int i = 0; !allDone() && i < 200; i++) {
      List<Envelope> flight = OutboxRig.take(lease, 64);
      if (flight.isEmpty()) {
        rig.time.advance(Duration.ofSeconds(1));
      } else if (OutboxRig.texts(flight).contains("m40")) {
        lease.refused(flight, new RejectedException("large", Progress.MAYBE_SENT), true);
      } else {
        flight.forEach(Envelope::accepted);
      }
    }
    assertThat(failed()).containsExactly("m40");
    assertThat(rig.time.now()).isBefore(dev.fairlead.ManualTime.START.plusSeconds(60));
  }

  // ---- a hub that refuses for another reason

  @ParameterizedTest
  @EnumSource
  void anHourOfQuotaFailsNothing(Way way) {
    send(300);
    java.time.Instant begin = rig.time.now().plusMillis(100);
    java.time.Instant end = begin.plus(Duration.ofHours(1));
    Hub hub =
        (text, session, place) -> rig.time.now().isBefore(begin) || rig.time.now().isAfter(end);
    Duration took = run(way, hub, LONG, 10);

    assertThat(failed()).isEmpty();
    assertThat(firstArrivals()).containsExactlyInAnyOrderElementsOf(sent.keySet());
    assertThat(outOfOrder()).as("probes").isLessThanOrEqualTo(1);
    assertThat(took).isBetween(Duration.ofHours(1), Duration.ofMinutes(70));
  }

  @ParameterizedTest
  @EnumSource
  void oneMessageASecondFailsNothing(Way way) {
    send(60);
    java.time.Instant[] last = {rig.time.now()};
    Hub hub =
        (text, session, place) -> {
          boolean takes = Duration.between(last[0], rig.time.now()).toMillis() >= 1000;
          if (takes) {
            last[0] = rig.time.now();
          }
          return takes;
        };
    run(way, hub, LONG);

    assertThat(failed()).isEmpty();
    assertThat(firstArrivals()).hasSize(60);
  }

  @ParameterizedTest
  @EnumSource
  void oneMessageASessionFailsNothing(Way way) {
    send(60);
    run(way, (text, session, place) -> place == 1, LONG);

    assertThat(failed()).isEmpty();
    assertThat(firstArrivals()).hasSize(60);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.3, 0.6})
  void aHubThatRestartsAtRandomFailsNothing(double share) {
    for (Way way : Way.values()) {
      IsolationTest one = new IsolationTest();
      one.send(400);
      Random dice = new Random(way.ordinal());
      one.run(way, (text, session, place) -> dice.nextDouble() >= share / 4, LONG);

      assertThat(one.failed()).as(way.name()).isEmpty();
      assertThat(one.firstArrivals()).as(way.name()).hasSize(400);
    }
  }

  @ParameterizedTest
  @EnumSource
  void underStrictOrderTheSuspectWaitsAndNothingOvertakesIt(Way way) {
    IsolationTest strict = strict();
    strict.send(10);
    strict.run(way, (text, session, place) -> !text.equals("m4"), Duration.ofHours(5), 1);

    assertThat(strict.failed()).isEmpty();
    assertThat(strict.firstArrivals()).containsExactly("m0", "m1", "m2", "m3");
    assertThat(strict.rig.note).contains("message 5");
  }

  @Test
  void aSuspectThatExpiresLetsTheOthersGo() {
    IsolationTest strict = strict();
    strict.sent.put(
        "short",
        strict.rig.outbox.offer(
            TelemetryMessage.builder()
                .body("short".getBytes(StandardCharsets.UTF_8))
                .timeToLive(Duration.ofMinutes(5))
                .build()));
    strict.send(3);
    strict.run(Way.CUT, (text, session, place) -> !text.equals("short"), LONG, 1);

    assertThat(strict.failed()).containsExactly("short");
    assertThat(strict.firstArrivals()).hasSize(3);
    assertThat(strict.rig.note).isNull();
  }

  // ---- how it is sent

  @Test
  void afterACutOneIsSentAndThenTwiceAsManyEachTime() {
    send(300);
    Lease lease = rig.outbox.lease();
    assertThat(OutboxRig.take(lease, 256)).hasSize(256);
    lease.revoke(SessionEnd.UNEXPLAINED, refusal());

    lease = rig.outbox.lease();
    for (int expected : new int[] {1, 2, 4, 8, 16, 32, 64}) {
      List<Envelope> flight = OutboxRig.take(lease, 256);
      assertThat(flight).hasSize(expected);
      assertThat(OutboxRig.take(lease, 256)).isEmpty();
      flight.forEach(Envelope::accepted);
    }
  }

  @Test
  void aNetworkThatFailsSuspectsNobody() {
    send(3);
    for (int i = 0; i < 50; i++) {
      Lease lease = rig.outbox.lease();
      assertThat(OutboxRig.take(lease, 256)).isNotEmpty();
      lease.revoke(SessionEnd.EXPLAINED, refusal());
    }
    assertThat(rig.outbox.lease().isolates()).isTrue();
    assertThat(rig.note).isNull();
    assertThat(failed()).isEmpty();
  }

  @Test
  void oneRestartKeepsTheOrder() {
    send(5);
    Lease lease = rig.outbox.lease();
    assertThat(OutboxRig.texts(OutboxRig.take(lease, 1))).containsExactly("m0");
    lease.revoke(SessionEnd.UNEXPLAINED, refusal());

    lease = rig.outbox.lease();
    List<Envelope> again = OutboxRig.take(lease, 256);
    assertThat(OutboxRig.texts(again)).containsExactly("m0");
    again.get(0).accepted();
    assertThat(OutboxRig.texts(OutboxRig.take(lease, 256))).containsExactly("m1", "m2");
  }

  @Test
  void aHubThatThrottlesIsLeftAloneForAsLongAsItAsks() {
    send(5);
    Lease lease = rig.outbox.lease();
    List<Envelope> flight = OutboxRig.take(lease, 256);
    lease.refused(
        flight,
        new ThrottledException("slower", Progress.MAYBE_SENT, Duration.ofSeconds(40)),
        false);
    assertThat(rig.note).isEqualTo("Telemetry waits: slower");
    boolean[] woken = {false};
    lease.whenReadable(() -> woken[0] = true);
    woken[0] = false;

    rig.time.advance(Duration.ofSeconds(39));
    assertThat(OutboxRig.take(lease, 256)).isEmpty();
    rig.time.advance(Duration.ofSeconds(1));
    assertThat(woken[0]).isTrue();
    flight = OutboxRig.take(lease, 256);
    assertThat(OutboxRig.texts(flight)).containsExactly("m0");
    flight.get(0).accepted();
    assertThat(rig.note).isNull();
  }

  @Test
  void anHourOfQuotaThatIsNamedFailsNothing() {
    send(5);
    Lease lease = rig.outbox.lease();
    for (int minute = 0; minute < 60; minute++) {
      OutboxRig.take(lease, 256)
          .forEach(
              each ->
                  lease.refused(
                      List.of(each),
                      new QuotaExceededException("used up", Progress.MAYBE_SENT, null),
                      false));
      rig.time.advance(Duration.ofMinutes(1));
    }
    assertThat(failed()).isEmpty();
    assertThat(rig.note).contains("used up");
  }
}
