package dev.fairlead.localhub;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What shall go wrong, when, for whom and how often. Immutable; each method gives a changed copy:
 *
 * <pre>{@code
 * hub.faults().add(Fault.drop().beforeAck().device("dev-1").nth(3));          // the third message: stored, not acknowledged
 * hub.faults().add(Fault.refuse(3).times(2));                                // two connects are told "server unavailable"
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
     * A client on the HTTPS port has asked, in order, for a WebSocket and is about to be answered.
     * No device is known.
     */
    ON_UPGRADE,
    /**
     * A client has authenticated and its answer is about to be sent. Over HTTPS: with a device's
     * first request on a connection.
     */
    ON_CONNECT,
    /**
     * Telemetry has come and is not stored. A fault that ends the connection here means the hub
     * never had the message.
     */
    BEFORE_STORE,
    /** Telemetry is stored and its acknowledgement is not sent. */
    BEFORE_ACK,
    /** The acknowledgement of telemetry has been sent. */
    AFTER_ACK,
    /** In the middle of a packet that the hub sends to the device. */
    MID_PACKET
  }

  /** What a fault does to the connection. */
  public sealed interface Effect {
    /** Closes the connection in order: the client sees the end of the stream. */
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
     * @param bytesPerSecond on the wire, at least 1
     */
    record Throttle(int bytesPerSecond) implements Effect {}

    /**
     * Answers the connect with a code other than 0 and closes.
     *
     * @param code 1 to 255; the hub itself uses 3 and 5
     */
    record Refuse(int code) implements Effect {}

    /**
     * Answers the request for a WebSocket with an HTTP error and closes.
     *
     * @param status 300 to 599
     */
    record RefuseUpgrade(int status) implements Effect {}

    /** Spoils the next packet to the device (at MID_PACKET: the rest of this one). */
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

  private Fault(Effect effect, Moment moment, @Nullable String deviceId, int first, int times) {
    if (first < 1 || times < 1) {
      throw new IllegalArgumentException(
          "A fault's occasions count from 1, and it strikes at least once.");
    }
    if (effect instanceof Effect.Refuse && moment != Moment.ON_CONNECT) {
      throw new IllegalArgumentException(
          "Only a connect can be refused. Use refuse(code) without another moment.");
    }
    if (effect instanceof Effect.RefuseUpgrade && moment != Moment.ON_UPGRADE) {
      throw new IllegalArgumentException(
          "Only an upgrade can be refused with a status. Use refuseUpgrade(status) without another"
              + " moment.");
    }
    if (moment == Moment.ON_ACCEPT || moment == Moment.ON_UPGRADE) {
      if (deviceId != null) {
        throw new IllegalArgumentException(
            "At " + moment + " no device is known. Use onConnect() for one device.");
      }
      if (effect instanceof Effect.Corrupt || effect instanceof Effect.HugeLength) {
        throw new IllegalArgumentException(
            "At " + moment + " there is no packet to spoil. Use garbage() there.");
      }
    }
    this.effect = effect;
    this.moment = moment;
    this.deviceId = deviceId;
    this.first = first;
    this.times = times;
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

  /** Spoils a packet to the device, by default the acknowledgement. */
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

  private static Fault of(Effect effect, Moment moment) {
    return new Fault(effect, moment, null, 1, 1);
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

  /** At the given moment. */
  public Fault at(Moment when) {
    return new Fault(effect, when, deviceId, first, times);
  }

  /** Only for this device and its modules; only their occasions count. */
  public Fault device(String id) {
    return new Fault(effect, moment, id, first, times);
  }

  /** From the n-th occasion on, counted from 1 after the fault was added. */
  public Fault nth(int n) {
    return new Fault(effect, moment, deviceId, n, times);
  }

  /** At so many occasions in a row. */
  public Fault times(int n) {
    return new Fault(effect, moment, deviceId, first, n);
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

  /** For whom; empty for everyone. */
  public Optional<String> deviceId() {
    return Optional.ofNullable(deviceId);
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
        + " for "
        + who
        + " from occasion "
        + first
        + " on, "
        + times
        + " times";
  }
}
