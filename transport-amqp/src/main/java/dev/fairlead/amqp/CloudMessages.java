package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.SystemProperty;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Settlement;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.engine.Delivery;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cloud-to-device messages: each is handed over with a settlement that knows its delivery. The hub
 * sends no more than the credit while the application holds messages unsettled. Confined to the
 * loop, settlements to no thread. IoT Hub: "Send cloud-to-device messages": accepted completes,
 * released abandons, rejected dead-letters.
 */
final class CloudMessages implements Links.User {
  private static final Logger log = LoggerFactory.getLogger(CloudMessages.class);

  /** The service's names of what it sets, as annotations. */
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

  private final Inbox inbox;
  private final Loop loop;
  private final Engine engine;
  private final AmqpFailures failures;

  private @Nullable Links links;
  private final Set<Held> unconfirmed = new HashSet<>();

  // Read by settlements on any thread, to fail at once where the loop may be closed already.
  private volatile boolean over;

  CloudMessages(Inbox inbox, Loop loop, Engine engine, AmqpFailures failures) {
    this.inbox = inbox;
    this.loop = loop;
    this.engine = engine;
    this.failures = failures;
  }

  /** The links to receive by. */
  void use(Links own) {
    links = own;
  }

  @Override
  public void arrived(Delivery delivery, byte[] message) {
    Incoming incoming = MessageReader.read(message).orElse(null);
    if (incoming == null) {
      // Delivered again it would be no better.
      log.warn("Rejected a cloud-to-device message that is no AMQP message");
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
    Held held = new Held(delivery);
    delivery.setContext(held);
    inbox.cloudMessage(incoming.body(), application, system, held);
  }

  private static void put(
      Map<SystemProperty, String> system, SystemProperty name, @Nullable Object value) {
    if (value != null) {
      system.put(name, Incoming.text(value));
    }
  }

  private void replenish() {
    if (links != null) {
      links.replenish();
    }
  }

  /** The hub has confirmed a settlement, or refused it, or taken the message back. */
  @Override
  public void updated(Delivery delivery) {
    if (delivery.getContext() instanceof Held held && delivery.remotelySettled()) {
      delivery.setContext(null);
      delivery.settle();
      replenish();
      held.confirmed(delivery.getRemoteState());
    }
  }

  @Override
  public void abandoned(Delivery delivery) {
    if (delivery.getContext() instanceof Held held) {
      delivery.setContext(null);
      held.gone(failures.linkLost(Progress.MAYBE_SENT));
    }
  }

  /** The session is over. */
  void end() {
    over = true;
    HubException failure = failures.over(Progress.MAYBE_SENT);
    unconfirmed.forEach(held -> held.done.completeExceptionally(failure));
    unconfirmed.clear();
  }

  private final class Held implements Settlement {
    private final Delivery delivery;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private boolean asked; // guarded by done
    private boolean sent;
    private @Nullable HubException lost;

    Held(Delivery delivery) {
      this.delivery = delivery;
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
      synchronized (done) {
        if (asked) {
          return CompletableFuture.failedFuture(
              new RejectedException("The message is settled already.", Progress.NOT_SENT));
        }
        asked = true;
      }
      if (over) {
        return CompletableFuture.failedFuture(failures.over(Progress.NOT_SENT));
      }
      loop.execute(() -> send(outcome));
      return done;
    }

    private void send(DeliveryState outcome) {
      if (over || lost != null) {
        done.completeExceptionally(lost != null ? lost : failures.over(Progress.NOT_SENT));
        return;
      }
      sent = true;
      delivery.disposition(outcome);
      if (delivery.getLink().getRemoteReceiverSettleMode() != ReceiverSettleMode.SECOND) {
        // The hub confirms nothing; what it thinks of it is not to be known.
        delivery.setContext(null);
        delivery.settle();
        replenish();
        done.complete(null);
      } else {
        unconfirmed.add(this);
      }
      engine.flushSoon();
    }

    private void confirmed(@Nullable DeliveryState state) {
      unconfirmed.remove(this);
      if (!sent) {
        lost =
            new RejectedException(
                "The hub has taken the message back; it delivers it again.", Progress.NOT_SENT);
      } else if (state instanceof Rejected refused && refused.getError() != null) {
        done.completeExceptionally(failures.settlement(HubError.of(refused.getError())));
      } else {
        done.complete(null);
      }
    }

    private void gone(HubException why) {
      unconfirmed.remove(this);
      lost = why;
      if (sent) {
        done.completeExceptionally(why);
      }
    }
  }
}
