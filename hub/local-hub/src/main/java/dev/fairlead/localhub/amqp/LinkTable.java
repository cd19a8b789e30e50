package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.UndocumentedAmqpBehavior.SecondLink;
import dev.fairlead.localhub.amqp.Address.Node;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.text.Syntax;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.qpid.protonj2.engine.Link;
import org.apache.qpid.protonj2.engine.LinkState;
import org.apache.qpid.protonj2.engine.Receiver;
import org.apache.qpid.protonj2.engine.Sender;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.messaging.Source;
import org.apache.qpid.protonj2.types.messaging.Target;
import org.apache.qpid.protonj2.types.transport.AmqpError;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.apache.qpid.protonj2.types.transport.SessionError;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides on every link that a client attaches: what its address names, which identity owns that,
 * and whether this connection is authenticated for it (page "Communicate with your IoT hub by using
 * the AMQP protocol"). Used on the connection's thread only.
 */
final class LinkTable {

  private static final Logger LOG = LoggerFactory.getLogger(LinkTable.class);

  private static final Symbol API_VERSION = Symbol.valueOf("com.microsoft:api-version");
  private static final Symbol CORRELATION_ID =
      Symbol.valueOf("com.microsoft:channel-correlation-id");
  private static final Symbol MODEL_ID = Symbol.valueOf("com.microsoft:model-id");
  private static final int LINKS_PER_IDENTITY = 8;

  private final HubAmqpConnection connection;
  private final int maxIdentities;
  private final CbsNode cbs;
  private final Map<IdentityId, AmqpDevice> devices = new HashMap<>();
  private int links;

  LinkTable(HubAmqpConnection connection, int maxIdentities) {
    this.connection = connection;
    this.maxIdentities = maxIdentities;
    this.cbs = new CbsNode(connection, this);
  }

  /**
   * The properties of a client's attach.
   *
   * @param correlationId the id that the two links of a pair share; null if absent
   * @param modelId the digital twin model; null for none
   */
  record Terms(@Nullable String correlationId, @Nullable String modelId) {}

  /** A client attaches a sender. */
  void attach(Receiver link) {
    Object target = link.getRemoteTarget();
    attach(link, target instanceof Target node ? node.getAddress() : null);
  }

  /** A client attaches a receiver. */
  void attach(Sender link) {
    Source source = link.getRemoteSource();
    attach(link, source == null ? null : source.getAddress());
  }

  private void attach(Link<?> link, @Nullable String text) {
    if (link.getState() != LinkState.IDLE) {
      // One name on two handles (AMQP 1.0, part 2, section 2.6.1).
      link.getSession()
          .setCondition(
              new ErrorCondition(
                  SessionError.ERRANT_LINK,
                  "The link '" + link.getName() + "' is already attached."))
          .close();
      return;
    }
    if (links >= LINKS_PER_IDENTITY * maxIdentities + 2) {
      refuse(
          link,
          ConnectionIdentities.TOO_MANY,
          "the connection has " + links + " links, which is the limit");
      return;
    }
    Optional<Address> address =
        text == null
            ? Optional.empty()
            : Address.parse(text, id -> connection.hub().registry().find(id).isPresent());
    AmqpPart part = address.map(found -> partOf(found, link.isReceiver())).orElse(null);
    if (part == null) {
      refuse(
          link,
          404006,
          "The link address '" + text + "' did not match any of the expected formats.");
      return;
    }
    IdentityId id = address.map(Address::id).orElse(null);
    if (id == null) {
      cbs.attach(part, link);
    } else {
      attach(link, part, id);
    }
  }

  private static @Nullable AmqpPart partOf(Address address, boolean clientSends) {
    Node node = address.node();
    IdentityId id = address.id();
    return switch (node) {
      case CBS -> clientSends ? AmqpPart.CBS_REQUESTS : AmqpPart.CBS_ANSWERS;
      case EVENTS ->
          clientSends
              ? AmqpPart.TELEMETRY
              : id != null && id.module().isPresent() ? AmqpPart.MODULE_INPUTS : null;
      case CLOUD_MESSAGES -> clientSends ? null : AmqpPart.CLOUD_MESSAGES;
      case METHODS -> clientSends ? AmqpPart.METHOD_ANSWERS : AmqpPart.METHOD_CALLS;
      case TWIN -> clientSends ? AmqpPart.TWIN_REQUESTS : AmqpPart.TWIN_ANSWERS;
    };
  }

  private void attach(Link<?> link, AmqpPart part, IdentityId id) {
    Terms terms = termsOf(link);
    Optional<String> trouble = troubleWith(link, part, terms);
    if (trouble.isPresent()) {
      refuse(link, 400004, trouble.get());
      return;
    }
    AmqpDevice device = devices.get(id);
    if (device == null) {
      device = admit(link, id);
    } else if (device.has(part) && secondLink() == SecondLink.IS_REFUSED) {
      refuse(link, 409002, "The identity '" + id + "' already has this link.");
      return;
    }
    if (device == null) {
      return; // Refused, or a fault has struck.
    }
    boolean starved = false;
    if (!connection.hub().faults().isIdle()) {
      Effect effect = connection.hub().faults().strike(Moment.ON_ATTACH, id.device());
      starved = effect instanceof Effect.NoCredit;
      if (effect instanceof Effect.Reject reject) {
        refuse(link, reject.code(), "A fault was injected.");
        device.leaveIfIdle();
        return;
      }
      if (effect != null && connection.apply(effect)) {
        return;
      }
    }
    device.attach(part, link, terms, starved);
  }

  private SecondLink secondLink() {
    return connection.hub().options().undocumented().amqp().secondLink();
  }

  /** Adds an identity to this connection, at its first link. */
  private @Nullable AmqpDevice admit(Link<?> link, IdentityId id) {
    Access access = connection.identities().forLinkOf(id);
    if (access instanceof Access.Refused refused) {
      refuse(link, refused.code(), "For '" + id + "' " + refused.reason() + ".");
      return null;
    }
    Access.Granted granted = (Access.Granted) access;
    if (devices.size() >= maxIdentities) {
      refuse(
          link,
          ConnectionIdentities.TOO_MANY,
          "The connection already has " + maxIdentities + " identities, which is the limit.");
      return null;
    }
    if (secondLink() == SecondLink.IS_REFUSED && granted.device().isConnected()) {
      refuse(link, 409002, "The identity '" + id + "' is already connected.");
      return null;
    }
    if (!connection.identities().isByToken(id) && cbs.refusesConnect(id.device())) {
      refuse(link, 401003, "A fault was injected.");
      return null;
    }
    AmqpDevice device = new AmqpDevice(connection, this, granted);
    if (!device.claim()) {
      refuse(link, 401003, "The credentials of '" + id + "' have changed. Authenticate again.");
      return null;
    }
    connection.faulty().identify(id.device());
    devices.put(id, device);
    LOG.info("{}: connected over AMQP.", id);
    return device;
  }

  private static Terms termsOf(Link<?> link) {
    return new Terms(property(link, CORRELATION_ID), property(link, MODEL_ID));
  }

  private static @Nullable String property(Link<?> link, Symbol name) {
    Map<Symbol, Object> properties = link.getRemoteProperties();
    Object value = properties == null ? null : properties.get(name);
    return value == null ? null : value.toString();
  }

  /** Properties that the pairs require and telemetry does not. */
  private static Optional<String> troubleWith(Link<?> link, AmqpPart part, Terms terms) {
    String version = property(link, API_VERSION);
    if (version != null && !Syntax.isApiVersion(version)) {
      return Optional.of("The API version '" + version + "' is not a date.");
    }
    boolean paired =
        switch (part) {
          case TWIN_REQUESTS, TWIN_ANSWERS, METHOD_CALLS, METHOD_ANSWERS -> true;
          default -> false;
        };
    if (paired && version == null) {
      return Optional.of("The link needs the property " + API_VERSION + ".");
    }
    String correlation = terms.correlationId();
    if (paired && (correlation == null || correlation.isEmpty())) {
      return Optional.of(
          "The link needs the property "
              + CORRELATION_ID
              + ", equal to that of the other link of the pair.");
    }
    return Optional.empty();
  }

  /**
   * Answers an attach without a terminus, and detaches with the reason (AMQP 1.0, part 2, section
   * 2.6.3).
   */
  void refuse(Link<?> link, int code, String reason) {
    refuse(link, connection.conditions().of(code, reason));
  }

  /** The same, with a condition whose name does not follow from a code. */
  void refuse(Link<?> link, ErrorCondition condition) {
    LOG.info("A link was refused: {}", condition);
    link.closeHandler(closed -> {});
    link.open();
    link.setCondition(condition).close();
  }

  /** Opens a link with the client's own termini, and registers an action for its end. */
  void accept(Link<?> link, Runnable onEnd) {
    if (link instanceof Receiver receiver) {
      receiver.setSource(receiver.getRemoteSource());
      receiver.setTarget((Target) receiver.getRemoteTarget());
      watch(receiver, onEnd);
    } else if (link instanceof Sender sender) {
      sender.setSource(sender.getRemoteSource());
      sender.setTarget((Target) sender.getRemoteTarget());
      watch(sender, onEnd);
    }
    links++;
    link.open();
  }

  private <L extends Link<L>> void watch(L link, Runnable onEnd) {
    Runnable once =
        new Runnable() {
          private boolean done;

          @Override
          public void run() {
            if (!done) {
              done = true;
              links--;
              onEnd.run();
            }
          }
        };
    link.closeHandler(closed -> connection.guard(closed::close));
    link.detachHandler(detached -> connection.guard(detached::detach));
    link.localCloseHandler(closed -> once.run());
    link.localDetachHandler(detached -> once.run());
    link.parentEndpointClosedHandler(orphan -> once.run());
  }

  // --- identities

  /** Called when a new token for an identity was put. */
  void renewed(IdentityId id, Access.Granted granted) {
    AmqpDevice device = devices.get(id);
    if (device != null) {
      device.renewed(granted);
    }
  }

  /** Called when an identity has no more links. */
  void left(IdentityId id) {
    devices.remove(id);
  }

  /** The links on which tokens are put. */
  CbsNode cbs() {
    return cbs;
  }

  /** Called when the connection has ended. */
  void endAll() {
    List.copyOf(devices.values()).forEach(AmqpDevice::leave);
  }

  /** A condition for a link that another one has replaced. */
  static ErrorCondition notAllowed(String reason) {
    return new ErrorCondition(AmqpError.NOT_ALLOWED, reason);
  }
}
