package dev.fairlead;

import java.time.Duration;
import java.util.Optional;

/**
 * When to try again. Every delay is drawn evenly between zero (or the stated minimum) and its bound
 * ("full jitter"), after the bound has been cut to the cap, so that a fleet that lost its hub does
 * not come back in step. No bound exceeds 365 days. By default it never gives up.
 *
 * @param firstSpread the bound of the first delay after an open session was lost
 * @param base the bound of the delay after the first failure, which is a walk through the plan that
 *     opened nothing or the loss of an unstable session; doubled with each further one
 * @param cap the largest bound
 * @param stableAfter how long there must be a session before failures and refusals are forgotten;
 *     one that is opened in place of another in an orderly way continues it
 * @param unauthorizedMin the shortest delay after a refused credential
 * @param unauthorizedMax the longest delay after a refused credential
 * @param stopWhenUnauthorized whether a refused credential (after one renewal) closes the client
 *     instead
 * @param giveUpAfter how long to try without a session before the client closes itself; empty for
 *     ever
 */
public record RetryPolicy(
    Duration firstSpread,
    Duration base,
    Duration cap,
    Duration stableAfter,
    Duration unauthorizedMin,
    Duration unauthorizedMax,
    boolean stopWhenUnauthorized,
    Optional<Duration> giveUpAfter) {
  /** Beyond it, clocks and counters would overflow, and nobody would wait. */
  private static final Duration LONGEST = Duration.ofDays(365);

  /** Checks the ranges. */
  public RetryPolicy {
    notNegative("firstSpread", firstSpread);
    positive("base", base);
    notNegative("stableAfter", stableAfter);
    notNegative("unauthorizedMin", unauthorizedMin);
    if (cap.compareTo(base) < 0) {
      throw new IllegalArgumentException(
          "cap (" + cap + ") must not be below base (" + base + ").");
    }
    if (unauthorizedMax.compareTo(unauthorizedMin) < 0 || unauthorizedMax.isZero()) {
      throw new IllegalArgumentException(
          "unauthorizedMax ("
              + unauthorizedMax
              + ") must be positive and not below unauthorizedMin.");
    }
    bounded("firstSpread", firstSpread);
    bounded("cap", cap);
    bounded("unauthorizedMax", unauthorizedMax);
    giveUpAfter.ifPresent(limit -> positive("giveUpAfter", limit));
  }

  /**
   * For fleets in the field: first delay spread over 10 s, then 1 s doubling to 120 s; stable after
   * 60 s; refused credentials 1 to 15 minutes; never gives up.
   *
   * @return the default
   */
  public static RetryPolicy defaults() {
    return new RetryPolicy(
        Duration.ofSeconds(10),
        Duration.ofSeconds(1),
        Duration.ofSeconds(120),
        Duration.ofSeconds(60),
        Duration.ofMinutes(1),
        Duration.ofMinutes(15),
        false,
        Optional.empty());
  }

  /**
   * For a single device on a desk, or a test: first delay within 100 ms, then 100 ms doubling to 2
   * s; refused credentials 1 to 5 s.
   *
   * @return a policy for which no fleet would thank you
   */
  public static RetryPolicy eager() {
    return new RetryPolicy(
        Duration.ofMillis(100),
        Duration.ofMillis(100),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        false,
        Optional.empty());
  }

  /**
   * The same, closing the client when the credential is refused.
   *
   * @return a new policy
   */
  public RetryPolicy stoppingWhenUnauthorized() {
    return new RetryPolicy(
        firstSpread, base, cap, stableAfter, unauthorizedMin, unauthorizedMax, true, giveUpAfter);
  }

  /**
   * The same, closing the client after so long without a session.
   *
   * @param limit positive
   * @return a new policy
   */
  public RetryPolicy givingUpAfter(Duration limit) {
    return new RetryPolicy(
        firstSpread,
        base,
        cap,
        stableAfter,
        unauthorizedMin,
        unauthorizedMax,
        stopWhenUnauthorized,
        Optional.of(limit));
  }

  private static void notNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative; it was " + value + ".");
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive; it was " + value + ".");
    }
  }

  private static void bounded(String name, Duration value) {
    if (value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(name + " must be at most 365 days; it was " + value + ".");
    }
  }
}
