package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.SystemProperty;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.Settlement;
import dev.fairlead.transport.PendingRequests;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.Receiver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cloud-to-device messages: each is handed over with a settlement that holds its delivery. The hub
 * gets credit only for messages that will reach the handler soon, because their locks start at
 * delivery. It owes the confirmation of each settlement. Confined to the loop. IoT Hub: "Send
 * cloud-to-device messages": accepted completes, released abandons, rejected dead-letters.
 */
final class CloudMessages implements Links.User {
  private static final Logger log = LoggerFactory.getLogger(CloudMessages.class);

  /** As many messages as a normal handler processes within a lock time. */
  private static final int MOST_CREDIT = 10;

  /** The hub queues no more for one device; the application may hold all of them unsettled. */
  private static final int MOST_UNSETTLED = 50;

  /** The service's names of the annotations that it sets. */
  private static final Map<String, SystemProperty> ANNOTATIONS =
      Map.of(
          "iothub-enqueuedtime", SystemProperty.ENQUEUED_TIME,
          "iothub-deliverycount", SystemProperty.DELIVERY_COUNT,
          "x-opt-sequence-number", SystemProperty.SEQUENCE_NUMBER,
          "dt-subject", SystemProperty.COMPONENT);

  private static final Map<Integer, SystemProperty> PROPERTIES =
      Map.of(
          Incoming.MESSAGE_ID, SystemProperty.MESSAGE_ID,
          Incoming.USER_ID, SystemProperty.USER_ID,
          Incoming.TO, SystemProperty.TO,
          Incoming.CORRELATION_ID, SystemProperty.CORRELATION_ID,
          Incoming.CONTENT_TYPE, SystemProperty.CONTENT_TYPE,
          Incoming.CONTENT_ENCODING, SystemProperty.CONTENT_ENCODING,
          Incoming.ABSOLUTE_EXPIRY_TIME, SystemProperty.EXPIRY,
          Incoming.CREATION_TIME, SystemProperty.CREATION_TIME);

  private static final String ACK = "iothub-ack";

  /** IoT Hub: "Understand cloud-to-device messaging", the lock time unless the hub sets another. */
  private static final Duration LOCK = Duration.ofSeconds(60);

  private final Inbox inbox;
  private final Engine engine;
  private final AmqpFailures failures;
  private final Duration limit;
  private final PendingRequests<Held, Confirmation> confirmations;

  private @Nullable Links links;
  private int unsettled;
  private boolean over;

  CloudMessages(AmqpConnection connection, SessionContext context, AmqpFailures failures) {
    this.inbox = context.inbox();
    this.engine = connection.engine();
    this.failures = failures;
    limit = connection.options().answerTimeout();
    confirmations =
        new PendingRequests<>(
            connection.debts(), "settlement of a C2D message", MOST_UNSETTLED * 2, limit);
  }

  /** The links to receive from. */
  void use(Links own) {
    links = own;
  }

  /** Begins to follow the inbox. On the loop. */
  void begin() {
    inbox.whenCloudMessageRoom(
        () -> {
          replenish();
          engine.flushSoon();
        });
  }

  @Override
  public void requested() {
    replenish();
  }

  /** Grants credit for the messages that reach the handler soon, but not one by one. */
  private void replenish() {
    Receiver receiver = links == null ? null : links.receiver();
    if (receiver == null) {
      return;
    }
    int room = Math.min(MOST_CREDIT, inbox.cloudMessageRoom());
    int wanted = Math.min(room, MOST_UNSETTLED - unsettled);
    int granted = receiver.getCredit();
    if (wanted > granted && granted <= wanted / 2) {
      receiver.flow(wanted - granted);
    }
  }

  @Override
  public void arrived(Delivery delivery, byte[] message) {
    Incoming incoming = MessageReader.read(message).orElse(null);
    if (incoming == null) {
      // Another delivery would not help.
      log.warn("Rejected a cloud-to-device message that is not an AMQP message");
      delivery.disposition(new Rejected());
      delivery.settle();
      replenish();
      return;
    }
    Map<String, String> application = new LinkedHashMap<>();
    Map<SystemProperty, String> system = new EnumMap<>(SystemProperty.class);
    PROPERTIES.forEach((place, name) -> put(system, name, incoming.property(place)));
    ANNOTATIONS.forEach((key, name) -> put(system, name, incoming.annotations().get(key)));
    incoming
        .applicationProperties()
        .forEach(
            (name, value) -> {
              if (name.equals(ACK)) {
                put(system, SystemProperty.ACK, value);
              } else {
                application.put(name, Incoming.text(value));
              }
            });
    inbox.cloudMessage(incoming.body(), application, system, settlement(delivery));
    replenish();
  }

