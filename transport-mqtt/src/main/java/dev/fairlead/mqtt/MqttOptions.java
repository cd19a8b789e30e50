package dev.fairlead.mqtt;

import dev.fairlead.TelemetryMessage;
import dev.fairlead.net.Dialer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The options of the MQTT transport. Immutable. */
public final class MqttOptions {
  /**
   * The longest useful keep-alive, 1177 s: the hub waits one and a half times as long, and at most
   * 1767 s. IoT Hub: "Communicate with your IoT hub using the MQTT protocol".
   */
  public static final Duration MAX_KEEP_ALIVE = Duration.ofSeconds(1177);

  private final Duration keepAlive;
  private final int window;
  private final int windowBytes;
  private final Duration lockTime;
  private final Duration twinTimeout;
  private final Duration pingAfter;
  private final Duration pingTimeout;
  private final Duration acknowledgementTimeout;
  private final @Nullable TelemetryMessage will;
  private final Dialer dialer;

  private MqttOptions(Builder builder) {
    keepAlive = builder.keepAlive;
    window = builder.window;
    windowBytes = builder.windowBytes;
    lockTime = builder.lockTime;
    twinTimeout = builder.twinTimeout;
    pingAfter = builder.pingAfter;
    pingTimeout = builder.pingTimeout;
    acknowledgementTimeout = builder.acknowledgementTimeout;
    will = builder.will;
    dialer = builder.dialer;
  }

  /**
   * All defaults.
   *
   * @return the options
   */
  public static MqttOptions defaults() {
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

  Duration keepAlive() {
    return keepAlive;
  }

  int window() {
    return window;
  }

  int windowBytes() {
    return windowBytes;
  }

  Duration lockTime() {
    return lockTime;
  }

  Duration twinTimeout() {
    return twinTimeout;
  }

  Duration pingAfter() {
    return pingAfter;
  }

  Duration pingTimeout() {
    return pingTimeout;
  }

  Duration acknowledgementTimeout() {
    return acknowledgementTimeout;
  }

  Optional<TelemetryMessage> will() {
    return Optional.ofNullable(will);
  }

  Dialer dialer() {
    return dialer;
  }

  /** Builds {@link MqttOptions}. Not safe for several threads. */
  public static final class Builder {
    private Duration keepAlive = Duration.ofSeconds(230);
    private int window = 256;
    private int windowBytes = 1024 * 1024;
    private Duration lockTime = Duration.ofSeconds(60);
    private Duration twinTimeout = Duration.ofSeconds(20);
    private Duration pingAfter = Duration.ofSeconds(5);
    private Duration pingTimeout = Duration.ofSeconds(5);
    private Duration acknowledgementTimeout = Duration.ofMinutes(2);
    private @Nullable TelemetryMessage will;
    private Dialer dialer = new Dialer();

    private Builder() {}

    private Builder(MqttOptions from) {
      keepAlive = from.keepAlive;
      window = from.window;
      windowBytes = from.windowBytes;
      lockTime = from.lockTime;
      twinTimeout = from.twinTimeout;
      pingAfter = from.pingAfter;
      pingTimeout = from.pingTimeout;
      acknowledgementTimeout = from.acknowledgementTimeout;
      will = from.will;
      dialer = from.dialer;
    }

    /**
     * Sets how long the client may send nothing before it pings; 230 s by default.
     *
     * @param interval 1 s to {@link #MAX_KEEP_ALIVE}, whole seconds
     * @return this
     */
    public Builder keepAlive(Duration interval) {
      if (interval.toSeconds() < 1 || interval.compareTo(MAX_KEEP_ALIVE) > 0) {
        throw new IllegalArgumentException(
            "The keep-alive is 1 to "
                + MAX_KEEP_ALIVE.toSeconds()
                + " s, not "
                + interval
                + ", because the hub ends a connection that is silent for 29 minutes.");
      }
      keepAlive = Duration.ofSeconds(interval.toSeconds());
      return this;
    }

    /**
     * Sets how much telemetry may wait for its acknowledgement; 256 messages and 1 MiB by default.
     *
     * @param messages 1 to 10000
     * @param bytes at least 1; one message is sent even if it is larger
     * @return this
     */
    public Builder window(int messages, int bytes) {
      if (messages < 1 || messages > 10_000 || bytes < 1) {
        throw new IllegalArgumentException(
            "The window is 1 to 10000 messages and at least 1 byte, not "
                + messages
                + " and "
                + bytes
                + ".");
      }
      window = messages;
      windowBytes = bytes;
      return this;
    }

    /**
     * Sets how long the application may hold a cloud-to-device message, counted from the call of
     * its handler, before a new session is opened so that the hub delivers it again; 60 s by
     * default, the hub's own lock time.
     *
     * @param time positive
     * @return this
     */
    public Builder lockTime(Duration time) {
      lockTime = positive("lock time", time);
      return this;
    }

    /**
     * Sets how long the hub may take to answer a twin operation; 20 s by default. At the limit the
     * operation fails and the session stays open.
     *
     * @param limit positive
     * @return this
     */
    public Builder twinTimeout(Duration limit) {
      twinTimeout = positive("time-out", limit);
      return this;
    }

    /**
     * Sets how a dead connection is noticed while the hub owes something: a ping when nothing
     * arrived for a while, and the end of the session when nothing arrives after the ping either. 5
     * s and 5 s by default; the second is extended by the time that the bytes in flight take at 8
     * KB/s.
     *
     * @param after positive
     * @param timeout positive
     * @return this
     */
    public Builder ping(Duration after, Duration timeout) {
      pingAfter = positive("time before a ping", after);
      pingTimeout = positive("ping's time-out", timeout);
      return this;
    }

    /**
     * Sets how long telemetry may wait without a single acknowledgement, although the hub answers
     * pings, before the session ends and the messages are sent again in a new one; 2 minutes by
     * default. Each acknowledgement starts it again; it is extended by the time that the bytes in
     * flight take at 8 KB/s. The same limit applies to packets that the hub does not read.
     *
     * @param limit positive
     * @return this
     */
    public Builder acknowledgementTimeout(Duration limit) {
      acknowledgementTimeout = positive("time-out", limit);
      return this;
    }

    /**
     * Sets the message that the hub stores as telemetry, with the property {@code
     * iothub-MessageType} = {@code Will}, when the connection ends without DISCONNECT; none by
     * default.
     *
     * @param message the message, with a body of at most 65535 bytes
     * @return this
     * @throws IllegalArgumentException if MQTT cannot carry the message as a will
     */
    public Builder will(TelemetryMessage message) {
      int body = message.body().length;
      if (body > Topics.MAX_TEXT_BYTES) {
        throw new IllegalArgumentException(
            "The body of a will is at most "
                + Topics.MAX_TEXT_BYTES
                + " bytes because of its place in CONNECT, not "
                + body
                + ". Send less.");
      }
      int properties = PropertyBag.encodedLength(message.systemProperties(), message.properties());
      if (properties > Topics.MAX_TEXT_BYTES - Topics.MAX_EVENTS_BYTES) {
        throw new IllegalArgumentException(
            "The properties of a will take at most "
                + (Topics.MAX_TEXT_BYTES - Topics.MAX_EVENTS_BYTES)
                + " bytes when encoded, not "
                + properties
                + ". Put the data into the body.");
      }
      will = message;
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
    public MqttOptions build() {
      return new MqttOptions(this);
    }
  }
}
