package dev.fairlead.localhub;

import java.time.Duration;

/**
 * Points on which the hub's documentation is silent or contradicts itself. A client must work with
 * either behaviour; test it with both.
 *
 * @param unknownTopic the reaction to a PUBLISH to an undocumented topic. Users report that the hub
 *     closes the connection immediately; in 2016 it still accepted such messages. Default {@link
 *     Reaction#CLOSE}
 * @param unknownFilter the reaction to a SUBSCRIBE to an undocumented topic filter. Default {@link
 *     Reaction#CLOSE}
 * @param sixthSubscription the reaction to a sixth topic filter; only the limit of five is
 *     documented. Default {@link Reaction#CLOSE}
 * @param acknowledgementOutOfOrder the reaction to a PUBACK that overtakes an earlier message; the
 *     documentation only forbids it (as MQTT-4.6.0-2 does). Default {@link Reaction#CLOSE}
 * @param clockTolerance how long after its expiry a SAS token still opens a connection. The hub
 *     tolerates a clock that is wrong by five minutes. Default zero, so that tests see the exact
 *     expiry
 * @param expiryGrace how long a connection (AMQP: the links of the token's identity) remains after
 *     its token has expired; about ten minutes at the hub. Default zero
 * @param everyReturnCounts whether the delivery count of a C2D message also rises when its lock
 *     times out or the connection ends, as older documentation says, or only with an explicit
 *     abandon. Default true
 * @param cleanSessionPurges whether CleanSession = 1 empties the C2D queue of the device, as one
 *     SDK's documentation says and others contradict. Default false
 * @param deviceKeyOpensModules whether a token of the device, signed with the device's key, opens
 *     its modules too. Default false
 * @param twinAtSubscribedQos whether twin answers and notifications are sent at the subscribed QoS;
 *     a published trace shows QoS 0 always. Default false, which is QoS 0
 * @param caCertificatesOnPort443 whether a CA-signed certificate is accepted over WebSockets and
 *     HTTPS too. Documents once limited that to hubs in preview mode, as some of Microsoft's
 *     clients still do; those of 2025 do not. Default false
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

  /** The hub's reaction to an undocumented packet. */
  public enum Reaction {
    /** The hub closes the connection. */
    CLOSE,
    /**
     * The hub refuses where MQTT has an answer for that: SUBACK with 0x80. Elsewhere as {@link
     * #IGNORE}.
     */
    REFUSE,
    /**
     * The hub answers as if the packet were valid, and does nothing; an acknowledgement out of
     * order is accepted.
     */
    IGNORE
  }

  /** The defaults named above: strict, and without grace. */
  public static UndocumentedBehavior defaults() {
    return builder().build();
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder with these values. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** As the hub is believed to behave: five minutes of clock tolerance, ten minutes of grace. */
  public static UndocumentedBehavior likeTheCloud() {
    return builder()
        .clockTolerance(Duration.ofMinutes(5))
        .expiryGrace(Duration.ofMinutes(10))
        .build();
  }

  /** Builds {@link UndocumentedBehavior}. Not safe for several threads. */
  public static final class Builder {
    private Reaction unknownTopic = Reaction.CLOSE;
    private Reaction unknownFilter = Reaction.CLOSE;
    private Reaction sixthSubscription = Reaction.CLOSE;
    private Reaction acknowledgementOutOfOrder = Reaction.CLOSE;
    private Duration clockTolerance = Duration.ZERO;
    private Duration expiryGrace = Duration.ZERO;
    private boolean everyReturnCounts = true;
    private boolean cleanSessionPurges;
    private boolean deviceKeyOpensModules;
    private boolean twinAtSubscribedQos;
    private boolean caCertificatesOnPort443;
    private UndocumentedAmqpBehavior amqp = UndocumentedAmqpBehavior.defaults();
    private UndocumentedHttpsBehavior https = UndocumentedHttpsBehavior.defaults();

    private Builder() {}

    private Builder(UndocumentedBehavior from) {
      unknownTopic = from.unknownTopic;
      unknownFilter = from.unknownFilter;
      sixthSubscription = from.sixthSubscription;
      acknowledgementOutOfOrder = from.acknowledgementOutOfOrder;
      clockTolerance = from.clockTolerance;
      expiryGrace = from.expiryGrace;
      everyReturnCounts = from.everyReturnCounts;
      cleanSessionPurges = from.cleanSessionPurges;
      deviceKeyOpensModules = from.deviceKeyOpensModules;
      twinAtSubscribedQos = from.twinAtSubscribedQos;
      caCertificatesOnPort443 = from.caCertificatesOnPort443;
      amqp = from.amqp;
      https = from.https;
    }

    /** Sets {@link UndocumentedBehavior#unknownTopic}. */
    public Builder unknownTopic(Reaction value) {
      unknownTopic = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#unknownFilter}. */
    public Builder unknownFilter(Reaction value) {
      unknownFilter = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#sixthSubscription}. */
    public Builder sixthSubscription(Reaction value) {
      sixthSubscription = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#acknowledgementOutOfOrder}. */
    public Builder acknowledgementOutOfOrder(Reaction value) {
      acknowledgementOutOfOrder = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#clockTolerance}. */
    public Builder clockTolerance(Duration value) {
      clockTolerance = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#expiryGrace}. */
    public Builder expiryGrace(Duration value) {
      expiryGrace = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#everyReturnCounts}. */
    public Builder everyReturnCounts(boolean value) {
      everyReturnCounts = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#cleanSessionPurges}. */
    public Builder cleanSessionPurges(boolean value) {
      cleanSessionPurges = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#deviceKeyOpensModules}. */
    public Builder deviceKeyOpensModules(boolean value) {
      deviceKeyOpensModules = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#twinAtSubscribedQos}. */
    public Builder twinAtSubscribedQos(boolean value) {
      twinAtSubscribedQos = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#caCertificatesOnPort443}. */
    public Builder caCertificatesOnPort443(boolean value) {
      caCertificatesOnPort443 = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#amqp}. */
    public Builder amqp(UndocumentedAmqpBehavior value) {
      amqp = value;
      return this;
    }

    /** Sets {@link UndocumentedBehavior#https}. */
    public Builder https(UndocumentedHttpsBehavior value) {
      https = value;
      return this;
    }

    /** The values. */
    public UndocumentedBehavior build() {
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
          https);
    }
  }
}
