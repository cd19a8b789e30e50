package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.telemetry.MessageProperties;
import dev.fairlead.localhub.telemetry.TelemetryOrigin;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Telemetry of one connection: stored in the log, and acknowledged once the log is flushed, after
 * each batch of input. Used on the connection's thread only.
 */
final class TelemetryIntake {

  private static final Logger LOG = LoggerFactory.getLogger(TelemetryIntake.class);
  private static final int MAX_MESSAGE_SIZE = 256 * 1024;

  private final HubCore hub;
  private final TelemetryOrigin origin;
  private final FaultyConnection faulty;
  private final Outbound out;
  private final EventLoop loop;
  private final TelemetryTopics topics;
  private final Consumer<FaultMessage> faultMessages;

  /**
   * @param faultMessages carries out messages that command a fault
   */
  TelemetryIntake(
      HubCore hub,
      TelemetryOrigin origin,
      FaultyConnection faulty,
      Outbound out,
      EventLoop loop,
      Consumer<FaultMessage> faultMessages) {
    this.hub = hub;
    this.origin = origin;
    this.faulty = faulty;
    this.out = out;
    this.loop = loop;
    this.topics = new TelemetryTopics(origin.id());
    this.faultMessages = faultMessages;
  }

  /** The outcome of a message. */
  enum Outcome {
    /** It is stored. */
    TAKEN,
    /** Its topic is not a telemetry topic of this identity. */
    NOT_TELEMETRY,
    /** It is too large: the connection must be closed. */
    TOO_LARGE,
    /** The log cannot be written: the connection must be closed. */
    NOT_STORED,
    /** A fault has ended or silenced the connection. */
    FAULT
  }

  /**
   * Stores a message.
   *
   * @param packetId 0 for a message without acknowledgement
   */
  Outcome take(String topic, boolean retain, ByteBuf payload, int packetId) {
    Optional<MessageProperties> found = topics.propertiesOf(topic, retain);
    if (found.isEmpty()) {
      return Outcome.NOT_TELEMETRY;
    }
    MessageProperties properties = found.get();
    if (payload.readableBytes() + properties.size() > MAX_MESSAGE_SIZE) {
      return Outcome.TOO_LARGE;
    }
    boolean faultless = hub.faults().isIdle();
    if (!faultless) {
      Effect effect = faulty.strike(Moment.BEFORE_STORE, List.of(ByteBufUtil.getBytes(payload)));
      if (effect instanceof Effect.Withhold) {
        return Outcome.TAKEN; // It is dropped.
      }
      if (effect != null && faulty.apply(effect)) {
        return Outcome.FAULT;
      }
    }
    hub.telemetry().append(origin, ByteBufUtil.getBytes(payload), properties);
    Outcome outcome = Outcome.TAKEN;
    if (!faultless) {
      outcome = acknowledgeAlone(packetId);
    } else if (packetId != 0) {
      out.acknowledge(packetId);
    }
    if (outcome == Outcome.TAKEN
        && hub.options().faultMessages()
        && !properties.application().isEmpty()) {
      FaultMessage.of(properties.application()).ifPresent(faultMessages);
    }
    return outcome;
  }

  /**
   * While faults are armed, each message is acknowledged separately, so that a fault strikes the
   * message it is meant for.
   */
  private Outcome acknowledgeAlone(int packetId) {
    if (!storeAndAcknowledge()) {
      return Outcome.NOT_STORED;
    }
    out.flush();
    Effect effect = faulty.strike(Moment.BEFORE_ACK);
    if (effect instanceof Effect.Withhold) {
      return Outcome.TAKEN;
    }
    if (effect instanceof Effect.AcknowledgeOutOfOrder) {
      if (packetId != 0) {
        out.acknowledgeAfterNext(packetId);
      }
      return Outcome.TAKEN;
    }
    if (effect instanceof Effect.AcknowledgeLate late) {
      out.holdAcknowledgements();
      hub.time().schedule(late.by(), () -> loop.execute(out::releaseAcknowledgements));
    } else if (effect != null && faulty.apply(effect)) {
      return Outcome.FAULT;
    }
    if (packetId != 0) {
      out.acknowledge(packetId);
      out.writeAcknowledgements(true);
      out.flush();
    }
    return faulty.injectAt(Moment.AFTER_ACK) ? Outcome.FAULT : Outcome.TAKEN;
  }

  /**
   * Flushes the log and writes the acknowledgements of its messages; false if it cannot be written.
   */
  boolean storeAndAcknowledge() {
    try {
      hub.telemetry().flush();
      out.writeAcknowledgements(!hub.faults().isIdle());
      return true;
    } catch (IOException e) {
      LOG.error(
          "The telemetry file cannot be written; messages are not acknowledged: {}", e.toString());
      out.dropAcknowledgements();
      return false;
    }
  }

  /** Publishes the will of a client that has disappeared. */
  void takeWill(ConnectTerms.Will will) {
    Optional<MessageProperties> properties = topics.propertiesOf(will.topic(), will.retain());
    if (properties.isEmpty()) {
      LOG.warn(
          "{}: the will is dropped, because its topic '{}' is not the device's telemetry topic.",
          origin.id(),
          will.topic());
      return;
    }
    MessageProperties marked = TelemetryTopics.with(properties.get(), "iothub-MessageType", "Will");
    hub.telemetry().append(origin, will.payload().array(), marked);
    storeAndAcknowledge();
  }
}
