package dev.fairlead.retry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.RetryPolicy;
import java.time.Duration;
import java.util.LongSummaryStatistics;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
  private static final RetryPolicy POLICY = RetryPolicy.defaults();

  /** Draws the largest number that was allowed. */
  private static final RandomGenerator HIGHEST =
      new RandomGenerator() {
        @Override
        public long nextLong() {
          return -1;
        }

        @Override
        public long nextLong(long bound) {
          return bound - 1;
        }
      };

  private final Backoff highest = new Backoff(POLICY, HIGHEST);

  @ParameterizedTest
  @CsvSource({
    "1, 20",
    "2, 40",
    "3, 80",
    "4, 120",
    "5, 120",
    "31, 120",
    "32, 120",
    "33, 120",
    "64, 120",
    "65, 120",
    "2147483647, 120"
  })
  void doublesUpToTheCap(int rounds, long seconds) {
    assertThat(highest.afterFailures(rounds)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @CsvSource({"0, 10", "1, 20", "2, 40", "4, 120", "2147483647, 120"})
  void spreadsTheFirstDelayAfterALoss(int rounds, long seconds) {
    assertThat(highest.afterLoss(rounds)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @Test
  void countsNoRoundAsTheFirst() {
    assertThat(highest.afterFailures(0)).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void spreadsTheDelayAfterARefusalBetweenItsBounds() {
    assertThat(highest.afterRefusal()).isEqualTo(POLICY.unauthorizedMax());
    Backoff seeded = new Backoff(POLICY, new Random(5));
    assertSpread(
        drawn(() -> seeded.afterRefusal()), POLICY.unauthorizedMin(), POLICY.unauthorizedMax());
  }

  @Test
  void jittersFullyAfterTheCap() {
    Backoff seeded = new Backoff(POLICY, new Random(6));

    assertSpread(drawn(() -> seeded.afterFailures(40)), Duration.ZERO, POLICY.cap());
    assertSpread(drawn(() -> seeded.afterLoss(0)), Duration.ZERO, POLICY.firstSpread());
  }

  private interface Draw {
    Duration draw();
  }

  private static LongSummaryStatistics drawn(Draw draw) {
    return LongStream.generate(() -> draw.draw().toNanos()).limit(2_000).summaryStatistics();
  }

  /** Even over the whole range: the ends are reached and the mean is the middle. */
  private static void assertSpread(LongSummaryStatistics draws, Duration least, Duration most) {
    long span = most.minus(least).toNanos();
    assertThat(draws.getMin()).isBetween(least.toNanos(), least.toNanos() + span / 100);
    assertThat(draws.getMax()).isBetween(most.toNanos() - span / 100, most.toNanos());
    assertThat((draws.getAverage() - least.toNanos()) / span).isBetween(0.47, 0.53);
  }

  @Test
  void needsNoRange() {
    RetryPolicy rigid =
        RetryPolicy.builder()
            .firstSpread(Duration.ZERO)
            .base(Duration.ofSeconds(1))
            .cap(Duration.ofSeconds(1))
            .stableAfter(Duration.ZERO)
            .unauthorizedMin(Duration.ofSeconds(7))
            .unauthorizedMax(Duration.ofSeconds(7))
            .build();

    assertThat(new Backoff(rigid, HIGHEST).afterRefusal()).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void doesNotOverflowAtTheLongestDelays() {
    Duration year = Duration.ofDays(365);
    RetryPolicy slow =
        RetryPolicy.builder()
            .firstSpread(year)
            .base(year)
            .cap(year)
            .stableAfter(year)
            .unauthorizedMin(year)
            .unauthorizedMax(year)
            .build();
    Backoff backoff = new Backoff(slow, HIGHEST);

    assertThat(backoff.afterFailures(Integer.MAX_VALUE)).isEqualTo(year);
    assertThat(backoff.afterLoss(Integer.MAX_VALUE)).isEqualTo(year);
    assertThat(backoff.afterRefusal()).isEqualTo(year);
  }
}
