package dev.fairlead;

import dev.fairlead.outbox.Batching;
import dev.fairlead.outbox.Budget;
import dev.fairlead.settings.SessionSettings;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a device's sessions are opened, kept and closed. A {@link Gateway} sets it for all of its
 * devices, and each of them may set its own.
 *
 * @param <B> the builder
 */
public abstract sealed class SessionOptions<B extends SessionOptions<B>>
    permits DeviceOptions, GatewayBuilder {
  private RetryPolicy retry;
  private @Nullable MaintenanceWindow failBack;
  private Duration openTimeout;
  private Duration drain;
  private @Nullable UploadProvider uploads;
  private @Nullable Batching batching;
  private @Nullable Budget budget;

  SessionOptions(SessionSettings defaults) {
    retry = defaults.retry();
    failBack = defaults.failBack().orElse(null);
    openTimeout = defaults.openTimeout();
    drain = defaults.drain();
    uploads = defaults.uploads().orElse(null);
    batching = defaults.batching().orElse(null);
    budget = defaults.budget().orElse(null);
  }

  abstract B self();

  final SessionSettings session() {
    return new SessionSettings(
        retry,
        Optional.ofNullable(failBack),
        openTimeout,
        drain,
        Optional.ofNullable(uploads),
        Optional.ofNullable(batching),
        Optional.ofNullable(budget));
  }

  /**
   * Sets when to try again. For a gateway this applies to its connections, too.
   *
   * @param policy the policy; {@link RetryPolicy#defaults()} by default
   * @return this
   */
  public B retry(RetryPolicy policy) {
    retry = Objects.requireNonNull(policy, "policy");
    return self();
  }

  /**
   * Sets when a working session may be closed to return to a better route. Without it, better
   * routes are tried when a session has ended anyway (over MQTT, each renewal of a token ends one).
   *
   * <p>Once in each window, a client on a less preferred route closes its session gracefully, tries
   * the better routes whether or not they failed lately, and returns to the route it left if none
   * opens. The moment is drawn evenly from the window, so that a fleet does not do it in step.
   * Telemetry waits during that time: for each better route that drops packets, up to the {@link
   * #openTimeout}.
   *
   * @param window when; there is none by default
   * @return this
   */
  public B failBack(MaintenanceWindow window) {
    failBack = Objects.requireNonNull(window, "window");
    return self();
  }

  /**
   * Sets how long opening one route may take in all, obtaining a credential included, before the
   * next is tried. It also limits each call of a token source or signer. Behind a gateway it
   * includes the wait for a connection, and limits the opening of a connection.
   *
   * @param limit positive; 30 s by default
   * @return this
   */
  public B openTimeout(Duration limit) {
    openTimeout = positive("openTimeout", limit);
    return self();
  }

  /**
   * Sets how long {@code close()} goes on sending queued messages.
   *
   * @param time not negative; 5 s by default
   * @return this
   */
  public B drainTime(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("drainTime must not be negative; it was " + time + ".");
    }
    drain = time;
    return self();
  }

  /**
   * Sets what uploads files, with options of its own.
   *
   * @param provider the provider; by default what is found on the class path or module path, for a
   *     gateway one for all devices
   * @return this
   */
  public B uploads(UploadProvider provider) {
    uploads = Objects.requireNonNull(provider, "provider");
    return self();
  }

  /**
   * Lets telemetry wait for more, so that it is sent in fewer and larger batches. This applies on
   * routes that send batches, AMQP and HTTPS; without it, what is queued is sent together, and
   * nothing waits. Messages of {@link Priority#HIGH} never wait, and nothing waits after a refusal
   * or while the client closes.
   *
   * @param linger how long a message waits for others at most; zero for not at all, as by default
   * @param bytes when messages of this size in all ({@link TelemetryMessage#size()}) are queued,
   *     they are sent immediately; positive
   * @return this
   */
  public B batch(Duration linger, int bytes) {
    if (linger.isNegative() || bytes < 1) {
      throw new IllegalArgumentException(
          "A batch waits for a time that is not negative and for 1 byte or more; these were "
              + linger
              + " and "
              + bytes
              + ".");
    }
    batching = linger.isZero() ? null : new Batching(linger, bytes);
    return self();
  }

  /**
   * Limits how much telemetry this outbox may hold together with others, beside its own {@link
   * OutboxLimits}. Given to a gateway, the limit is for all of its devices together.
   *
   * @param shared the same instance for all that share it; there is none by default
   * @return this
   */
  public B outboxBudget(OutboxBudget shared) {
    budget = shared.budget;
    return self();
  }

  static Duration positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive; it was " + value + ".");
    }
    return value;
  }
}
