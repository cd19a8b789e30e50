package dev.fairlead;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * When to try again. Every delay is drawn evenly between zero (or the stated minimum) and its bound
 * ("full jitter"), after the bound has been cut to the cap, so that a fleet that lost its hub does
 * not reconnect all at the same time. No bound exceeds 365 days. By default it retries for ever.
 * Immutable.
 *
 * <pre>{@code
 * RetryPolicy.builder().cap(Duration.ofMinutes(10)).stopWhenUnauthorized(true).build()
 * }</pre>
 */
public final class RetryPolicy {
  /** Beyond it, clocks and counters would overflow. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private record Values(
      Duration firstSpread,
      Duration base,
      Duration cap,
      Duration stableAfter,
      Duration unauthorizedMin,
      Duration unauthorizedMax,
      boolean stopWhenUnauthorized,
      @Nullable Duration giveUpAfter) {}

  private final Values values;

  private RetryPolicy(Values values) {
    this.values = values;
  }

  /**
   * For fleets in the field: first delay spread over 10 s, then 20 s doubling to 120 s; stable
   * after 60 s; refused credentials 1 to 15 minutes; retries for ever.
   *
   * @return the defaults
   */
  public static RetryPolicy defaults() {
    return builder().build();
  }

  /**
   * For a single device on a desk, or a test, never for a fleet: first delay within 100 ms, then
   * 100 ms doubling to 2 s; stable after 10 s; refused credentials 1 to 5 s; retries for ever.
   *
   * @return the policy
   */
  public static RetryPolicy eager() {
    return builder()
        .firstSpread(Duration.ofMillis(100))
        .base(Duration.ofMillis(100))
        .cap(Duration.ofSeconds(2))
        .stableAfter(Duration.ofSeconds(10))
        .unauthorizedMin(Duration.ofSeconds(1))
        .unauthorizedMax(Duration.ofSeconds(5))
        .build();
  }

  /**
   * Starts from {@linkplain #defaults() the defaults}.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from this policy.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    return new Builder(values);
  }

  /**
   * The bound of the first delay after an open session was lost.
   *
   * @return zero or more
   */
  public Duration firstSpread() {
    return values.firstSpread;
  }

  /**
   * The bound of the delay after the first failure, doubled with each further one.
   *
   * @return positive
   */
  public Duration base() {
    return values.base;
  }

  /**
   * The largest bound.
   *
   * @return not below {@link #base()}
   */
  public Duration cap() {
    return values.cap;
  }

  /**
   * How long there must be a session before failures and refusals are forgotten.
   *
   * @return zero or more
   */
  public Duration stableAfter() {
    return values.stableAfter;
  }

  /**
   * The shortest delay after a refused credential.
   *
   * @return zero or more
   */
  public Duration unauthorizedMin() {
    return values.unauthorizedMin;
  }

  /**
   * The longest delay after a refused credential.
   *
   * @return positive, not below {@link #unauthorizedMin()}
   */
  public Duration unauthorizedMax() {
    return values.unauthorizedMax;
  }

  /**
   * Whether a refused credential closes the client.
   *
   * @return true if it does, after one renewal
   */
  public boolean stopWhenUnauthorized() {
    return values.stopWhenUnauthorized;
  }

