package dev.fairlead.amqp;

import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;

/**
 * What one or two links are for, and how they are asked for. IoT Hub: "Communicate with your IoT
 * hub by using the AMQP protocol".
 *
 * @param name as in a link's name and in messages
 * @param address where the links lead
 * @param sends whether there is a link to the hub
 * @param receives whether there is a link from the hub
 * @param senderMode whether what is sent, by either side, waits for a disposition
 * @param receiverMode whether a settlement is confirmed
 * @param credit how many messages the hub may send before more are asked for
 */
record LinkPurpose(
    String name,
    String address,
    boolean sends,
    boolean receives,
    SenderSettleMode senderMode,
    ReceiverSettleMode receiverMode,
    int credit) {

  /** The hub keeps at most 50 messages for a device, so more credit would mean nothing. */
  private static final int CLOUD_MESSAGES_CREDIT = 50;

  private static final int REQUESTS_CREDIT = 100;

  static LinkPurpose tokens() {
    return new LinkPurpose(
        "token",
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
        addresses.cloudMessages(),
        false,
        true,
        SenderSettleMode.UNSETTLED,
        ReceiverSettleMode.SECOND,
        CLOUD_MESSAGES_CREDIT);
  }

  /** Settled as sent: the answer says more than a disposition would. */
  static LinkPurpose twin(Addresses addresses) {
    return answered("twin", addresses.twin());
  }

  static LinkPurpose methods(Addresses addresses) {
    return answered("methods", addresses.methods());
  }

  private static LinkPurpose answered(String name, String address) {
    return new LinkPurpose(
        name,
        address,
        true,
        true,
        SenderSettleMode.SETTLED,
        ReceiverSettleMode.FIRST,
        REQUESTS_CREDIT);
  }

  /** Whether the two links belong together, which the hub is told by a common id. */
  boolean paired() {
    return senderMode == SenderSettleMode.SETTLED;
  }
}
