package dev.fairlead.amqp;

import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Sender;

/**
 * What one or two links are for, and how they are asked for. IoT Hub: "Communicate with your IoT
 * hub by using the AMQP protocol".
 *
 * @param name as in a link's name
 * @param words as in a message, such as "telemetry link"
 * @param address where the links lead
 * @param sends whether there is a link to the hub
 * @param receives whether there is a link from the hub
 * @param senderMode whether what is sent, by either side, waits for a disposition
 * @param receiverMode whether a settlement is confirmed
 * @param credit how many messages the hub may send at first; 0 where the user of the links decides
 */
record LinkPurpose(
    String name,
    String words,
    String address,
    boolean sends,
    boolean receives,
    SenderSettleMode senderMode,
    ReceiverSettleMode receiverMode,
    int credit) {

  private static final int REQUESTS_CREDIT = 100;

  static LinkPurpose tokens() {
    return new LinkPurpose(
        "token",
        "$cbs links",
        "$cbs",
        true,
        true,
        SenderSettleMode.UNSETTLED,
        ReceiverSettleMode.FIRST,
        REQUESTS_CREDIT);
  }

  static LinkPurpose telemetry(Addresses addresses) {
    return new LinkPurpose(
        "telemetry",
        "telemetry link",
        addresses.telemetry(),
        true,
        false,
        SenderSettleMode.UNSETTLED,
        ReceiverSettleMode.FIRST,
        0);
  }

  /** Settled in two steps, so that a lock that was lost in the meantime shows. */
  static LinkPurpose cloudMessages(Addresses addresses) {
    return new LinkPurpose(
        "cloud-message",
        "link for C2D messages",
        addresses.cloudMessages(),
        false,
        true,
        SenderSettleMode.UNSETTLED,
        ReceiverSettleMode.SECOND,
        0);
  }

  /** Settled as sent: the answer says more than a disposition would. */
  static LinkPurpose twin(Addresses addresses) {
    return answered("twin", "twin links", addresses.twin());
  }

  static LinkPurpose methods(Addresses addresses) {
    return answered("methods", "links for direct methods", addresses.methods());
  }

  private static LinkPurpose answered(String name, String words, String address) {
    return new LinkPurpose(
        name,
        words,
        address,
        true,
        true,
        SenderSettleMode.SETTLED,
        ReceiverSettleMode.FIRST,
        REQUESTS_CREDIT);
  }

  /** Whether the two links belong together and carry a common id. */
  boolean paired() {
    return senderMode == SenderSettleMode.SETTLED;
  }

  /** Sets what a link's ATTACH says. */
  void shape(Link link) {
    Source source = new Source();
    Target target = new Target();
    boolean out = link instanceof Sender;
    // The terminus on this side has a name of our own choice.
    source.setAddress(out ? link.getName() : address);
    target.setAddress(out ? address : link.getName());
    link.setSource(source);
    link.setTarget(target);
    link.setSenderSettleMode(senderMode);
    link.setReceiverSettleMode(receiverMode);
    link.setMaxMessageSize(Engine.maxMessageSize());
  }
}
