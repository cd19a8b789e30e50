package dev.fairlead.retry;

import dev.fairlead.RetryPolicy;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** Draws the delays of a {@link RetryPolicy}: full jitter, after the cap. */
public final class Backoff {
  private static final Duration FIRST_GIVE_WAY = Duration.ofMinutes(1);
  private static final Duration LONGEST_GIVE_WAY = Duration.ofHours(1);

  private final RetryPolicy policy;
  private final RandomGenerator random;

  public Backoff(RetryPolicy policy, RandomGenerator random) {
    this.policy = policy;
    this.random = random;
  }

  /**
   * The delay after an open session was lost.
   *
   * @param failures how many there were since the last stable session
   */
  public Duration afterLoss(int failures) {
    Duration bound = failures == 0 ? Duration.ZERO : boundAfter(failures);
    Duration spread = policy.firstSpread();
    return between(Duration.ZERO, bound.compareTo(spread) < 0 ? spread : bound);
  }

  /**
   * The delay after no session could be opened.
   *
   * @param failures how many there were since the last stable session, this one included
   */
  public Duration afterFailures(int failures) {
    return between(Duration.ZERO, boundAfter(failures));
  }

  private Duration boundAfter(int failures) {
    // Doubling 30 times is beyond any sensible cap; more would overflow.
    Duration bound = policy.base().multipliedBy(1L << Math.max(0, Math.min(failures - 1, 30)));
    return bound.compareTo(policy.cap()) < 0 ? bound : policy.cap();
  }

  /** The delay after a refused credential. */
  public Duration afterRefusal() {
    return between(policy.unauthorizedMin(), policy.unauthorizedMax());
  }

  /**
   * The delay after another client took the identity over: at least half of it, so that the other
   * client has time to finish.
   *
   * @param times how often in a row, this one included
   */
  public Duration afterTakeOver(int times) {
    Duration bound = FIRST_GIVE_WAY.multipliedBy(1L << Math.max(0, Math.min(times - 1, 10)));
    Duration most = bound.compareTo(LONGEST_GIVE_WAY) < 0 ? bound : LONGEST_GIVE_WAY;
    return between(most.dividedBy(2), most);
  }

  private Duration between(Duration least, Duration most) {
    long span = most.minus(least).toNanos();
    return span <= 0 ? least : least.plusNanos(random.nextLong(span + 1));
  }
}
