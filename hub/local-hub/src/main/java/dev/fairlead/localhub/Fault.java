package dev.fairlead.localhub;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong on purpose: when, for which device and how often. Immutable; each method gives a
 * changed copy:
 *
 * <pre>{@code
 * hub.faults().add(Fault.drop().beforeAck().device("dev-1").nth(3));          // the third message: stored, not acknowledged
 * hub.faults().add(Fault.refuse(3).times(2));                                // two connects are answered "server unavailable"
 * hub.faults().add(Fault.throttle(1000).onConnect().device("dev-1").always());
 * }</pre>
 *
 * <p>Unless said otherwise a fault strikes at the first occasion, once, for any device.
 */
public final class Fault {

  /** When a fault strikes. */
  public enum Moment {
    /** A TCP connection was accepted; no TLS yet, and no device known. */
    ON_ACCEPT,
    /**
     * A client on the HTTPS port has correctly requested a WebSocket and is about to be answered.
     * No device is known.
     */
    ON_UPGRADE,
    /**
     * AMQP: a client has chosen a SASL mechanism and is about to be answered. No device is known.
     */
    ON_SASL,
    /** AMQP: a client has opened its connection and is about to be answered. No device is known. */
    ON_OPEN,
    /** AMQP: a client has put a token, which has not been looked at. No device is known. */
    ON_TOKEN,
    /**
     * A client has authenticated and its answer is about to be sent. On AMQP that is the answer to
     * each token that was put; without tokens, to the first attach. Over HTTPS it is the answer to
     * a device's first request on a connection.
     */
    ON_CONNECT,
    /** AMQP: a link of a device that may attach it is about to be attached. */
    ON_ATTACH,
    /**
     * Telemetry has arrived and is not stored yet. A fault that ends the connection here means the
     * hub never had the message.
     */
    BEFORE_STORE,
    /** Telemetry is stored and its acknowledgement is not sent. */
    BEFORE_ACK,
    /** The acknowledgement of telemetry has been sent. */
    AFTER_ACK,
    /**
     * In the middle of a packet that the hub sends to the device. Over HTTPS that is the head of an
     * answer, or a half of its body.
     */
    MID_PACKET,
    /** HTTPS: a valid request has arrived as a whole and was not carried out yet. */
    ON_REQUEST,
    /** HTTPS: a request was carried out or refused, and its answer is about to be sent. */
    ON_ANSWER,
    /** HTTPS: the head of an answer has been sent, and its body, if it has one, not yet. */
    AFTER_HEADERS,
    /** HTTPS: half the body of an answer has been sent. */
    MID_BODY
  }

  /** What a fault does to the connection. */
  public sealed interface Effect {
    /** Closes the connection gracefully: the client sees the end of the stream. */
    record Drop() implements Effect {}

    /** Resets the TCP connection. */
    record Reset() implements Effect {}

    /**
     * Goes silent: the connection stays open, nothing is read or sent any more, not even for
     * keep-alive.
     */
    record Stall() implements Effect {}

    /**
     * Limits the connection from here on, in each direction.
     *
     * @param bytesPerSecond on the network, at least 1
     */
    record Throttle(int bytesPerSecond) implements Effect {}

    /**
     * Answers the connect with a code other than 0 and closes. On AMQP, 3 answers a token with 503,
     * any other code with 401.
     *
     * @param code 1 to 255; the hub itself uses 3 and 5
     */
    record Refuse(int code) implements Effect {}

    /**
     * Rejects telemetry, the attach of a link, or at ON_REQUEST any HTTP request: on AMQP with the
     * condition of the code, over HTTPS with its answer, on MQTT, which cannot say so, by closing
     * the connection.
     *
     * @param code six digits, such as 429001
     */
    record Reject(int code) implements Effect {}

    /** AMQP: releases telemetry, which is to be sent again. */
    record Release() implements Effect {}

    /**
     * Leaves telemetry without an acknowledgement forever: no PUBACK, no disposition, no answer.
     * The connection works otherwise.
     */
    record Withhold() implements Effect {}

    /**
     * Acknowledges telemetry late. On MQTT later acknowledgements wait behind it, because MQTT
     * requires their order; over HTTPS the whole connection waits, because requests are answered
     * one after the other.
     *
     * @param by how late, on the hub's clock; more than zero
     */
    record AcknowledgeLate(Duration by) implements Effect {}

