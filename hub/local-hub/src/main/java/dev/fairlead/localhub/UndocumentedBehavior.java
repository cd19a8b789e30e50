package dev.fairlead.localhub;

import java.time.Duration;

/**
 * Points on which the hub's documentation is silent or contradicts itself. A client has to live
 * with either; test it with both.
 *
 * @param unknownTopic what a PUBLISH to an undocumented topic brings. Devices that do so report a
 *     connection that is closed at once; in 2016 the hub still took such messages. Default {@link
 *     Reaction#CLOSE}
 * @param unknownFilter what a SUBSCRIBE to an undocumented topic filter brings. Default {@link
 *     Reaction#CLOSE}
 * @param sixthSubscription what a sixth topic filter brings; only the limit of five is documented.
 *     Default {@link Reaction#CLOSE}
 * @param acknowledgementOutOfOrder what a PUBACK brings that overtakes an earlier message; the
 *     documentation only forbids it (as MQTT-4.6.0-2 does). Default {@link Reaction#CLOSE}
 * @param clockTolerance how long after its end a SAS token still opens a connection. The hub
 *     tolerates a clock that is wrong by five minutes. Default zero, so that tests see the end
 *     exactly
 * @param expiryGrace how long after the end of its token a connection lives on (AMQP: the links
 *     that it is for); about ten minutes at the hub. Default zero
 * @param everyReturnCounts whether a lock that times out and a connection that ends raise a C2D
 *     message's delivery count, as older documentation says, or only an explicit abandon. Default
 *     true
 * @param cleanSessionPurges whether CleanSession = 1 empties the C2D queue of the device, as one
 *     SDK's documentation says and others contradict. Default false
 * @param deviceKeyOpensModules whether a token of the device, signed with the device's key, opens
 *     its modules too. Default false
 * @param twinAtSubscribedQos whether twin answers and notifications go out at the subscribed QoS; a
 *     published trace shows QoS 0 always. Default false, which is QoS 0
 * @param caCertificatesOnPort443 whether a certificate that counts by its CA is taken over
 *     WebSockets and HTTPS too. Documents once limited that to hubs in preview mode, as some of
 *     Microsoft's clients still do; those of 2025 do not. Default false
 * @param amqp the points of AMQP. Default {@link UndocumentedAmqpBehavior#defaults}
 * @param https the points of HTTPS. Default {@link UndocumentedHttpsBehavior#defaults}
 */
public record UndocumentedBehavior(
    Reaction unknownTopic,
    Reaction unknownFilter,
    Reaction sixthSubscription,
    Reaction acknowledgementOutOfOrder,
    Duration clockTolerance,
    Duration expiryGrace,
    boolean everyReturnCounts,
    boolean cleanSessionPurges,
    boolean deviceKeyOpensModules,
    boolean twinAtSubscribedQos,
    boolean caCertificatesOnPort443,
    UndocumentedAmqpBehavior amqp,
    UndocumentedHttpsBehavior https) {

  /** How the hub takes what it does not like. */
  public enum Reaction {
    /** It closes the connection. */
    CLOSE,
    /** It says no where MQTT can: SUBACK with 0x80. Elsewhere as {@link #IGNORE}. */
    REFUSE,
    /**
     * It acts as if all were well, and does nothing; an acknowledgement out of order is accepted.
     */
    IGNORE
  }

  /** The defaults named above: strict, and without grace. */
  public static UndocumentedBehavior defaults() {
    return new UndocumentedBehavior(
        Reaction.CLOSE,
        Reaction.CLOSE,
        Reaction.CLOSE,
        Reaction.CLOSE,
        Duration.ZERO,
        Duration.ZERO,
        true,
        false,
        false,
        false,
        false,
        UndocumentedAmqpBehavior.defaults(),
        UndocumentedHttpsBehavior.defaults());
  }

  /** As the hub is believed to behave: five minutes of clock tolerance, ten minutes of grace. */
  public static UndocumentedBehavior likeTheCloud() {
    return defaults()
        .withClockTolerance(Duration.ofMinutes(5))
        .withExpiryGrace(Duration.ofMinutes(10));
  }

  /** A copy with another {@code unknownTopic}. */
  public UndocumentedBehavior withUnknownTopic(Reaction value) {
    return new UndocumentedBehavior(
        value,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code unknownFilter}. */
  public UndocumentedBehavior withUnknownFilter(Reaction value) {
    return new UndocumentedBehavior(
        unknownTopic,
        value,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code sixthSubscription}. */
  public UndocumentedBehavior withSixthSubscription(Reaction value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        value,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code acknowledgementOutOfOrder}. */
  public UndocumentedBehavior withAcknowledgementOutOfOrder(Reaction value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        value,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code clockTolerance}. */
  public UndocumentedBehavior withClockTolerance(Duration value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        value,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code expiryGrace}. */
  public UndocumentedBehavior withExpiryGrace(Duration value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        value,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code everyReturnCounts}. */
  public UndocumentedBehavior withEveryReturnCounts(boolean value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        value,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code cleanSessionPurges}. */
  public UndocumentedBehavior withCleanSessionPurges(boolean value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        value,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code deviceKeyOpensModules}. */
  public UndocumentedBehavior withDeviceKeyOpensModules(boolean value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        value,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code twinAtSubscribedQos}. */
  public UndocumentedBehavior withTwinAtSubscribedQos(boolean value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        value,
        caCertificatesOnPort443,
        amqp,
        https);
  }

  /** A copy with another {@code caCertificatesOnPort443}. */
  public UndocumentedBehavior withCaCertificatesOnPort443(boolean value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        value,
        amqp,
        https);
  }

  /** A copy with other points of AMQP. */
  public UndocumentedBehavior withAmqp(UndocumentedAmqpBehavior value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        value,
        https);
  }

  /** A copy with other points of HTTPS. */
  public UndocumentedBehavior withHttps(UndocumentedHttpsBehavior value) {
    return new UndocumentedBehavior(
        unknownTopic,
        unknownFilter,
        sixthSubscription,
        acknowledgementOutOfOrder,
        clockTolerance,
        expiryGrace,
        everyReturnCounts,
        cleanSessionPurges,
        deviceKeyOpensModules,
        twinAtSubscribedQos,
        caCertificatesOnPort443,
        amqp,
        value);
  }
}
