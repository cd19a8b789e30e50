package dev.fairlead.amqp;

import dev.fairlead.net.Dialer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The options of the AMQP transport. Immutable. */
public final class AmqpOptions {
  private final Sasl sasl;
  private final @Nullable PlainBroker broker;
  private final String webSocketPath;
  private final int window;
  private final int windowBytes;
  private final int batchBytes;
  private final int identities;
  private final int webSocketIdentities;
  private final Duration idleTimeout;
  private final Duration answerTimeout;
  private final Duration acknowledgementTimeout;
  private final Duration pingAfter;
  private final Duration pingTimeout;
  private final Dialer dialer;

  private AmqpOptions(Builder builder) {
    sasl = builder.sasl;
    broker = builder.broker;
    webSocketPath = builder.webSocketPath;
    window = builder.window;
    windowBytes = builder.windowBytes;
    // The batch format is specific to the hub: a broker would keep a batch as one message.
    batchBytes = builder.broker == null ? builder.batchBytes : 0;
    identities = builder.identities;
    webSocketIdentities = builder.webSocketIdentities;
    idleTimeout = builder.idleTimeout;
    answerTimeout = builder.answerTimeout;
    acknowledgementTimeout = builder.acknowledgementTimeout;
    pingAfter = builder.pingAfter;
    pingTimeout = builder.pingTimeout;
    dialer = builder.dialer;
  }

