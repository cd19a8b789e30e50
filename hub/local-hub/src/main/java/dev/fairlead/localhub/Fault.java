package dev.fairlead.localhub;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A deliberate failure: its effect, its moment, its device, and how often it strikes. Immutable;
 * each method returns a changed copy:
 *
 * <pre>{@code
 * hub.faults().add(Fault.drop().beforeAck().device("dev-1").nth(3));          // the third message: stored, not acknowledged
 * hub.faults().add(Fault.refuse(3).times(2));                                // two connects are answered "server unavailable"
 * hub.faults().add(Fault.throttle(1000).onConnect().device("dev-1").always());
 * }</pre>
 *
 * <p>Unless set otherwise, a fault strikes once, at the first occasion, for any device.
 */
public final class Fault {

  /** When a fault strikes. */
  public enum Moment {
    /** A TCP connection was accepted; TLS has not started and the device is not identified. */
    ON_ACCEPT,
    /**
     * A client on the HTTPS port has correctly requested a WebSocket, and the answer has not been
     * sent. The device is not identified.
     */
    ON_UPGRADE,
    /**
     * AMQP: a client has chosen a SASL mechanism, and the answer has not been sent. The device is
     * not identified.
     */
    ON_SASL,
    /**
     * AMQP: a client has opened its connection, and the answer has not been sent. The device is not
     * identified.
     */
    ON_OPEN,
    /** AMQP: a client has put a token, which has not been checked. The device is not identified. */
    ON_TOKEN,
    /**
     * A client has authenticated, and the answer has not been sent. On AMQP that is the answer to
     * each token that was put; without tokens, to the first attach. Over HTTPS it is the answer to
     * a device's first request on a connection.
     */
    ON_CONNECT,
    /**
     * AMQP: a device has requested a link that it may attach, and the link has not been attached.
     */
    ON_ATTACH,
    /**
     * Telemetry has arrived and is not stored yet. If a fault ends the connection here, the hub
     * never stores the message.
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
    /** HTTPS: a valid request has arrived completely and has not been carried out. */
    ON_REQUEST,
    /** HTTPS: a request was carried out or refused, and the answer has not been sent. */
    ON_ANSWER,
    /** HTTPS: the head of an answer has been sent, and its body, if it has one, not yet. */
    AFTER_HEADERS,
    /** HTTPS: half the body of an answer has been sent. */
    MID_BODY
  }

  /** What a fault does to the connection. */
  public sealed interface Effect {
    /** Closes the connection gracefully: the client reads the end of the stream. */
    record Drop() implements Effect {}

    /** Resets the TCP connection. */
    record Reset() implements Effect {}

    /**
     * Falls silent: the connection stays open, but nothing more is read or sent, not even for
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
     * condition of the code, over HTTPS with its answer, on MQTT, which has no such answer, by
     * closing the connection.
     *
     * @param code six digits, such as 429001
     */
    record Reject(int code) implements Effect {}

    /** AMQP: releases telemetry, so that the client sends it again. */
    record Release() implements Effect {}

    /**
     * Leaves telemetry without an acknowledgement forever: no PUBACK, no disposition, no answer.
     * The connection works otherwise.
     */
    record Withhold() implements Effect {}

    /**
     * Acknowledges telemetry late. On MQTT later acknowledgements are delayed too, because MQTT
     * requires their order; over HTTPS the whole connection is delayed, because requests are
     * answered one after the other.
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
     * From here on keeps the connection alive and sends nothing else: everything is read and
     * carried out, but only pings are answered and only heartbeats are sent. On MQTT that is
     * PINGRESP; on AMQP empty frames, BEGIN and END; over HTTPS, which has no pings, nothing.
     */
    record PingsOnly() implements Effect {}

    /** AMQP: never grants credit on a link. */
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
     * HTTPS: sends another answer. At ON_REQUEST and BEFORE_STORE the request has not been carried
     * out; at BEFORE_ACK and ON_ANSWER it has.
     *
     * @param status 200 to 599
     * @param headers added to those that every answer has; one of the same name replaces it
     * @param body empty for none
     */
    record Answer(int status, Map<String, String> headers, String body) implements Effect {
      /** Copies the headers. */
      public Answer {
        headers = Map.copyOf(headers);
      }
    }

    /**
     * HTTPS: sends a wrong {@code Date}.
     *
     * @param by the offset, positive or negative
     */
    record ShiftDate(Duration by) implements Effect {}

    /** Corrupts the next packet to the device (at MID_PACKET: the rest of this one). */
    record Corrupt() implements Effect {}

    /** Sends bytes that are not a packet. */
    record Garbage() implements Effect {}

    /**
     * Sends the head of a packet that claims the greatest possible length (256 MB less one byte).
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
          "A fault's occasions count from 1, and it strikes at least once: nth"
              + " and times must be 1 or more.");
    }
    FaultRules.check(effect, moment, deviceId);
    if (body != null && moment != Moment.BEFORE_STORE) {
      throw new IllegalArgumentException(
          "A fault for a text must strike at BEFORE_STORE; it cannot strike at " + moment + ".");
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
          "The rate of a throttle must be at least 1 byte per second. Use stall() for none.");
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
          "The code " + code + " is outside 1 to 255, the codes that refuse.");
    }
    return of(new Effect.Refuse(code), Moment.ON_CONNECT);
  }

  /** Refuses a WebSocket with this HTTP status, 300 to 599. */
  public static Fault refuseUpgrade(int status) {
    if (status < 300 || status > 599) {
      throw new IllegalArgumentException(
          "The status " + status + " is outside 300 to 599, the statuses that refuse.");
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
      throw new IllegalArgumentException("The code " + code + " is not a six-digit error code.");
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
      throw new IllegalArgumentException("The delay of an acknowledgement must be more than zero.");
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

  /** AMQP: attaches a link and never grants credit on it. */
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
   * Sends another answer to an HTTP request and does not carry it out: {@code answer(429,
   * Map.of("Retry-After", "7"), "")}.
   *
   * @param status 200 to 599
   * @param headers added to those that every answer has; one of the same name replaces it
   * @param body empty for none
   */
  public static Fault answer(int status, Map<String, String> headers, String body) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException(
          "The status " + status + " is outside 200 to 599, the statuses that end a request.");
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

  /** Only for this device and its modules; only their occasions are counted. */
  public Fault device(String id) {
    return new Fault(effect, moment, id, first, times, body);
  }

  /**
   * At {@link Moment#BEFORE_STORE}, and only for telemetry with this text; only such telemetry
   * counts as an occasion. In a batch one such message is enough.
   *
   * @param text text that the body contains
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

  /** The effect. */
  public Effect effect() {
    return effect;
  }

  /** The moment. */
  public Moment moment() {
    return moment;
  }

  /** The device it is limited to; empty for all devices. */
  public Optional<String> deviceId() {
    return Optional.ofNullable(deviceId);
  }

  /** The text that telemetry must contain; empty for any. */
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
