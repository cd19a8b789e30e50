package dev.fairlead;

import dev.fairlead.spi.Settlement;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * One cloud-to-device (C2D) message, which the hub keeps locked until it is settled: completed,
 * abandoned or rejected. A message that is not settled within the hub's lock time (60 s) is
 * delivered again.
 *
 * <p>Settle it once, from any thread; a second settlement fails. Source: IoT Hub developer guide,
 * "Send cloud-to-device messages".
 */
public final class CloudMessage {
  private final byte[] body;
  private final Map<String, String> properties;
  private final Map<SystemProperty, String> systemProperties;
  private final Settlement settlement;

  /**
   * Made by a transport.
   *
   * @param body the bytes; handed over, not copied
   * @param properties application properties; one without a value has the empty text
   * @param systemProperties those that the protocol carried
   * @param settlement settles this message
   */
  public CloudMessage(
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement) {
    this.body = body;
    this.properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    this.systemProperties = Collections.unmodifiableMap(new LinkedHashMap<>(systemProperties));
    this.settlement = settlement;
  }

  /**
   * The body.
   *
   * @return the array itself, not a copy
   */
  public byte[] body() {
    return body;
  }

  /**
   * The body read as UTF-8; what is not UTF-8 becomes U+FFFD.
   *
   * @return the text
   */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /**
   * The application properties in order of arrival; one without a value has the empty text.
   *
   * @return an unmodifiable map
   */
  public Map<String, String> properties() {
    return properties;
  }

  /**
   * The system properties that the protocol carried.
   *
   * @return an unmodifiable map
   */
  public Map<SystemProperty, String> systemProperties() {
    return systemProperties;
  }

  /**
   * The message id.
   *
   * @return the id, empty if the sender set none
   */
  public Optional<String> messageId() {
    return Optional.ofNullable(systemProperties.get(SystemProperty.MESSAGE_ID));
  }

  /**
   * Tells the hub that the message is processed; the hub deletes it.
   *
   * @return completes when the outcome is on its way; fails with {@link HubException} if the
   *     session that delivered the message has ended (the hub will deliver it again)
   */
  public CompletionStage<Void> complete() {
    return settlement.complete();
  }

  /**
   * Returns the message to the queue for another delivery.
   *
   * @return as {@link #complete()}; fails with {@link UnsupportedException} where the route lacks
   *     {@link Capability#ABANDON} (MQTT does), and the message stays unsettled
   */
  public CompletionStage<Void> abandon() {
    return settlement.abandon();
  }

  /**
   * Refuses the message for good; the hub dead-letters it.
   *
   * @return as {@link #complete()}; fails with {@link UnsupportedException} where the route lacks
   *     {@link Capability#REJECT} (MQTT does), and the message stays unsettled
   */
  public CompletionStage<Void> reject() {
    return settlement.reject();
  }

  /** Sizes and counts only: a message's content is the application's business. */
  @Override
  public String toString() {
    return "CloudMessage[" + body.length + " bytes, " + properties.size() + " properties]";
  }
}