  /**
   * All defaults.
   *
   * @return the options
   */
  public static AmqpOptions defaults() {
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

  Sasl sasl() {
    return sasl;
  }

  Optional<PlainBroker> broker() {
    return Optional.ofNullable(broker);
  }

  String webSocketPath() {
    return webSocketPath;
  }

  int window() {
    return window;
  }

  int windowBytes() {
    return windowBytes;
  }

  int batchBytes() {
    return batchBytes;
  }

  int identities() {
    return identities;
  }

  int webSocketIdentities() {
    return webSocketIdentities;
  }

  Duration idleTimeout() {
    return idleTimeout;
  }

  Duration answerTimeout() {
    return answerTimeout;
  }

  Duration acknowledgementTimeout() {
    return acknowledgementTimeout;
  }

  Duration pingAfter() {
    return pingAfter;
  }

  Duration pingTimeout() {
    return pingTimeout;
  }

  Dialer dialer() {
    return dialer;
  }

  /** Builds {@link AmqpOptions}. Not safe for several threads. */
  public static final class Builder {
    private Sasl sasl = Sasl.none();
    private @Nullable PlainBroker broker;
    private String webSocketPath = "/$iothub/websocket";
    private int window = 1000;
    private int windowBytes = 1024 * 1024;
    private int batchBytes = 60 * 1024;
    // IoT Hub: the official device client's limits for one multiplexed connection.
    private int identities = 1000;
    private int webSocketIdentities = 500;
    private Duration idleTimeout = Duration.ofMinutes(4);
    private Duration answerTimeout = Duration.ofSeconds(20);
    private Duration acknowledgementTimeout = Duration.ofMinutes(2);
    private Duration pingAfter = Duration.ofSeconds(5);
    private Duration pingTimeout = Duration.ofSeconds(5);
    private Dialer dialer = new Dialer();

    private Builder() {}

    private Builder(AmqpOptions from) {
      sasl = from.sasl;
      broker = from.broker;
      webSocketPath = from.webSocketPath;
      window = from.window;
      windowBytes = from.windowBytes;
      batchBytes = from.batchBytes;
      identities = from.identities;
      webSocketIdentities = from.webSocketIdentities;
      idleTimeout = from.idleTimeout;
      answerTimeout = from.answerTimeout;
      acknowledgementTimeout = from.acknowledgementTimeout;
      pingAfter = from.pingAfter;
      pingTimeout = from.pingTimeout;
      dialer = from.dialer;
    }

    /**
     * Sets the security layer under AMQP; {@link Sasl#none()} by default, which the hub takes and
     * which saves two round trips.
     *
     * @param layer the layer
     * @return this
     */
    public Builder sasl(Sasl layer) {
      sasl = Objects.requireNonNull(layer, "layer");
      return this;
    }

    /**
     * Uses a plain AMQP 1.0 broker in place of a hub: telemetry goes to one address and messages
     * come from another; there are no tokens, no twin, no direct methods and no batches. None by
     * default.
     *
     * @param addresses the broker's addresses
     * @return this
     */
    public Builder broker(PlainBroker addresses) {
      broker = Objects.requireNonNull(addresses, "addresses");
      return this;
    }

    /**
     * Sets the path of the WebSocket upgrade; the hub's own by default.
     *
     * @param path begins with a slash
     * @return this
     */
    public Builder webSocketPath(String path) {
      if (!path.startsWith("/")) {
        throw new IllegalArgumentException("A path begins with a slash, not \"" + path + "\".");
      }
      webSocketPath = path;
      return this;
    }

    /**
     * Sets how much telemetry of one identity may wait for its acknowledgement; 1000 messages and 1
     * MiB by default. The hub's own link credit limits it as well.
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
     * Sets how many bytes of small queued messages are sent as one batch, which the hub takes or
     * refuses as a whole; 60 KB by default, which fits one frame. A hub that does not accept its
     * first batch gets single messages for an hour.
     *
     * @param bytes 0 for no batches, at most 200 KB: the hub takes 256 KB in all
     * @return this
     */
    public Builder batchBytes(int bytes) {
      if (bytes < 0 || bytes > 200 * 1024) {
        throw new IllegalArgumentException("A batch is 0 to 204800 bytes, not " + bytes + ".");
      }
      batchBytes = bytes;
      return this;
    }

    /**
     * Sets how many identities one connection carries; 1000 over TCP and 500 over a WebSocket by
     * default.
     *
     * @param tcp at least 1
     * @param webSocket at least 1
     * @return this
     */
    public Builder identitiesPerConnection(int tcp, int webSocket) {
      if (tcp < 1 || webSocket < 1) {
        throw new IllegalArgumentException("A connection carries at least one identity.");
      }
      identities = tcp;
      webSocketIdentities = webSocket;
      return this;
    }

    /**
     * Sets after how much silence of the hub a connection is treated as dead although nothing is
     * owed; 240 s by default. Half of it is announced to the hub as idle time-out.
     *
     * @param limit 10 s to one hour
     * @return this
     */
    public Builder idleTimeout(Duration limit) {
      if (limit.toSeconds() < 10 || limit.toSeconds() > 3600) {
        throw new IllegalArgumentException(
            "The idle time-out is 10 s to 1 h, not "
                + limit
                + ": some peers refuse to send a heartbeat more often than every 5 s.");
      }
      idleTimeout = limit;
      return this;
    }

    /**
     * Sets how long the hub may take to answer a token, a twin operation, the ATTACH of a link or
     * the settlement of a C2D message; 20 s by default. At the limit the operation fails; a link is
     * attached again, and if it is the one for telemetry the session ends.
     *
     * @param limit positive
     * @return this
     */
    public Builder answerTimeout(Duration limit) {
      answerTimeout = positive("time-out", limit);
      return this;
    }

    /**
     * Sets how long the hub may acknowledge no telemetry, or give no credit for it, although it
     * answers pings; 2 minutes by default. Then the session ends and the messages are sent again in
     * a new one; without credit the link is attached once more first.
     *
     * @param limit positive
     * @return this
     */
    public Builder acknowledgementTimeout(Duration limit) {
      acknowledgementTimeout = positive("time-out", limit);
      return this;
    }

    /**
     * Sets how a dead connection is noticed while the hub owes an answer: a ping when nothing
     * arrived for a while, and the end when nothing arrives after the ping either. 5 s and 5 s by
     * default; the second, which is also the limit of the answer to CLOSE and END, is extended by
     * the time that the bytes in flight take at 8 KB/s.
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
    public AmqpOptions build() {
      return new AmqpOptions(this);
    }
  }
}
