package dev.fairlead;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One device-to-cloud message: a body, system properties and application properties. Immutable,
 * apart from the body's array, which is handed over and not copied.
 *
 * <p>Limits, checked when the message is built: property names and values of letters, digits and
 * {@code ! # $ % & ' * + - . ^ _ ` | ~} for names (values may be any text where the protocol
 * carries it), ids of at most 128 characters, and 256 KB in all (body, system property values,
 * application property names and values). The hub counts what the protocol adds too: on MQTT the
 * topic, on AMQP the encoding. A message that is over 256 KB with it is refused when it is sent, so
 * leave 128 bytes, and on MQTT the room that properties take when percent-encoded. Source: IoT Hub
 * developer guide, "Create and read IoT Hub messages" and "Quotas and throttling".
 */
public final class TelemetryMessage {
  /** The largest message the hub takes, in bytes: 256 KB. */
  public static final int MAX_BYTES = 256 * 1024;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+\\-.^_`|~]+");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9\\-:.+%_#*?!(),=@;$']{1,128}");

  private final byte[] body;
  private final Map<String, String> properties;
  private final Map<SystemProperty, String> systemProperties;
  private final @Nullable Duration timeToLive;
  private final Priority priority;
  private final int size;

  private TelemetryMessage(Builder builder) {
    Map<SystemProperty, String> system = new LinkedHashMap<>(builder.systemProperties);
    body = builder.gzip ? builder.compressed(system) : builder.body;
    properties = Collections.unmodifiableMap(new LinkedHashMap<>(builder.properties));
    systemProperties = Collections.unmodifiableMap(system);
    timeToLive = builder.timeToLive;
    priority = builder.priority;
    size = sizeOf(body, properties, systemProperties);
    if (size > MAX_BYTES) {
      throw new IllegalArgumentException(
          "The message is "
              + size
              + " bytes with its properties, and the hub takes at most "
              + MAX_BYTES
              + " (256 KB). Split it, compress it with gzip(), or send it by file upload.");
    }
  }

  /**
   * A message with a body and no properties.
   *
   * @param body the bytes; handed over, not copied
   * @return the message
   * @throws IllegalArgumentException if it is over {@link #MAX_BYTES}
   */
  public static TelemetryMessage of(byte[] body) {
    return builder().body(body).build();
  }

  /**
   * A JSON message: UTF-8, content type {@code application/json}, so that the hub can route by its
   * content.
   *
   * @param json the text
   * @return the message
   * @throws IllegalArgumentException if it is over {@link #MAX_BYTES}
   */
  public static TelemetryMessage json(String json) {
    return builder().json(json).build();
  }

  /**
   * A text message: UTF-8, content type {@code text/plain}. The hub cannot route by its content,
   * only by its properties.
   *
   * @param text the text
   * @return the message
   * @throws IllegalArgumentException if it is over {@link #MAX_BYTES}
   */
  public static TelemetryMessage text(String text) {
    return builder().text(text).build();
  }

  /**
   * Starts a message.
   *
   * @return an empty builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The body.
   *
   * @return the array itself, not a copy: do not change it
   */
  public byte[] body() {
    return body;
  }

  /**
   * The application properties in the order they were set.
   *
   * @return an unmodifiable map
   */
  public Map<String, String> properties() {
    return properties;
  }

  /**
   * The system properties that are set.
   *
   * @return an unmodifiable map
   */
  public Map<SystemProperty, String> systemProperties() {
    return systemProperties;
  }

  /**
   * How long the message may wait in the outbox.
   *
   * @return the time to live, empty if the outbox's default applies
   */
  public Optional<Duration> timeToLive() {
    return Optional.ofNullable(timeToLive);
  }

  /**
   * The class of the message, which decides what may overtake it in the outbox. It is not sent to
   * the hub.
   *
   * @return the class
   */
  public Priority priority() {
    return priority;
  }

  /**
   * What the hub counts against {@link #MAX_BYTES}.
   *
   * @return the size in bytes
   */
  public int size() {
    return size;
  }

  private static int sizeOf(
      byte[] body, Map<String, String> properties, Map<SystemProperty, String> systemProperties) {
    long sum = body.length;
    for (Map.Entry<String, String> property : properties.entrySet()) {
      sum += property.getKey().length() + utf8Length(property.getValue());
    }
    for (String value : systemProperties.values()) {
      sum += utf8Length(value);
    }
    return (int) Math.min(sum, Integer.MAX_VALUE);
  }

  private static int utf8Length(String text) {
    int length = text.length();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return text.getBytes(StandardCharsets.UTF_8).length;
      }
    }
    return length;
  }

  /** Sizes and counts only: a message's content is the application's business. */
  @Override
  public String toString() {
    return "TelemetryMessage[" + size + " bytes, " + properties.size() + " properties]";
  }

  /** Builds a {@link TelemetryMessage}. Not safe for several threads. */
  public static final class Builder {
    private byte[] body = new byte[0];
    private final Map<String, String> properties = new LinkedHashMap<>();
    private final Map<SystemProperty, String> systemProperties = new LinkedHashMap<>();
    private @Nullable Duration timeToLive;
    private Priority priority = Priority.NORMAL;
    private boolean gzip;

    /** Whether the content encoding is that of a text, and not the caller's choice. */
    private boolean encodingImplied;

    private Builder() {}

    /**
     * Sets the body.
     *
     * @param bytes handed over, not copied
     * @return this
     */
    public Builder body(byte[] bytes) {
      body = Objects.requireNonNull(bytes, "bytes");
      return this;
    }

    /**
     * Sets a JSON body in UTF-8, with content type and encoding.
     *
     * @param json the text
     * @return this
     */
    public Builder json(String json) {
      return utf8(json, "application/json");
    }

    /**
     * Sets a text body in UTF-8, with content type and encoding.
     *
     * @param text the text
     * @return this
     */
    public Builder text(String text) {
      return utf8(text, "text/plain");
    }

    private Builder utf8(String text, String type) {
      body(text.getBytes(StandardCharsets.UTF_8)).contentType(type).contentEncoding("utf-8");
      encodingImplied = true;
      return this;
    }

    /**
     * Compresses the body when the message is built, with the content encoding {@code gzip}. A body
     * that does not become smaller stays as it is, with its own encoding, so receivers have to look
     * at the encoding. The limit of {@link TelemetryMessage#MAX_BYTES} applies to the compressed
     * body.
     *
     * <p>The hub cannot look into a compressed body: routing queries on the body need the content
     * encoding UTF-8, UTF-16 or UTF-32, and find nothing in it. Route such messages by their
     * properties. Source: IoT Hub developer guide, "IoT Hub message routing query syntax".
     *
     * @return this
     */
    public Builder gzip() {
      gzip = true;
      return this;
    }

    private byte[] compressed(Map<SystemProperty, String> system) {
      String encoding = system.get(SystemProperty.CONTENT_ENCODING);
      if (encoding != null && !encodingImplied && !encoding.equals(Gzip.ENCODING)) {
        throw new IllegalArgumentException(
            "gzip() sets the content encoding to gzip, and it was set to \""
                + encoding
                + "\" by contentEncoding(…). Use one of the two.");
      }
      byte[] smaller = Gzip.compress(body);
      if (smaller.length >= body.length) {
        if (Gzip.ENCODING.equals(encoding)) {
          system.remove(SystemProperty.CONTENT_ENCODING);
        }
        return body;
      }
      system.put(SystemProperty.CONTENT_ENCODING, Gzip.ENCODING);
      return smaller;
    }

    /**
     * Sets an application property.
     *
     * @param name letters, digits and {@code ! # $ % & ' * + - . ^ _ ` | ~}
     * @param value any text
     * @return this
     * @throws IllegalArgumentException if the hub would refuse the name; the message quotes it
     */
    public Builder property(String name, String value) {
      Objects.requireNonNull(value, "value");
      if (!NAME.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "The property name \""
                + name
                + "\" would be refused by the hub. Use ASCII letters, digits and ! # $ % & ' * + - . ^ _ ` | ~");
      }
      if (name.startsWith("$") || name.startsWith("iothub-")) {
        throw new IllegalArgumentException(
            "The property name \""
                + name
                + "\" is reserved for system properties, which have setters of their own (messageId, contentType, …).");
      }
      properties.put(name, value);
      return this;
    }

    /**
     * Sets the message id.
     *
     * @param id at most 128 letters, digits and {@code - : . + % _ # * ? ! ( ) , = @ ; $ '}
     * @return this
     */
    public Builder messageId(String id) {
      return id(SystemProperty.MESSAGE_ID, id);
    }

    /**
     * Sets the correlation id.
     *
     * @param id as for {@link #messageId}
     * @return this
     */
    public Builder correlationId(String id) {
      return id(SystemProperty.CORRELATION_ID, id);
    }

    /**
     * Sets the user id.
     *
     * @param id any text
     * @return this
     */
    public Builder userId(String id) {
      return system(SystemProperty.USER_ID, id);
    }

    /**
     * Sets the content type.
     *
     * @param type such as {@code application/json}
     * @return this
     */
    public Builder contentType(String type) {
      return system(SystemProperty.CONTENT_TYPE, type);
    }

    /**
     * Sets the content encoding.
     *
     * @param encoding such as {@code utf-8}
     * @return this
     */
    public Builder contentEncoding(String encoding) {
      encodingImplied = false;
      return system(SystemProperty.CONTENT_ENCODING, encoding);
    }

    /**
     * Sets when the message was made, on the device's clock.
     *
     * @param time the time
     * @return this
     */
    public Builder creationTime(Instant time) {
      return system(SystemProperty.CREATION_TIME, time.toString());
    }

    /**
     * Sets the module output that the message is sent to.
     *
     * @param name the output's name
     * @return this
     */
    public Builder outputName(String name) {
      return system(SystemProperty.OUTPUT_NAME, name);
    }

    /**
     * Sets the Plug and Play component that sends the message.
     *
     * @param name the component's name
     * @return this
     */
    public Builder component(String name) {
      return system(SystemProperty.COMPONENT, name);
    }

    /**
     * Sets how long the message may wait in the outbox before it fails unsent.
     *
     * @param limit a positive duration
     * @return this
     */
    public Builder timeToLive(Duration limit) {
      if (limit.isZero() || limit.isNegative()) {
        throw new IllegalArgumentException("A time to live is positive, not " + limit + ".");
      }
      timeToLive = limit;
      return this;
    }

    /**
     * Sets the class of the message: it overtakes queued messages of a lower class.
     *
     * @param value {@link Priority#NORMAL} by default
     * @return this
     */
    public Builder priority(Priority value) {
      priority = Objects.requireNonNull(value, "value");
      return this;
    }

    private Builder id(SystemProperty property, String id) {
      if (!ID.matcher(id).matches()) {
        throw new IllegalArgumentException(
            property
                + " \""
                + id
                + "\" would be refused by the hub: 1 to 128 ASCII letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '");
      }
      return system(property, id);
    }

    private Builder system(SystemProperty property, String value) {
      systemProperties.put(property, Objects.requireNonNull(value, "value"));
      return this;
    }

    /**
     * Builds the message.
     *
     * @return the message
     * @throws IllegalArgumentException if it is over {@link #MAX_BYTES}, or if {@link #gzip()} and
     *     another content encoding were set
     */
    public TelemetryMessage build() {
      return new TelemetryMessage(this);
    }
  }
}
