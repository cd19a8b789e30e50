package dev.fairlead.localhub.https;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Applies faults to one connection. Used on the connection's thread only. */
final class HttpFaults {

  private final HubCore hub;
  private final FaultyConnection faulty;
  private final ErrorAnswers errors;

  /** The delay of the answer that is being created. */
  private Duration delay = Duration.ZERO;

  HttpFaults(HubCore hub, FaultyConnection faulty, ErrorAnswers errors) {
    this.hub = hub;
    this.faulty = faulty;
    this.errors = errors;
  }

  /** Whether no fault can strike. */
  boolean areIdle() {
    return hub.faults().isIdle();
  }

  /**
   * An occasion for a fault.
   *
   * @return the answer to send instead; null to continue
   */
  @Nullable Answer strike(Moment moment, @Nullable String deviceId) {
    return strike(moment, deviceId, List.of());
  }

  /** The same for telemetry whose bodies are available. */
  @Nullable Answer strike(Moment moment, @Nullable String deviceId, List<byte[]> bodies) {
    Effect effect = areIdle() ? null : hub.faults().strike(moment, deviceId, bodies);
    return effect == null ? null : apply(effect);
  }

  /** As {@link #strike}, for a moment at which a connect can be refused. */
  @Nullable Answer onConnect(String deviceId) {
    Effect effect = effect(Moment.ON_CONNECT, deviceId);
    if (effect instanceof Effect.Refuse refusal) {
      return errors.of(refusal.code() == 3 ? 503001 : 401003, "A fault refuses the first request.");
    }
    return effect == null ? null : apply(effect);
  }

  private @Nullable Effect effect(Moment moment, @Nullable String deviceId) {
    return areIdle() ? null : hub.faults().strike(moment, deviceId);
  }

  private @Nullable Answer apply(Effect effect) {
    if (effect instanceof Effect.Answer other) {
      return new Answer(
          other.status(), other.headers(), other.body().getBytes(StandardCharsets.UTF_8));
    }
    if (effect instanceof Effect.Reject rejection) {
      return errors.of(rejection.code(), "A fault was injected.");
    }
    if (effect instanceof Effect.Withhold) {
      return Answer.NEVER;
    }
    if (effect instanceof Effect.AcknowledgeLate late) {
      delay = delay.plus(late.by());
      return null;
    }
    return faulty.apply(effect) ? Answer.NEVER : null;
  }

  /** The delay of the answer that was created last, on the hub's clock. */
  Duration takeDelay() {
    Duration taken = delay;
    delay = Duration.ZERO;
    return taken;
  }

  /** The answer to send: the given one, another one, or none. */
  Answer beforeSending(Answer answer, @Nullable String deviceId) {
    Effect effect = effect(Moment.ON_ANSWER, deviceId);
    if (effect instanceof Effect.ShiftDate shift) {
      return answer.with("Date", date(hub.time().now().plus(shift.by())));
    }
    Answer instead = effect == null ? null : apply(effect);
    return instead == null ? answer : instead;
  }

  /** A time as HTTP prints it (RFC 9110, 5.6.7). */
  static String date(Instant time) {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(time.atOffset(ZoneOffset.UTC));
  }
}
