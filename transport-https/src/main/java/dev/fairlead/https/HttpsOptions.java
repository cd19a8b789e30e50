package dev.fairlead.https;

import dev.fairlead.net.Dialer;
import java.time.Duration;
import java.util.Objects;

/** The options of the HTTPS transport. Immutable. */
public final class HttpsOptions {
  private final Duration answerTimeout;
  private final Duration keepAlive;
  private final PollSchedule polls;
  private final Dialer dialer;

  private HttpsOptions(Builder builder) {
    answerTimeout = builder.answerTimeout;
    keepAlive = builder.keepAlive;
    polls = builder.polls;
    dialer = builder.dialer;
  }

  /**
   * All defaults.
   *
   * @return the options
   */
  public static HttpsOptions defaults() {
    return builder().build();
  }

  /**
   * Starts from the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from these options.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    return new Builder(this);
  }

  Duration answerTimeout() {
    return answerTimeout;
  }

  Duration keepAlive() {
    return keepAlive;
  }

  PollSchedule polls() {
    return polls;
  }

  Dialer dialer() {
    return dialer;
  }

  /** Builds {@link HttpsOptions}. Not safe for several threads. */
  public static final class Builder {
    private Duration answerTimeout = Duration.ofSeconds(20);
    private Duration keepAlive = Duration.ofMinutes(2);
    private PollSchedule polls = PollSchedule.standard();
    private Dialer dialer = new Dialer();

    private Builder() {}

    private Builder(HttpsOptions from) {
      answerTimeout = from.answerTimeout;
      keepAlive = from.keepAlive;
      polls = from.polls;
      dialer = from.dialer;
    }

    /**
     * Sets how long the hub may take for each answer of an open session, connecting included; 20 s
     * by default. It is extended by the time that the request takes at 8 KB/s. Opening and closing
     * are timed by the client.
     *
     * @param limit positive
     * @return this
     */
    public Builder answerTimeout(Duration limit) {
      answerTimeout = positive("time-out", limit);
      return this;
    }

    /**
     * Sets how long a connection is kept that carries nothing; 2 minutes by default. The hub may
     * close it sooner. The next request then makes a new one, which costs some 5 KB of TLS.
     *
     * @param time positive
     * @return this
     */
    public Builder keepAlive(Duration time) {
      keepAlive = positive("time", time);
      return this;
    }

    /**
     * Sets how often the hub is asked for cloud-to-device messages; once in 25 minutes by default.
     *
     * @param schedule the schedule
     * @return this
     */
    public Builder polls(PollSchedule schedule) {
      polls = Objects.requireNonNull(schedule, "schedule");
      return this;
    }

    /**
     * Sets how hosts are reached: resolver and time-outs.
     *
     * @param how the dialer
     * @return this
     */
    public Builder dialer(Dialer how) {
      dialer = Objects.requireNonNull(how, "how");
      return this;
    }

    private static Duration positive(String what, Duration duration) {
      if (duration.isZero() || duration.isNegative()) {
        throw new IllegalArgumentException("A " + what + " is positive, not " + duration + ".");
      }
      return duration;
    }

    /**
     * Builds.
     *
     * @return the options
     */
    public HttpsOptions build() {
      return new HttpsOptions(this);
    }
  }
}
