package dev.fairlead.amqp;

import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Sender;

/**
 * The purpose of one or two links, and how they are attached. IoT Hub: "Communicate with your IoT
 * hub by using the AMQP protocol".
 *
 * @param name as in a link's name
 * @param words as in a message, such as "telemetry link"
 * @param address the address of the links
 * @param sends whether there is a link to the hub
 * @param receives whether there is a link from the hub
 * @param senderMode whether messages of either side are sent unsettled, to be settled by a
 *     disposition
 * @param receiverMode whether a settlement is confirmed
 * @param credit how many messages the hub may send at first; 0 if the user of the links decides
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

  /** Settled in two steps, so that a lost lock is detected. */
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

  /** Settled as sent: the answer is more specific than a disposition. */
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

  /** Whether the two links are a pair and carry a common id. */
  boolean paired() {
    return senderMode == SenderSettleMode.SETTLED;
  }

  /** Sets the content of a link's ATTACH. */
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
