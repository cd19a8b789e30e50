package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.telemetry.MessageProperties;
import dev.fairlead.localhub.telemetry.TelemetryOrigin;
import java.util.ArrayList;
import java.util.List;
import org.apache.qpid.protonj2.engine.IncomingDelivery;
import org.apache.qpid.protonj2.engine.Receiver;
import org.apache.qpid.protonj2.types.UnsignedLong;
import org.apache.qpid.protonj2.types.messaging.AmqpSequence;
import org.apache.qpid.protonj2.types.messaging.Rejected;
import org.apache.qpid.protonj2.types.messaging.Released;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.apache.qpid.protonj2.types.transport.ReceiverSettleMode;

/**
 * Telemetry of one identity: stored in the log, and accepted once the log is flushed, after each
 * batch of input. Used on the connection's thread only.
 */
final class TelemetryLink {

  /** The largest delivery, as the hub announces it; a larger one ends the link. */
  static final int MAX_DELIVERY = 1024 * 1024;

  private static final int CREDIT = 1000;
  private static final int MAX_MESSAGE = 256 * 1024;

  /** The message format of a batch (page "Send batched messages"). */
  private static final int BATCH = 0x80013700;

  private final HubAmqpConnection connection;
  private final HubCore hub;
  private final AmqpDevice device;
  private final TelemetryOrigin origin;
  private final FaultCommands commands;

  TelemetryLink(
      HubAmqpConnection connection,
      AmqpDevice device,
      Access.Granted granted,
      LinkTable.Terms terms,
      FaultCommands commands) {
    this.connection = connection;
    this.hub = connection.hub();
    this.device = device;
    this.origin =
        TelemetryOrigin.of(
            device.id(), granted.device().generationId(), granted.method(), terms.modelId());
    this.commands = commands;
  }

  /** One message, ready to be stored. */
  private static final class Entry {
    private final byte[] body;
    private final MessageProperties properties;

    Entry(Message message) {
      this.body = message.body();
      this.properties = TelemetryMapping.of(message);
    }
  }

  /** Answers the attach; from now on messages arrive. */
  void open(Receiver link, boolean starved) {
    Incoming incoming = new Incoming(connection, link, CREDIT, MAX_DELIVERY, this::take);
    link.setSenderSettleMode(link.getRemoteSenderSettleMode());
    link.setReceiverSettleMode(ReceiverSettleMode.FIRST);
    link.setMaxMessageSize(UnsignedLong.valueOf(MAX_DELIVERY));
    device
        .linkTable()
        .accept(
            link,
            () -> {
              incoming.forgetPartial();
              device.ended(AmqpPart.TELEMETRY, link);
            });
    if (starved) {
      incoming.starve();
    }
    incoming.open();
  }

  private void take(IncomingDelivery delivery, byte[] bytes) {
    if (connection.faulty().isStalled()) {
      return; // It arrived together with the message at which a fault silenced the connection.
    }
    List<Entry> entries = new ArrayList<>(1);
    Message message;
    try {
      message = connection.codec().read(bytes);
      if (delivery.getMessageFormat() == BATCH) {
        for (byte[] inner : message.data()) {
          add(entries, connection.codec().read(inner));
        }
      } else {
        add(entries, message);
      }
    } catch (MalformedException e) {
      reject(delivery, new ErrorCondition(e.condition(), e.getMessage()));
      return;
    }
    for (Entry entry : entries) {
      int size = entry.body.length + entry.properties.size();
      if (size > MAX_MESSAGE) {
        reject(
            delivery,
            connection
                .conditions()
                .of(413001, "The message has " + size + " bytes. Send at most 256 KB."));
        return;
      }
    }
    if (hub.faults().isIdle()) {
      store(entries);
      connection.dispositions().whenStored(delivery);
    } else if (!storeAmongFaults(delivery, entries)) {
      return;
    }
    // Those of a batch are on its envelope.
    MessageProperties outer =
        delivery.getMessageFormat() == BATCH
            ? TelemetryMapping.of(message)
            : entries.get(0).properties;
    if (hub.options().faultMessages() && !outer.application().isEmpty()) {
      FaultMessage.of(outer.application()).ifPresent(commands::run);
    }
  }

  private static void add(List<Entry> entries, Message message) throws MalformedException {
    if (message.value() instanceof AmqpSequence<?>) {
      throw new MalformedException(
          Conditions.ARGUMENT_ERROR, "The body is an AMQP sequence. Send data sections.");
    }
    entries.add(new Entry(message));
  }

  private void store(List<Entry> entries) {
    for (Entry entry : entries) {
      hub.telemetry().append(origin, entry.body, entry.properties);
    }
  }

  private void reject(IncomingDelivery delivery, ErrorCondition condition) {
    delivery.disposition(new Rejected(condition), true);
  }

  /**
   * While faults are armed, each delivery is settled separately, so that a fault strikes the
   * delivery it is meant for.
   *
   * @return whether it was stored and the connection is usable
   */
  private boolean storeAmongFaults(IncomingDelivery delivery, List<Entry> entries) {
    String deviceId = device.id().device();
    Effect effect =
        hub.faults()
            .strike(
                Moment.BEFORE_STORE, deviceId, entries.stream().map(entry -> entry.body).toList());
    if (effect instanceof Effect.Reject reject) {
      reject(delivery, connection.conditions().of(reject.code(), "A fault was injected."));
      return false;
    }
    if (effect instanceof Effect.Release) {
      delivery.disposition(Released.getInstance(), true);
      return false;
    }
    if (effect instanceof Effect.Withhold) {
      return false;
    }
    if (effect != null && done(effect)) {
      return false;
    }
    store(entries);
    Effect beforeAck = hub.faults().strike(Moment.BEFORE_ACK, deviceId);
    if (beforeAck instanceof Effect.Withhold) {
      return true;
    }
    if (beforeAck instanceof Effect.AcknowledgeLate late) {
      hub.time().schedule(late.by(), () -> connection.onLoop(() -> acceptNow(delivery)));
      return true;
    }
    if (beforeAck instanceof Effect.AcknowledgeOutOfOrder) {
      connection.dispositions().afterNext(delivery);
      return true;
    }
    if (beforeAck != null && done(beforeAck)) {
      return false;
    }
    if (!acceptNow(delivery)) {
      return false;
    }
    Effect afterAck = hub.faults().strike(Moment.AFTER_ACK, deviceId);
    return afterAck == null || !done(afterAck);
  }

  private boolean acceptNow(IncomingDelivery delivery) {
    connection.dispositions().whenStored(delivery);
    return connection.settleNow();
  }

  /** Applies effects that are not about a single message; answers whether the link is unusable. */
  private boolean done(Effect effect) {
    if (effect instanceof Effect.Detach detach) {
      commands.end(detach.part());
      return true;
    }
    return connection.apply(effect);
  }
}
