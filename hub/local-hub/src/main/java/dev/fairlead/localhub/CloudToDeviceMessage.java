package dev.fairlead.localhub;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A C2D message to send. Immutable: each {@code with} method returns a changed copy. */
public final class CloudToDeviceMessage {

  /** Which feedback the sender requests; the value of {@code iothub-ack}. */
  public enum Ack {
    /** No feedback. */
    NONE,
    /** Feedback when the device completes the message. */
    POSITIVE,
    /** Feedback when the message is dead-lettered. */
    NEGATIVE,
    /** Feedback in both cases. */
    FULL
  }

  private byte[] body;
  private @Nullable String messageId;
  private @Nullable String correlationId;
  private @Nullable String userId;
  private @Nullable String contentType;
  private @Nullable String contentEncoding;
  private @Nullable Duration timeToLive;
  private @Nullable Ack ack;
  private Map<String, String> properties = Map.of();

  private CloudToDeviceMessage(byte[] body) {
    this.body = body;
  }

  private CloudToDeviceMessage copy() {
    CloudToDeviceMessage copy = new CloudToDeviceMessage(body);
    copy.messageId = messageId;
    copy.correlationId = correlationId;
    copy.userId = userId;
    copy.contentType = contentType;
    copy.contentEncoding = contentEncoding;
    copy.timeToLive = timeToLive;
    copy.ack = ack;
    copy.properties = properties;
    return copy;
  }

  /** A message with a UTF-8 body and nothing else. */
  public static CloudToDeviceMessage of(String body) {
    return new CloudToDeviceMessage(body.getBytes(StandardCharsets.UTF_8));
  }

  /** A message with the given bytes and nothing else. */
  public static CloudToDeviceMessage of(byte[] body) {
    return new CloudToDeviceMessage(body.clone());
  }

  /** With a message id; without one the hub makes a GUID. */
  public CloudToDeviceMessage withMessageId(String id) {
    CloudToDeviceMessage copy = copy();
    copy.messageId = id;
    return copy;
  }

  /** With a correlation id. */
  public CloudToDeviceMessage withCorrelationId(String id) {
    CloudToDeviceMessage copy = copy();
    copy.correlationId = id;
    return copy;
  }

  /** With a user id. */
  public CloudToDeviceMessage withUserId(String id) {
    CloudToDeviceMessage copy = copy();
    copy.userId = id;
    return copy;
  }

  /** With a content type, such as {@code application/json}. */
  public CloudToDeviceMessage withContentType(String type) {
    CloudToDeviceMessage copy = copy();
    copy.contentType = type;
    return copy;
  }

  /** With a content encoding, such as {@code utf-8}. */
  public CloudToDeviceMessage withContentEncoding(String encoding) {
    CloudToDeviceMessage copy = copy();
    copy.contentEncoding = encoding;
    return copy;
  }

  /**
   * With its own time to live; the expiry time is then sent with the message. Without one the hub's
   * default applies.
   *
   * @param time longer than zero
   */
  public CloudToDeviceMessage withTimeToLive(Duration time) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException(
          "The time to live "
              + time
              + " would expire the C2D message before it is sent. Use one above zero.");
    }
    CloudToDeviceMessage copy = copy();
    copy.timeToLive = time;
    return copy;
  }

  /** With a request for feedback; without one no {@code iothub-ack} is sent. */
  public CloudToDeviceMessage withAck(Ack wish) {
    CloudToDeviceMessage copy = copy();
    copy.ack = wish;
    return copy;
  }

  /** With one more application property, after the existing ones. */
  public CloudToDeviceMessage withProperty(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(properties);
    more.put(name, value);
    CloudToDeviceMessage copy = copy();
    copy.properties = Collections.unmodifiableMap(more);
    return copy;
  }

  /** A copy of the body. */
  public byte[] body() {
    return body.clone();
  }

  /** The message id, if given. */
  public Optional<String> messageId() {
    return Optional.ofNullable(messageId);
  }

  /** The correlation id, if given. */
  public Optional<String> correlationId() {
    return Optional.ofNullable(correlationId);
  }

  /** The user id, if given. */
  public Optional<String> userId() {
    return Optional.ofNullable(userId);
  }

  /** The content type, if given. */
  public Optional<String> contentType() {
    return Optional.ofNullable(contentType);
  }

  /** The content encoding, if given. */
  public Optional<String> contentEncoding() {
    return Optional.ofNullable(contentEncoding);
  }

  /** The time to live, if given. */
  public Optional<Duration> timeToLive() {
    return Optional.ofNullable(timeToLive);
  }

  /** The request for feedback, if given. */
  public Optional<Ack> ack() {
    return Optional.ofNullable(ack);
  }

  /** The application properties, in the order they were given. */
  public Map<String, String> properties() {
    return properties;
  }

  /**
   * The size the hub counts, in bytes: body, values of system properties, names and values of
   * application properties.
   */
  public int size() {
    int size = body.length;
    for (String text :
        new @Nullable String[] {messageId, correlationId, userId, contentType, contentEncoding}) {
      size += text == null ? 0 : utf8Length(text);
    }
    for (Map.Entry<String, String> property : properties.entrySet()) {
      size += utf8Length(property.getKey()) + utf8Length(property.getValue());
    }
    return size;
  }

  private static int utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  @Override
  public String toString() {
    return "CloudToDeviceMessage["
        + body.length
        + " bytes, id "
        + messageId
        + ", "
        + properties.size()
        + " properties]";
  }
}