    /**
     * Acknowledges a message only after the next one of its connection was acknowledged, which
     * breaks [MQTT-4.6.0-2]. Over HTTPS, where requests are answered one after the other, nothing
     * happens.
     */
    record AcknowledgeOutOfOrder() implements Effect {}

    /** Sends the next packet to the device twice. */
    record Duplicate() implements Effect {}

    /**
     * Keeps the connection alive and sends nothing else from here on: everything is read and
     * carried out, but only pings are answered and only heartbeats are sent. On MQTT that is
     * PINGRESP; on AMQP empty frames, BEGIN and END; over HTTPS, which has no pings, nothing.
     */
    record PingsOnly() implements Effect {}

    /** AMQP: gives no credit on a link, ever. */
    record NoCredit() implements Effect {}

    /**
     * AMQP: detaches a link, ends a session or closes the connection, gracefully.
     *
     * @param part what ends
     */
    record Detach(AmqpPart part) implements Effect {}

    /**
     * Answers the request for a WebSocket with an HTTP error and closes.
     *
     * @param status 300 to 599
     */
    record RefuseUpgrade(int status) implements Effect {}

    /**
     * HTTPS: answers something else. At ON_REQUEST and BEFORE_STORE nothing has been done, at
     * BEFORE_ACK and ON_ANSWER all.
     *
     * @param status 200 to 599
     * @param headers besides those that every answer has, and instead of them
     * @param body empty for none
     */
    record Answer(int status, Map<String, String> headers, String body) implements Effect {
      /** Copies the headers. */
      public Answer {
        headers = Map.copyOf(headers);
      }
    }

    /**
     * HTTPS: answers with another {@code Date}.
     *
     * @param by how far off, either way
     */
    record ShiftDate(Duration by) implements Effect {}

    /** Corrupts the next packet to the device (at MID_PACKET: the rest of this one). */
    record Corrupt() implements Effect {}

    /** Sends bytes that are no packet. */
    record Garbage() implements Effect {}

    /**
     * Sends the head of a packet that claims the greatest length there is (256 MB less one byte).
     */
    record HugeLength() implements Effect {}
  }

  private final Effect effect;
  private final Moment moment;
  private final @Nullable String deviceId;
  private final int first;
  private final int times;
  private final @Nullable String body;

  private Fault(
      Effect effect,
      Moment moment,
      @Nullable String deviceId,
      int first,
      int times,
      @Nullable String body) {
    if (first < 1 || times < 1) {
      throw new IllegalArgumentException(
          "A fault's occasions count from 1, and it strikes at least once.");
    }
    FaultRules.check(effect, moment, deviceId);
    if (body != null && moment != Moment.BEFORE_STORE) {
      throw new IllegalArgumentException(
          "Only BEFORE_STORE knows what a message says; a fault for a text cannot be "
              + moment
              + ".");
    }
    this.effect = effect;
    this.moment = moment;
    this.deviceId = deviceId;
    this.first = first;
    this.times = times;
    this.body = body;
  }

  /** Closes the connection, by default before an acknowledgement. */
  public static Fault drop() {
    return of(new Effect.Drop(), Moment.BEFORE_ACK);
  }

  /** Resets the connection, by default before an acknowledgement. */
  public static Fault reset() {
    return of(new Effect.Reset(), Moment.BEFORE_ACK);
  }

  /** Falls silent, by default before an acknowledgement. */
  public static Fault stall() {
    return of(new Effect.Stall(), Moment.BEFORE_ACK);
  }

