package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.UndocumentedAmqpBehavior.ModifiedOutcome;
import dev.fairlead.localhub.cloud.CloudQueue;
import dev.fairlead.localhub.cloud.LockedMessage;
import dev.fairlead.localhub.cloud.QueuedMessage;
import dev.fairlead.localhub.registry.HubDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.engine.OutgoingDelivery;
import org.apache.qpid.protonj2.engine.Sender;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.UnsignedByte;
import org.apache.qpid.protonj2.types.UnsignedLong;
import org.apache.qpid.protonj2.types.messaging.Accepted;
import org.apache.qpid.protonj2.types.messaging.ApplicationProperties;
import org.apache.qpid.protonj2.types.messaging.Data;
import org.apache.qpid.protonj2.types.messaging.MessageAnnotations;
import org.apache.qpid.protonj2.types.messaging.Modified;
import org.apache.qpid.protonj2.types.messaging.Properties;
import org.apache.qpid.protonj2.types.messaging.Rejected;
import org.apache.qpid.protonj2.types.messaging.Released;
import org.apache.qpid.protonj2.types.transport.DeliveryState;
import org.apache.qpid.protonj2.types.transport.ReceiverSettleMode;
import org.apache.qpid.protonj2.types.transport.SenderSettleMode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends C2D messages from the queue on one link, as far as it has credit, and carries out the
 * client's dispositions. Used on the connection's thread only.
 */
final class CloudLink {

  private static final Logger LOG = LoggerFactory.getLogger(CloudLink.class);

  private static final Symbol ENQUEUED = Symbol.valueOf("iothub-enqueuedtime");
  private static final Symbol DELIVERY_COUNT = Symbol.valueOf("iothub-deliverycount");
  private static final Symbol LOCK_TOKEN = Symbol.valueOf("x-opt-lock-token");
  private static final Symbol SEQUENCE = Symbol.valueOf("x-opt-sequence-number");

  private final HubAmqpConnection connection;
  private final HubDevice device;
  private final Sender link;
  private final Outgoing out;

  CloudLink(HubAmqpConnection connection, HubDevice device, Sender link) {
    this.connection = connection;
    this.device = device;
    this.link = link;
    this.out = new Outgoing(link, 0);
  }

  /** Answers the attach; from now on messages are sent. */
  void open(LinkTable linkTable, Runnable onEnd) {
    link.setSenderSettleMode(SenderSettleMode.UNSETTLED);
    boolean second = link.getRemoteReceiverSettleMode() == ReceiverSettleMode.SECOND;
    link.setReceiverSettleMode(second ? ReceiverSettleMode.SECOND : ReceiverSettleMode.FIRST);
    link.deliveryStateUpdatedHandler(delivery -> connection.guard(() -> decided(delivery)));
    link.creditStateUpdateHandler(changed -> connection.guard(this::sendWaiting));
    linkTable.accept(
        link,
        () -> {
          release();
          onEnd.run();
        });
    sendWaiting();
  }

  /** Unlocks the messages that are locked for this link. */
  void release() {
    device.cloudQueue().release(this);
  }

  /** Sends queued messages, as far as the client has granted credit. */
  void sendWaiting() {
    while (out.isReady()) {
      Optional<LockedMessage> next = device.cloudQueue().lockNext(this);
      if (next.isEmpty()) {
        break;
      }
      send(next.get());
    }
    if (link.isLocallyOpen() && link.isDraining()) {
      link.drained();
    }
  }

  private void send(LockedMessage locked) {
    UUID token = UUID.fromString(locked.lockToken());
    out.send(
        encode(locked.queued(), token),
        tagOf(token),
        delivery -> delivery.setLinkedResource(locked.lockToken()));
  }

  /** The lock token as .NET writes a GUID: its first three groups are little-endian. */
  static byte[] tagOf(UUID token) {
    long high = token.getMostSignificantBits();
    return ByteBuffer.allocate(16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt((int) (high >>> 32))
        .putShort((short) (high >>> 16))
        .putShort((short) high)
        .order(ByteOrder.BIG_ENDIAN)
        .putLong(token.getLeastSignificantBits())
        .array();
  }

  private ProtonBuffer encode(QueuedMessage queued, UUID token) {
    CloudToDeviceMessage message = queued.message();
    Map<Symbol, Object> annotations = new LinkedHashMap<>();
    annotations.put(ENQUEUED, Date.from(queued.enqueuedAt()));
    annotations.put(DELIVERY_COUNT, UnsignedByte.valueOf((byte) queued.deliveryCount()));
    annotations.put(LOCK_TOKEN, token);
    annotations.put(SEQUENCE, UnsignedLong.valueOf(queued.sequence()));
    Properties properties = new Properties();
    properties.setMessageId(queued.messageId());
    properties.setTo(device.resourcePath() + "/messages/devicebound");
    message.correlationId().ifPresent(properties::setCorrelationId);
    message.userId().ifPresent(user -> properties.setUserId(user.getBytes(StandardCharsets.UTF_8)));
    message.contentType().ifPresent(properties::setContentType);
    message.contentEncoding().ifPresent(properties::setContentEncoding);
    if (message.timeToLive().isPresent()) {
      properties.setAbsoluteExpiryTime(queued.expiry().toEpochMilli());
    }
    Map<String, Object> application = new LinkedHashMap<>();
    message
        .ack()
        .ifPresent(ack -> application.put("iothub-ack", ack.name().toLowerCase(Locale.ROOT)));
    application.putAll(message.properties());
    return connection
        .codec()
        .write(
            new MessageAnnotations(annotations),
            properties,
            new ApplicationProperties(application),
            new Data(message.body()));
  }

  /**
   * The client has settled a message (AMQP 1.0, part 3, section 3.4; page "Cloud-to-device
   * messages").
   */
  private void decided(OutgoingDelivery delivery) {
    String token = delivery.getLinkedResource();
    DeliveryState outcome = delivery.getRemoteState();
    if (token == null || (!isOutcome(outcome) && !delivery.isRemotelySettled())) {
      return;
    }
    delivery.setLinkedResource(null);
    boolean inTime = carryOut(token, outcome);
    if (!inTime) {
      LOG.info("{}: the client settled a message after its lock was lost.", device.id());
    }
    if (delivery.isRemotelySettled()) {
      delivery.settle();
    } else {
      delivery.disposition(
          inTime
              ? outcome
              : new Rejected(
                  connection.conditions().of(412002, "The lock on the message was lost.")),
          true);
    }
    sendWaiting();
  }

  private static boolean isOutcome(@Nullable DeliveryState state) {
    return state instanceof Accepted
        || state instanceof Released
        || state instanceof Rejected
        || state instanceof Modified;
  }

  private boolean carryOut(String token, @Nullable DeliveryState outcome) {
    CloudQueue queue = device.cloudQueue();
    if (outcome instanceof Accepted) {
      return queue.complete(token);
    }
    if (outcome instanceof Rejected || (outcome instanceof Modified modified && buries(modified))) {
      return queue.reject(token);
    }
    return queue.abandon(token); // Released, modified, or settled without an outcome.
  }

  private boolean buries(Modified modified) {
    return modified.isUndeliverableHere()
        && connection.hub().options().undocumented().amqp().modified() == ModifiedOutcome.BY_FLAGS;
  }
}
