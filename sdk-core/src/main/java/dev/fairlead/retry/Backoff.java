package dev.fairlead.retry;

import dev.fairlead.RetryPolicy;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** Draws the delays of a {@link RetryPolicy}: full jitter, after the cap. */
public final class Backoff {
  private final RetryPolicy policy;
  private final RandomGenerator random;

  public Backoff(RetryPolicy policy, RandomGenerator random) {
    this.policy = policy;
    this.random = random;
  }

  /** The delay after an open session was lost, so many rounds after the last stable one. */
  public Duration afterLoss(int rounds) {
    Duration bound = boundAfter(rounds);
    Duration spread = policy.firstSpread();
    return between(Duration.ZERO, bound.compareTo(spread) < 0 ? spread : bound);
  }

  /** The delay after so many failed rounds through the plan. */
  public Duration afterRounds(int rounds) {
    return between(Duration.ZERO, boundAfter(rounds));
  }

  private Duration boundAfter(int rounds) {
    // Doubling 30 times is beyond any sensible cap; more would overflow.
    Duration bound = policy.base().multipliedBy(1L << Math.max(0, Math.min(rounds - 1, 30)));
    return bound.compareTo(policy.cap()) < 0 ? bound : policy.cap();
  }

  /** The delay after a refused credential. */
  public Duration afterRefusal() {
    return between(policy.unauthorizedMin(), policy.unauthorizedMax());
  }

  private Duration between(Duration least, Duration most) {
    long span = most.minus(least).toNanos();
    return span <= 0 ? least : least.plusNanos(random.nextLong(span + 1));
  }
}
