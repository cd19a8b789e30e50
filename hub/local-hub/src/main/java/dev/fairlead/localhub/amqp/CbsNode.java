package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.auth.SasToken;
import dev.fairlead.localhub.registry.IdentityId;
import java.util.Map;
import java.util.Optional;
import org.apache.qpid.protonj2.engine.IncomingDelivery;
import org.apache.qpid.protonj2.engine.Link;
import org.apache.qpid.protonj2.engine.Receiver;
import org.apache.qpid.protonj2.engine.Sender;
import org.apache.qpid.protonj2.types.UnsignedLong;
import org.apache.qpid.protonj2.types.messaging.AmqpValue;
import org.apache.qpid.protonj2.types.messaging.ApplicationProperties;
import org.apache.qpid.protonj2.types.messaging.Properties;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.apache.qpid.protonj2.types.transport.ReceiverSettleMode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node {@code $cbs} of one connection: receives tokens and answers each with a message (AMQP
 * claims-based security, working draft 1, as the hub implements it). Used on the connection's
 * thread only.
 */
final class CbsNode {

  private static final Logger LOG = LoggerFactory.getLogger(CbsNode.class);

  private static final int CREDIT = 100;
  private static final int MAX_REQUEST = 64 * 1024;
  private static final String SAS_TOKEN = "servicebus.windows.net:sastoken";

  private final HubAmqpConnection connection;
  private final LinkTable linkTable;
  private @Nullable Receiver requests;
  private @Nullable Sender answers;
  private @Nullable Outgoing out;

  CbsNode(HubAmqpConnection connection, LinkTable linkTable) {
    this.connection = connection;
    this.linkTable = linkTable;
  }

  /** The answer to a request. */
  private record Answer(int status, String description) {}

  /** Attaches one of the two links for a client; a second pair is not allowed. */
  void attach(AmqpPart part, Link<?> link) {
    boolean taken = part == AmqpPart.CBS_REQUESTS ? requests != null : answers != null;
    if (taken) {
      linkTable.refuse(
          link,
          LinkTable.notAllowed("This connection already has a link of this direction with $cbs."));
    } else if (link instanceof Receiver receiver) {
      requests = receiver;
      Incoming incoming = new Incoming(connection, receiver, CREDIT, MAX_REQUEST, this::take);
      receiver.setReceiverSettleMode(ReceiverSettleMode.FIRST);
      receiver.setMaxMessageSize(UnsignedLong.valueOf(MAX_REQUEST));
      linkTable.accept(
          receiver,
          () -> {
            requests = null;
            incoming.forgetPartial();
          });
      incoming.open();
    } else if (link instanceof Sender sender) {
      answers = sender;
      Outgoing outgoing = new Outgoing(sender, CREDIT);
      out = outgoing;
      sender.creditStateUpdateHandler(changed -> connection.guard(outgoing::pump));
      linkTable.accept(
          sender,
          () -> {
            answers = null;
            out = null;
          });
    }
  }

  /** Detaches one of the two links. */
  void detach(AmqpPart part, ErrorCondition condition) {
    Link<?> link = part == AmqpPart.CBS_REQUESTS ? requests : answers;
    if (link != null) {
      link.setCondition(condition).close();
    }
  }

  private void take(IncomingDelivery delivery, byte[] bytes) {
    PendingDispositions.accept(delivery); // The answer to the token is a message.
    if (connection.injectAt(Moment.ON_TOKEN, null)) {
      return;
    }
    Message request;
    try {
      request = connection.codec().read(bytes);
    } catch (MalformedException e) {
      answer(null, new Answer(400, String.valueOf(e.getMessage())));
      return;
    }
    Optional<Answer> answer = decide(request);
    answer.ifPresent(result -> answer(request.properties().getMessageId(), result));
  }

  /** The answer; empty if a fault has ended the connection. */
  private Optional<Answer> decide(Message request) {
    Map<String, Object> fields = request.application();
    if (!"put-token".equals(fields.get("operation")) || !SAS_TOKEN.equals(fields.get("type"))) {
      return Optional.of(
          new Answer(
              400, "Only the operation put-token with the type " + SAS_TOKEN + " is supported."));
    }
    if (!(fields.get("name") instanceof String name)
        || !(request.value() instanceof String token)
        || SasToken.parse(token).isEmpty()) {
      return Optional.of(
          new Answer(
              400,
              "The property 'name' and a SAS token as the body are required, both as strings."));
    }
    int scheme = name.indexOf("://");
    String audience = scheme < 0 ? name : name.substring(scheme + 3);
    int slash = audience.indexOf('/');
    Optional<IdentityId> id =
        slash < 0 ? Optional.empty() : Address.identityIn(audience.substring(slash), this::exists);
    if (id.isEmpty()) {
      return Optional.of(
          new Answer(400, "The name '" + name + "' is not {host}/devices/{device}."));
    }
    return put(audience.substring(0, slash), meant(id.get(), token), token);
  }

  private boolean exists(IdentityId id) {
    return connection.hub().registry().find(id).isPresent();
  }

  /** Some clients name the device but put the token of one of its modules. */
  private IdentityId meant(IdentityId named, String token) {
    if (named.module().isPresent()) {
      return named;
    }
    return SasToken.parse(token)
        .flatMap(parsed -> Address.identityIn(parsed.path(), this::exists))
        .filter(id -> id.module().isPresent() && id.device().equals(named.device()))
        .orElse(named);
  }

  private Optional<Answer> put(String host, IdentityId id, String token) {
    Access access = connection.identities().put(host, id, token);
    if (access instanceof Access.Refused refused) {
      LOG.info("{}: the token is refused: {} ({}).", id, refused.reason(), refused.code());
      int status = refused.code() == ConnectionIdentities.TOO_MANY ? 403 : 401;
      return Optional.of(new Answer(status, refused.reason() + " (" + refused.code() + ")"));
    }
    connection.faulty().identify(id.device());
    Effect effect = connection.hub().faults().strike(Moment.ON_CONNECT, id.device());
    if (effect instanceof Effect.Refuse refuse) {
      connection.identities().revoke(id);
      return Optional.of(
          new Answer(refuse.code() == 3 ? 503 : 401, "A fault was injected: " + refuse.code()));
    }
    if (effect != null && connection.apply(effect)) {
      return Optional.empty();
    }
    linkTable.renewed(id, (Access.Granted) access);
    return Optional.of(new Answer(200, "OK"));
  }

  /**
   * Whether a fault refuses an identity that connects without a token. A fault that ends the
   * connection refuses it, too.
   */
  boolean refusesConnect(String deviceId) {
    Effect effect = connection.hub().faults().strike(Moment.ON_CONNECT, deviceId);
    return effect instanceof Effect.Refuse || (effect != null && connection.apply(effect));
  }

  private void answer(@Nullable Object messageId, Answer answer) {
    Outgoing outgoing = out;
    if (outgoing == null) {
      LOG.info(
          "A token was answered with {}, but the client has no link for the answer.",
          answer.status());
      return;
    }
    Properties properties = new Properties();
    if (messageId != null) {
      properties.setCorrelationId(messageId);
    }
    boolean taken =
        outgoing.offer(
            connection
                .codec()
                .write(
                    properties,
                    new ApplicationProperties(
                        Map.of(
                            "status-code",
                            answer.status(),
                            "status-description",
                            answer.description())),
                    new AmqpValue<>(null)));
    if (!taken) {
      detach(
          AmqpPart.CBS_ANSWERS,
          connection
              .conditions()
              .of(403005, "The client has put more tokens than it has read answers."));
    }
  }
}