  private Settlement settlement(Delivery delivery) {
    if (delivery.remotelySettled()) {
      delivery.settle();
      return new CameSettled();
    }
    Held held = new Held(delivery);
    delivery.setContext(held);
    unsettled++;
    return held;
  }

  private static void put(
      Map<SystemProperty, String> system, SystemProperty name, @Nullable Object value) {
    if (value != null) {
      system.put(name, Incoming.text(value));
    }
  }

  /** The hub has confirmed a settlement, or refused it, or taken the message back. */
  @Override
  public void updated(Delivery delivery) {
    if (delivery.getContext() instanceof Held held && delivery.remotelySettled()) {
      held.settled();
      DeliveryState state = delivery.getRemoteState();
      if (!confirmations.answer(held, new Confirmation(state))) {
        held.lost = failures.takenBack();
      }
    }
  }

  @Override
  public void abandoned(Delivery delivery) {
    if (delivery.getContext() instanceof Held held) {
      delivery.setContext(null);
      unsettled--;
      HubException why = failures.linkLost(Progress.MAYBE_SENT);
      held.lost = why;
      confirmations.fail(held, why);
    }
  }

  /** The session has ended. */
  void end() {
    over = true;
    confirmations.end(failures.over(Progress.MAYBE_SENT));
  }

  /** The hub's answer to a settlement: the state of the message, if it gave one. */
  private record Confirmation(@Nullable DeliveryState state) {}

  /** A message that the application has to settle. */
  private final class Held implements Settlement {
    private final Delivery delivery;
    private @Nullable HubException lost;

    Held(Delivery delivery) {
      this.delivery = delivery;
    }

    @Override
    public Optional<Duration> lockTime() {
      return Optional.of(LOCK);
    }

    /** Without an outcome: the hub has already returned the message to its queue. */
    @Override
    public void expired() {
      if (lost == null) {
        lost = failures.takenBack();
        settled();
        engine.flushSoon();
      }
    }

    @Override
    public CompletionStage<Void> complete() {
      return settle(Accepted.getInstance());
    }

    @Override
    public CompletionStage<Void> abandon() {
      return settle(Released.getInstance());
    }

    @Override
    public CompletionStage<Void> reject() {
      return settle(new Rejected());
    }

    private CompletionStage<Void> settle(DeliveryState outcome) {
      if (lost != null) {
        return CompletableFuture.failedFuture(lost);
      }
      CompletableFuture<Confirmation> confirmed = confirmations.register(this);
      delivery.disposition(outcome);
      if (delivery.getLink().getRemoteReceiverSettleMode() == ReceiverSettleMode.SECOND) {
        confirmations.sent(this, 0);
      } else {
        // The hub sends no confirmation, so it is unknown whether it accepted the settlement.
        settled();
        confirmations.answer(this, new Confirmation(null));
      }
      engine.flushSoon();
      return confirmed.handle(this::result).thenCompose(stage -> stage);
    }

    private CompletionStage<Void> result(
        @Nullable Confirmation confirmed, @Nullable Throwable failure) {
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      if (cause != null && !over && delivery.getContext() == this) {
        // Overdue. Settled here nevertheless, because otherwise the message would keep its place
        // for ever.
        settled();
        engine.flushSoon();
        return CompletableFuture.failedFuture(failures.settlementUnconfirmed(limit));
      }
      if (cause != null) {
        return CompletableFuture.failedFuture(cause);
      }
      DeliveryState state = confirmed == null ? null : confirmed.state();
      return state instanceof Rejected refused && refused.getError() != null
          ? CompletableFuture.failedFuture(failures.settlement(AmqpError.of(refused.getError())))
          : CompletableFuture.completedFuture(null);
    }

    /** Frees its place. */
    private void settled() {
      delivery.setContext(null);
      delivery.settle();
      unsettled--;
      replenish();
    }
  }

  /** A message that needs no settlement. */
  private final class CameSettled implements Settlement {
    @Override
    public CompletionStage<Void> complete() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> abandon() {
      return CompletableFuture.failedFuture(failures.cameSettled());
    }

    @Override
    public CompletionStage<Void> reject() {
      return CompletableFuture.failedFuture(failures.cameSettled());
    }
  }
}
