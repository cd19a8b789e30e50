package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.Progress;
import dev.fairlead.UnreachableException.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DebtsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final ManualLoop loop = new ManualLoop();
  private long received = loop.nanoTime();
  private final Debts debts = new Debts(loop, () -> received);
  private final List<Overdue> overdue = new ArrayList<>();
  private final Debt messages =
      debts.debt(count -> "the acknowledgement of " + count + " messages", LIMIT, overdue::add);
  private final Debt credit =
      debts.debt("credit on the telemetry link", Duration.ofSeconds(30), overdue::add);

  private void receive() {
    received = loop.nanoTime();
  }

  @Test
  void theConsequenceRunsAtTheLimitAndSaysWhatWasOwed() {
    for (int i = 0; i < 12; i++) {
      messages.owe(100);
    }
    loop.advance(Duration.ofSeconds(60));
    receive();
    loop.advance(Duration.ofMillis(59_999));
    assertThat(overdue).isEmpty();
    loop.advance(Duration.ofMillis(1));
    assertThat(overdue)
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.count()).isEqualTo(12);
              assertThat(one.waited()).isEqualTo(LIMIT);
              assertThat(one.sentence())
                  .isEqualTo(
                      "The hub did not send the acknowledgement of 12 messages within 2 min"
                          + " although it answers pings.");
              assertThat(one.failure("A new session sends them again."))
                  .hasMessageEndingWith("pings. A new session sends them again.")
                  .satisfies(
                      failure -> {
                        assertThat(failure.stage()).isEqualTo(Stage.SESSION);
                        assertThat(failure.progress()).isEqualTo(Progress.MAYBE_SENT);
                      });
            });
  }

  @Test
  void aPeerThatSendsNothingIsNotSaidToAnswerPings() {
    messages.owe();
    loop.advance(LIMIT);
    assertThat(overdue.get(0).sentence()).endsWith("within 2 min.");
  }

  @Test
  void theClockStartsAgainWithEachPaymentThatLeavesARest() {
    messages.owe();
    messages.owe();
    messages.owe();
    loop.advance(Duration.ofSeconds(119));
    receive();
    messages.paid();
    loop.advance(Duration.ofSeconds(119));
    receive();
    messages.paid();
    loop.advance(Duration.ofSeconds(119));
    assertThat(overdue).isEmpty();
    loop.advance(Duration.ofSeconds(1));
    assertThat(overdue).singleElement().extracting(Overdue::count).isEqualTo(1);
  }

  /** Otherwise a lost answer would stay unnoticed while others arrive. */
  @Test
  void whatComesOutOfOrderIsNoProgress() {
    for (int i = 0; i < 100; i++) {
      messages.owe(10);
    }
    for (int i = 0; i < 11; i++) {
      loop.advance(Duration.ofSeconds(10));
      receive();
      messages.paidOutOfOrder(10);
    }
    assertThat(overdue).isEmpty();
    loop.advance(Duration.ofSeconds(10));
    assertThat(overdue).singleElement().extracting(Overdue::count).isEqualTo(89);
    for (int i = 0; i < 90; i++) {
      messages.paidOutOfOrder(10);
    }
    assertThat(messages.count()).isZero();
    assertThat(messages.bytes()).isZero();
    assertThat(debts.anyOwed()).isFalse();
  }

  @Test
  void otherAnswersAreNoProgress() {
    messages.owe();
    for (int i = 0; i < 24; i++) {
      loop.advance(Duration.ofSeconds(5));
      receive();
    }
    assertThat(overdue).hasSize(1);
  }

  /** An earlier wait does not count towards a later one. */
  @Test
  void eachDebtHasItsOwnClock() {
    credit.owe();
    loop.advance(Duration.ofSeconds(29));
    messages.owe();
    loop.advance(Duration.ofSeconds(1));
    assertThat(overdue)
        .singleElement()
        .extracting(Overdue::what)
        .isEqualTo("credit on the telemetry link");
    credit.forgive();
    loop.advance(Duration.ofSeconds(118));
    assertThat(overdue).hasSize(1);
    loop.advance(Duration.ofSeconds(1));
    assertThat(overdue).hasSize(2);
  }

  @Test
  void theTimeInWhichNothingWasOwedDoesNotCount() {
    messages.owe();
    loop.advance(Duration.ofSeconds(119));
    messages.paid();
    loop.advance(Duration.ofHours(1));
    messages.owe();
    loop.advance(Duration.ofSeconds(119));
    assertThat(overdue).isEmpty();
    assertThat(debts.anyOwed()).isTrue();
  }

  @Test
  void whatIsStillOwedIsOverdueAgainAfterAnotherLimit() {
    credit.owe();
    loop.advance(Duration.ofSeconds(90));
    assertThat(overdue).hasSize(3);
    credit.forgive();
    loop.advance(Duration.ofSeconds(90));
    assertThat(overdue).hasSize(3);
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void aSlowConnectionGetsItsTime() {
    messages.owe(100 * Debts.SLOWEST_BYTES_A_SECOND);
    messages.owe(10 * Debts.SLOWEST_BYTES_A_SECOND);
    loop.advance(Duration.ofSeconds(229));
    assertThat(overdue).isEmpty();
    receive();
    messages.paid(100 * Debts.SLOWEST_BYTES_A_SECOND);
    assertThat(messages.bytes()).isEqualTo(10 * Debts.SLOWEST_BYTES_A_SECOND);
    loop.advance(Duration.ofSeconds(129));
    assertThat(overdue).isEmpty();
    loop.advance(Duration.ofSeconds(1));
    assertThat(overdue).hasSize(1);
  }

  /** A stream of messages costs no alarm each and, while others are owed, no look at the clock. */
  @Test
  void aMessageCostsNeitherAlarmNorClock() {
    messages.owe(100);
    long alarms = loop.time.scheduled();
    int reads = loop.clockReads;
    for (int i = 0; i < 100_000; i++) {
      messages.owe(100);
      messages.paid(100);
    }
    assertThat(loop.time.scheduled()).isEqualTo(alarms);
    assertThat(loop.clockReads).isEqualTo(reads);
    messages.paid(100);
    for (int i = 0; i < 100_000; i++) {
      messages.owe(100);
      messages.paid(100);
    }
    assertThat(loop.time.scheduled()).isEqualTo(alarms);
    assertThat(loop.time.alarms()).isEqualTo(1);
  }

  @Test
  void aFailingConsequenceHoldsUpNoOther() {
    Debt failing =
        debts.debt(
            "nothing good",
            Duration.ofSeconds(30),
            one -> {
              throw new IllegalStateException("a defect");
            });
    failing.owe();
    credit.owe();
    loop.advance(Duration.ofSeconds(30));
    assertThat(overdue).hasSize(1);
    loop.advance(Duration.ofSeconds(30));
    assertThat(overdue).hasSize(2);
  }

  @Test
  void aConsequenceMayEndWhatIsOverdueAtTheSameTime() {
    Debt ending = debts.debt("the end", Duration.ofSeconds(30), one -> debts.stop());
    ending.owe();
    credit.owe();
    loop.advance(Duration.ofHours(1));
    assertThat(overdue).isEmpty();
    assertThat(loop.time.alarms()).isZero();
    messages.owe();
    assertThat(debts.anyOwed()).isFalse();
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void aPaymentThatIsNotOwedHasNoEffect() {
    messages.paid(5);
    messages.owe(5);
    messages.forgive();
    messages.paid(5);
    messages.forgive();
    assertThat(messages.count()).isZero();
    assertThat(messages.bytes()).isZero();
    assertThat(debts.anyOwed()).isFalse();
  }

  @Test
  void allThatIsOwedIsNamed() {
    assertThat(debts.describe()).isEmpty();
    credit.owe();
    messages.owe();
    assertThat(debts.describe())
        .isEqualTo("credit on the telemetry link, the acknowledgement of 1 messages");
    for (int i = 0; i < 6; i++) {
      debts.debt("a debt", LIMIT, one -> {}).owe();
    }
    assertThat(debts.describe()).endsWith("and 3 more");
  }

  @Test
  void theOldestDebtCounts() {
    messages.owe();
    long first = messages.since();
    loop.advance(Duration.ofSeconds(1));
    credit.owe();
    assertThat(debts.owedSince()).isEqualTo(first);
    messages.paid();
    assertThat(debts.owedSince()).isEqualTo(first + Duration.ofSeconds(1).toNanos());
  }

  @Test
  void thereIsNoDebtWithoutALimit() {
    assertThatThrownBy(() -> debts.debt("x", Duration.ZERO, one -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void durationsAreWords() {
    assertThat(Overdue.inWords(Duration.ofMillis(250))).isEqualTo("250 ms");
    assertThat(Overdue.inWords(Duration.ofSeconds(20))).isEqualTo("20 s");
    assertThat(Overdue.inWords(Duration.ofMillis(20_010))).isEqualTo("20 s");
    assertThat(Overdue.inWords(Duration.ofSeconds(90))).isEqualTo("90 s");
    assertThat(Overdue.inWords(Duration.ofMinutes(2))).isEqualTo("2 min");
    assertThat(Overdue.inWords(Duration.ofSeconds(1000))).isEqualTo("16 min");
  }
}
