package dev.fairlead.retry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.RetryPolicy;
import java.time.Duration;
import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/**
 * Ten thousand devices lose their hub in the same moment, and it admits a hundred connections a
 * second; and what the policy that this calls for costs a single device. Simulated, with the
 * client's own delays.
 */
class StormTest {
  private static final int DEVICES = 10_000;
  private static final double ADMITTED_PER_SECOND = 100;
  private static final int SINGLES = 10_000;

  private record Attempt(double at, int failures) {}

  /** How a fleet came back. */
  private record Storm(double attemptsPerDevice, long peakPerSecond, double allBackAfter) {
    @Override
    public String toString() {
      return String.format(
          "%.1f attempts per device, at most %,d in a second, all back after %.0f s",
          attemptsPerDevice, peakPerSecond, allBackAfter);
    }
  }

  /** In seconds, by the number of failures. */
  private static IntFunction<Double> delays(RetryPolicy policy, Random random) {
    Backoff backoff = new Backoff(policy, random);
    return failures ->
        (failures == 0 ? backoff.afterLoss(0) : backoff.afterFailures(failures)).toNanos() / 1e9;
  }

  /** As the official Java client 2.5.0 retries by default: at once, then 0.1 s doubling to 10 s. */
  private static IntFunction<Double> official(Random random) {
    return failures ->
        failures == 0
            ? 0
            : Math.min(
                10,
                0.1 + (Math.pow(2, failures - 1) - 1) * 0.1 * (0.8 + 0.4 * random.nextDouble()));
  }

  private static Storm storm(IntFunction<Double> delay) {
    PriorityQueue<Attempt> due =
        new PriorityQueue<>((one, other) -> Double.compare(one.at, other.at));
    for (int i = 0; i < DEVICES; i++) {
      due.add(new Attempt(delay.apply(0), 0));
    }
    double tokens = ADMITTED_PER_SECOND;
    double last = 0;
    long attempts = 0;
    long[] perSecond = new long[100_000];
    for (Attempt next = due.poll(); next != null; next = due.poll()) {
      attempts++;
      perSecond[(int) next.at]++;
      tokens = Math.min(ADMITTED_PER_SECOND, tokens + (next.at - last) * ADMITTED_PER_SECOND);
      last = next.at;
      if (tokens >= 1) {
        tokens--;
      } else {
        int failures = next.failures + 1;
        due.add(new Attempt(next.at + delay.apply(failures), failures));
      }
    }
    return new Storm((double) attempts / DEVICES, Arrays.stream(perSecond).max().orElse(0), last);
  }

  /** How long a single device is still away when its network is back after a time; the mean. */
  private static double wait(IntFunction<Double> delay, double outage) {
    double sum = 0;
    for (int i = 0; i < SINGLES; i++) {
      double at = delay.apply(0);
      for (int failures = 1; at < outage; failures++) {
        at += delay.apply(failures);
      }
      sum += at - outage;
    }
    return sum / SINGLES;
  }

  @Test
  void aFleetComesBackWithFewAttempts() {
    RetryPolicy defaults = RetryPolicy.defaults();
    RetryPolicy hasty = defaults.toBuilder().base(Duration.ofSeconds(1)).build();
    Storm ours = storm(delays(defaults, new Random(1)));
    Storm theirs = storm(official(new Random(1)));
    System.out.printf(
        "%,d devices, %.0f admitted a second%n  defaults: %s%n  base 1 s: %s%n  official: %s%n",
        DEVICES, ADMITTED_PER_SECOND, ours, storm(delays(hasty, new Random(1))), theirs);

    assertThat(ours.attemptsPerDevice).isLessThanOrEqualTo(3.5);
    assertThat(ours.attemptsPerDevice).isLessThan(theirs.attemptsPerDevice / 4);
    assertThat(ours.allBackAfter).isLessThan(theirs.allBackAfter);

    System.out.printf("a single device, outage: mean wait after it (defaults, base 1 s)%n");
    for (double outage : new double[] {2, 5, 15, 30, 60, 300}) {
      System.out.printf(
          "  %.0f s: %.1f s, %.1f s%n",
          outage,
          wait(delays(defaults, new Random(2)), outage),
          wait(delays(hasty, new Random(2)), outage));
    }
    assertThat(wait(delays(defaults, new Random(2)), 5)).isLessThan(10);
  }
}