  /**
   * How long to try without a session before the client closes itself.
   *
   * @return positive, or empty for ever
   */
  public Optional<Duration> giveUpAfter() {
    return Optional.ofNullable(values.giveUpAfter);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RetryPolicy policy && policy.values.equals(values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return "after a loss within "
        + values.firstSpread
        + ", after failures within "
        + values.base
        + " doubling to "
        + values.cap
        + ", after a refused credential "
        + (values.stopWhenUnauthorized
            ? "never"
            : values.unauthorizedMin + " to " + values.unauthorizedMax)
        + giveUpAfter().map(limit -> "; gives up after " + limit).orElse("");
  }

  /** Builds a {@link RetryPolicy}. Not safe for several threads. */
  public static final class Builder {
    private Duration firstSpread = Duration.ofSeconds(10);
    private Duration base = Duration.ofSeconds(20);
    private Duration cap = Duration.ofMinutes(2);
    private Duration stableAfter = Duration.ofMinutes(1);
    private Duration unauthorizedMin = Duration.ofMinutes(1);
    private Duration unauthorizedMax = Duration.ofMinutes(15);
    private boolean stopWhenUnauthorized;
    private @Nullable Duration giveUpAfter;

    private Builder() {}

    private Builder(Values from) {
      firstSpread = from.firstSpread;
      base = from.base;
      cap = from.cap;
      stableAfter = from.stableAfter;
      unauthorizedMin = from.unauthorizedMin;
      unauthorizedMax = from.unauthorizedMax;
      stopWhenUnauthorized = from.stopWhenUnauthorized;
      giveUpAfter = from.giveUpAfter;
    }

    /**
     * Sets the bound of the first delay after an open session was lost.
     *
     * @param bound zero to 365 days; 10 s by default
     * @return this
     */
    public Builder firstSpread(Duration bound) {
      firstSpread = bounded("firstSpread", notNegative("firstSpread", bound));
      return this;
    }

    /**
     * Sets the bound of the delay after the first failure, which is a pass through the plan that
     * opened nothing or the loss of an unstable session. It doubles with each further one.
     *
     * @param bound positive; 20 s by default
     * @return this
     */
    public Builder base(Duration bound) {
      base = positive("base", bound);
      return this;
    }

    /**
     * Sets the largest bound.
     *
     * @param bound at least the base, at most 365 days; 120 s by default
     * @return this
     */
    public Builder cap(Duration bound) {
      cap = bounded("cap", positive("cap", bound));
      return this;
    }

    /**
     * Sets how long there must be a session before failures and refusals are forgotten. A session
     * that replaces another in an orderly way continues it.
     *
     * @param time zero or more; 60 s by default
     * @return this
     */
    public Builder stableAfter(Duration time) {
      stableAfter = notNegative("stableAfter", time);
      return this;
    }

    /**
     * Sets the shortest delay after a refused credential.
     *
     * @param delay zero or more; 1 minute by default
     * @return this
     */
    public Builder unauthorizedMin(Duration delay) {
      unauthorizedMin = notNegative("unauthorizedMin", delay);
      return this;
    }

    /**
     * Sets the longest delay after a refused credential.
     *
     * @param delay positive, not below the shortest, at most 365 days; 15 minutes by default
     * @return this
     */
    public Builder unauthorizedMax(Duration delay) {
      unauthorizedMax = bounded("unauthorizedMax", positive("unauthorizedMax", delay));
      return this;
    }

    /**
     * Sets whether a refused credential closes the client, after it was renewed once. For devices
     * that are watched while they are set up.
     *
     * @param stop false by default
     * @return this
     */
    public Builder stopWhenUnauthorized(boolean stop) {
      stopWhenUnauthorized = stop;
      return this;
    }

    /**
     * Sets how long to try without a session before the client closes itself.
     *
     * @param limit positive; for ever by default
     * @return this
     */
    public Builder giveUpAfter(Duration limit) {
      giveUpAfter = positive("giveUpAfter", limit);
      return this;
    }

    /**
     * Tries for ever, as by default.
     *
     * @return this
     */
    public Builder neverGiveUp() {
      giveUpAfter = null;
      return this;
    }

    /**
     * Builds the policy.
     *
     * @return the policy
     * @throws IllegalArgumentException if the cap is below the base, or the longest delay after a
     *     refused credential below the shortest
     */
    public RetryPolicy build() {
      notBelow("cap", cap, "base", base);
      notBelow("unauthorizedMax", unauthorizedMax, "unauthorizedMin", unauthorizedMin);
      return new RetryPolicy(
          new Values(
              firstSpread,
              base,
              cap,
              stableAfter,
              unauthorizedMin,
              unauthorizedMax,
              stopWhenUnauthorized,
              giveUpAfter));
    }

    private static void notBelow(String name, Duration value, String least, Duration bound) {
      if (value.compareTo(bound) < 0) {
        throw new IllegalArgumentException(
            name + " (" + value + ") must not be below " + least + " (" + bound + ").");
      }
    }

    private static Duration notNegative(String name, Duration value) {
      if (value.isNegative()) {
        throw new IllegalArgumentException(name + " must not be negative; it was " + value + ".");
      }
      return value;
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " must be positive; it was " + value + ".");
      }
      return value;
    }

    private static Duration bounded(String name, Duration value) {
      if (value.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            name + " must be at most 365 days; it was " + value + ".");
      }
      return value;
    }
  }
}