  /** Slows the connection down, by default from the connect on. */
  public static Fault throttle(int bytesPerSecond) {
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException(
          "A throttle lets through at least 1 byte per second; use stall() for none.");
    }
    return of(new Effect.Throttle(bytesPerSecond), Moment.ON_CONNECT);
  }

  /**
   * Refuses a connect; on MQTT with this CONNACK code, 1 to 255, over HTTPS with 503 for code 3 and
   * with 401 for any other.
   */
  public static Fault refuse(int code) {
    if (code < 1 || code > 255) {
      throw new IllegalArgumentException(
          "The code " + code + " does not refuse: it must be 1 to 255.");
    }
    return of(new Effect.Refuse(code), Moment.ON_CONNECT);
  }

  /** Refuses a WebSocket with this HTTP status, 300 to 599. */
  public static Fault refuseUpgrade(int status) {
    if (status < 300 || status > 599) {
      throw new IllegalArgumentException(
          "The status " + status + " does not refuse: it must be 300 to 599.");
    }
    return of(new Effect.RefuseUpgrade(status), Moment.ON_UPGRADE);
  }

  /**
   * Rejects telemetry; {@link #onAttach} instead a link, {@link #onRequest} any HTTP request.
   *
   * @param code six digits: 429001 throttled, 403002 over quota, 401002 unauthorised and so on
   */
  public static Fault reject(int code) {
    if (code < 400_000 || code > 599_999) {
      throw new IllegalArgumentException("The code " + code + " is no six-digit error code.");
    }
    return of(new Effect.Reject(code), Moment.BEFORE_STORE);
  }

  /** AMQP: releases telemetry. */
  public static Fault release() {
    return of(new Effect.Release(), Moment.BEFORE_STORE);
  }

  /**
   * Leaves telemetry without an acknowledgement, by default stored, {@link #beforeStore} not
   * stored.
   */
  public static Fault withhold() {
    return of(new Effect.Withhold(), Moment.BEFORE_ACK);
  }

  /**
   * Acknowledges telemetry late; {@link #onAnswer} delays the answer to any HTTP request.
   *
   * @param by how late, on the hub's clock; more than zero
   */
  public static Fault acknowledgeLate(Duration by) {
    if (by.isNegative() || by.isZero()) {
      throw new IllegalArgumentException("An acknowledgement is late by more than zero.");
    }
    return of(new Effect.AcknowledgeLate(by), Moment.BEFORE_ACK);
  }

  /** Acknowledges telemetry only after the next message was acknowledged. */
  public static Fault acknowledgeOutOfOrder() {
    return of(new Effect.AcknowledgeOutOfOrder(), Moment.BEFORE_ACK);
  }

  /** Sends a packet to the device twice, by default the acknowledgement. */
  public static Fault duplicate() {
    return of(new Effect.Duplicate(), Moment.BEFORE_ACK);
  }

  /** Answers pings and sends nothing else, by default from an acknowledgement on. */
  public static Fault pingsOnly() {
    return of(new Effect.PingsOnly(), Moment.BEFORE_ACK);
  }

  /** AMQP: attaches a link on which the device never gets credit. */
  public static Fault noCredit() {
    return of(new Effect.NoCredit(), Moment.ON_ATTACH);
  }

  /** AMQP: ends a part of the connection, by default when telemetry has been accepted. */
  public static Fault detach(AmqpPart part) {
    return of(new Effect.Detach(part), Moment.AFTER_ACK);
  }

  /** Corrupts a packet to the device, by default the acknowledgement. */
  public static Fault corrupt() {
    return of(new Effect.Corrupt(), Moment.BEFORE_ACK);
  }

  /** Sends garbage, by default before an acknowledgement. */
  public static Fault garbage() {
    return of(new Effect.Garbage(), Moment.BEFORE_ACK);
  }

  /** Announces a huge packet, by default before an acknowledgement. */
  public static Fault hugeLength() {
    return of(new Effect.HugeLength(), Moment.BEFORE_ACK);
  }

  /** Answers an HTTP request with a status, 200 to 599, and no body, and does not carry it out. */
  public static Fault answer(int status) {
    return answer(status, Map.of(), "");
  }

  /**
   * Answers an HTTP request with something else and does not carry it out: {@code answer(429,
   * Map.of("Retry-After", "7"), "")}.
   *
   * @param status 200 to 599
   * @param headers besides those that every answer has, and instead of them
   * @param body empty for none
   */
  public static Fault answer(int status, Map<String, String> headers, String body) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException(
          "The status " + status + " ends no request: it must be 200 to 599.");
    }
    return of(new Effect.Answer(status, headers, body), Moment.ON_REQUEST);
  }

  /** Answers HTTP requests with a {@code Date} that is off by a duration. */
  public static Fault shiftDate(Duration by) {
    return of(new Effect.ShiftDate(by), Moment.ON_ANSWER);
  }

  private static Fault of(Effect effect, Moment moment) {
    return new Fault(effect, moment, null, 1, 1, null);
  }

  /** At {@link Moment#ON_ACCEPT}. */
  public Fault onAccept() {
    return at(Moment.ON_ACCEPT);
  }

  /** At {@link Moment#ON_UPGRADE}. */
  public Fault onUpgrade() {
    return at(Moment.ON_UPGRADE);
  }

  /** At {@link Moment#ON_CONNECT}. */
  public Fault onConnect() {
    return at(Moment.ON_CONNECT);
  }

  /** At {@link Moment#ON_SASL}. */
  public Fault onSasl() {
    return at(Moment.ON_SASL);
  }

  /** At {@link Moment#ON_OPEN}. */
  public Fault onOpen() {
    return at(Moment.ON_OPEN);
  }

  /** At {@link Moment#ON_TOKEN}. */
  public Fault onToken() {
    return at(Moment.ON_TOKEN);
  }

  /** At {@link Moment#ON_ATTACH}. */
  public Fault onAttach() {
    return at(Moment.ON_ATTACH);
  }

  /** At {@link Moment#BEFORE_STORE}. */
  public Fault beforeStore() {
    return at(Moment.BEFORE_STORE);
  }

  /** At {@link Moment#BEFORE_ACK}. */
  public Fault beforeAck() {
    return at(Moment.BEFORE_ACK);
  }

  /** At {@link Moment#AFTER_ACK}. */
  public Fault afterAck() {
    return at(Moment.AFTER_ACK);
  }

  /** At {@link Moment#MID_PACKET}. */
  public Fault midPacket() {
    return at(Moment.MID_PACKET);
  }

  /** At {@link Moment#ON_REQUEST}. */
  public Fault onRequest() {
    return at(Moment.ON_REQUEST);
  }

  /** At {@link Moment#ON_ANSWER}. */
  public Fault onAnswer() {
    return at(Moment.ON_ANSWER);
  }

  /** At {@link Moment#AFTER_HEADERS}. */
  public Fault afterHeaders() {
    return at(Moment.AFTER_HEADERS);
  }

  /** At {@link Moment#MID_BODY}. */
  public Fault midBody() {
    return at(Moment.MID_BODY);
  }

  /** At the given moment. */
  public Fault at(Moment when) {
    return new Fault(effect, when, deviceId, first, times, body);
  }

  /** Only for this device and its modules; only their occasions count. */
  public Fault device(String id) {
    return new Fault(effect, moment, id, first, times, body);
  }

  /**
   * At {@link Moment#BEFORE_STORE}, and only at telemetry that says this; only that counts. In a
   * batch one such message is enough.
   *
   * @param text what the body contains
   */
  public Fault message(String text) {
    return new Fault(effect, Moment.BEFORE_STORE, deviceId, first, times, text);
  }

  /** From the n-th occasion on, counted from 1 after the fault was added. */
  public Fault nth(int n) {
    return new Fault(effect, moment, deviceId, n, times, body);
  }

  /** At {@code n} occasions in a row. */
  public Fault times(int n) {
    return new Fault(effect, moment, deviceId, first, n, body);
  }

  /** At every occasion until it is removed. */
  public Fault always() {
    return times(Integer.MAX_VALUE);
  }

  /** What it does. */
  public Effect effect() {
    return effect;
  }

  /** When. */
  public Moment moment() {
    return moment;
  }

  /** The device it is limited to; empty for all devices. */
  public Optional<String> deviceId() {
    return Optional.ofNullable(deviceId);
  }

  /** What telemetry has to say for it; empty for any. */
  public Optional<String> text() {
    return Optional.ofNullable(body);
  }

  /** The first occasion at which it strikes, from 1. */
  public int firstOccasion() {
    return first;
  }

  /** How often it strikes. */
  public int strikes() {
    return times;
  }

  @Override
  public String toString() {
    String who = deviceId == null ? "any device" : deviceId;
    return effect
        + " "
        + moment
        + (body == null ? "" : " of \"" + body + "\"")
        + " for "
        + who
        + " from occasion "
        + first
        + " on, "
        + times
        + " times";
  }
}
