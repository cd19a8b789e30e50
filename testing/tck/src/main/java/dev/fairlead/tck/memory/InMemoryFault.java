package dev.fairlead.tck.memory;

import dev.fairlead.HubException;
import dev.fairlead.Route;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A fault of the in-memory transport: its effect, point, route and occasions. Immutable; each
 * method returns a changed copy.
 */
public final class InMemoryFault {
  /** Where on the transport a fault strikes. */
  public enum Point {
    /** Looking up the hub's name. */
    RESOLVE,
    /** Connecting. */
    CONNECT,
    /** The connection is open and nothing has been sent. */
    TLS,
    /** The credential has been sent, and the answer has not been sent. */
    OPEN,
    /** Telemetry has arrived and is not stored. */
    BEFORE_STORE,
    /** Telemetry is stored and not acknowledged. */
    BEFORE_ACK,
    /** Telemetry is acknowledged. */
    AFTER_ACK,
    /** A cloud-to-device message is being sent to the device. */
    DELIVERY,
    /** The twin is requested. */
    TWIN_GET,
    /** Reported properties have arrived and are not merged. */
    TWIN_REPORT,
    /** A new credential is sent on the open connection. */
    RENEW
  }

  /** The effect of a fault. */
  sealed interface Effect {
    /**
     * Ends the connection with a failure, or only refuses the operation if the failure is a refusal
     * of it.
     */
    record Fail(HubException failure) implements Effect {}

    /** Breaks the connection. */
    record Cut() implements Effect {}

    /** The connection stays open and carries nothing any more. */
    record Silence() implements Effect {}

    /** Acknowledges telemetry a second time. */
    record AcknowledgeTwice() implements Effect {}

    /** Acknowledges telemetry after the next message has been acknowledged. */
    record AcknowledgeAfterNext() implements Effect {}
  }

  private final Effect effect;
  private final Point point;
  private final @Nullable Route route;
  private final int nth;
  private final int times;
  private final @Nullable String text;

  private InMemoryFault(
      Effect effect,
      Point point,
      @Nullable Route route,
      int nth,
      int times,
      @Nullable String text) {
    if (nth < 1 || times < 1) {
      throw new IllegalArgumentException(
          "A fault's occasions count from 1, and it strikes at least once: both"
              + " must be 1 or more.");
    }
    this.effect = effect;
    this.point = Objects.requireNonNull(point, "point");
    this.route = route;
    this.nth = nth;
    this.times = times;
    this.text = text;
  }

  /**
   * Fails like the hub or the network. While opening, the opening fails with it. On an open
   * connection a {@link dev.fairlead.RejectedException} refuses that operation only, and anything
   * else ends the session.
   *
   * @param point the point
   * @param failure the failure
   * @return the fault: on any route, at the first occasion, once
   */
  public static InMemoryFault fail(Point point, HubException failure) {
    return new InMemoryFault(
        new Effect.Fail(Objects.requireNonNull(failure, "failure")), point, null, 1, 1, null);
  }

  /**
   * Breaks the connection.
   *
   * @param point the point
   * @return the fault: on any route, at the first occasion, once
   */
  public static InMemoryFault cut(Point point) {
    return new InMemoryFault(new Effect.Cut(), point, null, 1, 1, null);
  }

  /**
   * Lets the connection fall silent.
   *
   * @param point the point
   * @return the fault: on any route, at the first occasion, once
   */
  public static InMemoryFault silence(Point point) {
    return new InMemoryFault(new Effect.Silence(), point, null, 1, 1, null);
  }

  /**
   * Acknowledges a message a second time.
   *
   * @return the fault: on any route, at the first occasion, once
   */
  public static InMemoryFault acknowledgeTwice() {
    return new InMemoryFault(new Effect.AcknowledgeTwice(), Point.BEFORE_ACK, null, 1, 1, null);
  }

  /**
   * Acknowledges a message late: after the next one.
   *
   * @return the fault: on any route, at the first occasion, once
   */
  public static InMemoryFault acknowledgeAfterNext() {
    return new InMemoryFault(new Effect.AcknowledgeAfterNext(), Point.BEFORE_ACK, null, 1, 1, null);
  }

  /**
   * On one route only; only its occasions count.
   *
   * @param only the route
   * @return a new fault
   */
  public InMemoryFault on(Route only) {
    return new InMemoryFault(effect, point, only, nth, times, text);
  }

  /**
   * From another occasion on.
   *
   * @param occasion from 1
   * @return a new fault
   */
  public InMemoryFault nth(int occasion) {
    return new InMemoryFault(effect, point, route, occasion, times, text);
  }

  /**
   * At telemetry with one body only; only its occasions count.
   *
   * @param body the message's body
   * @return a new fault
   */
  public InMemoryFault at(String body) {
    return new InMemoryFault(effect, point, route, nth, times, body);
  }

  /**
   * Several times in a row.
   *
   * @param count 1 or more
   * @return a new fault
   */
  public InMemoryFault times(int count) {
    return new InMemoryFault(effect, point, route, nth, count, text);
  }

  /**
   * Every time, until the faults are cleared.
   *
   * @return a new fault
   */
  public InMemoryFault always() {
    return times(Integer.MAX_VALUE);
  }

  boolean concerns(Point where, Route on, @Nullable String body) {
    return point == where
        && (route == null || route.equals(on))
        && (text == null || text.equals(body));
  }

  /** The effect at an occasion, counted from 1. */
  Optional<Effect> at(long occasion) {
    return occasion >= nth && occasion - nth < times ? Optional.of(effect) : Optional.empty();
  }

  @Override
  public String toString() {
    return effect + " at " + point + " on " + (route == null ? "any route" : route.toString());
  }
}
