package dev.fairlead.auth;

import java.time.Duration;

/**
 * How a client follows a {@link CertificateSource}: how often it looks for a new certificate, over
 * what time it moves to it, and how long before its end a certificate is warned of. Immutable.
 */
public final class CertificateRotation {
  private static final CertificateRotation DEFAULTS = builder().build();

  private final Duration checkInterval;
  private final Duration moveWithin;
  private final Duration warnBefore;

  private CertificateRotation(Builder builder) {
    checkInterval = builder.checkInterval;
    moveWithin = builder.moveWithin;
    warnBefore = builder.warnBefore;
  }

  /**
   * A check each minute, a move within 10 minutes, a warning 30 days before the end.
   *
   * @return the defaults
   */
  public static CertificateRotation defaults() {
    return DEFAULTS;
  }

  /**
   * A builder that begins with the defaults.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How often the source is asked while a session is open.
   *
   * @return the time between two calls, 1 second to 1 day
   */
  public Duration checkInterval() {
    return checkInterval;
  }

  /**
   * The longest time from the discovery of a new certificate until the session is replaced by one
   * with it. The time is drawn at random, so that devices whose certificates are renewed together
   * do not reconnect together; it is at most half of what the old certificate is still valid.
   *
   * @return the time, 0 to 1 day
   */
  public Duration moveWithin() {
    return moveWithin;
  }

  /**
   * How long before its end the client's state names a certificate that has not been replaced.
   *
   * @return the time, 0 to 3650 days
   */
  public Duration warnBefore() {
    return warnBefore;
  }

  /** Builds a {@link CertificateRotation}. */
  public static final class Builder {
    private Duration checkInterval = Duration.ofMinutes(1);
    private Duration moveWithin = Duration.ofMinutes(10);
    private Duration warnBefore = Duration.ofDays(30);

    private Builder() {}

    /**
     * Sets how often the source is asked while a session is open.
     *
     * @param value 1 second to 1 day
     * @return this
     */
    public Builder checkInterval(Duration value) {
      checkInterval = within("checkInterval", value, Duration.ofSeconds(1), Duration.ofDays(1));
      return this;
    }

    /**
     * Sets the longest time until a session with a new certificate is opened.
     *
     * @param value 0 to 1 day
     * @return this
     */
    public Builder moveWithin(Duration value) {
      moveWithin = within("moveWithin", value, Duration.ZERO, Duration.ofDays(1));
      return this;
    }

    /**
     * Sets how long before its end a certificate is named.
     *
     * @param value 0 to 3650 days
     * @return this
     */
    public Builder warnBefore(Duration value) {
      warnBefore = within("warnBefore", value, Duration.ZERO, Duration.ofDays(3650));
      return this;
    }

    private static Duration within(String name, Duration value, Duration least, Duration most) {
      if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
        throw new IllegalArgumentException(
            name + " is " + value + "; it must be from " + least + " to " + most + ".");
      }
      return value;
    }

    /**
     * Builds it.
     *
     * @return the values
     */
    public CertificateRotation build() {
      return new CertificateRotation(this);
    }
  }
}
