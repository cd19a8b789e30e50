package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.method.MethodCall;
import dev.fairlead.localhub.method.MethodReceiver;
import dev.fairlead.localhub.registry.DeviceSession;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.twin.Twin.DesiredChange;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.qpid.protonj2.engine.Link;
import org.apache.qpid.protonj2.engine.Receiver;
import org.apache.qpid.protonj2.engine.Sender;
import org.apache.qpid.protonj2.types.UnsignedLong;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.apache.qpid.protonj2.types.transport.LinkError;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One identity on one connection, while it has links there.
 *
 * <p>Everything runs on the connection's thread except the methods of {@link DeviceSession} and
 * {@link MethodReceiver}, which post to that thread.
 */
final class AmqpDevice implements DeviceSession, MethodReceiver {

  private static final Logger LOG = LoggerFactory.getLogger(AmqpDevice.class);
  private static final UnsignedLong MAX_MESSAGE = UnsignedLong.valueOf(TelemetryLink.MAX_DELIVERY);

  private final HubAmqpConnection connection;
  private final LinkTable linkTable;
  private final HubDevice device;
  private final Map<AmqpPart, Link<?>> links = new EnumMap<>(AmqpPart.class);
  private final FaultCommands commands;
  private final TwinLinks twin;
  private final MethodLinks methods;
  private Access.Granted granted;
  private HubTime.@Nullable Scheduled tokenTimer;
  private @Nullable CloudLink cloud;
  private boolean gone;

  AmqpDevice(HubAmqpConnection connection, LinkTable linkTable, Access.Granted granted) {
    this.connection = connection;
    this.linkTable = linkTable;
    this.device = granted.device();
    this.granted = granted;
    this.commands = new FaultCommands(connection, this);
    this.twin = new TwinLinks(connection, device, this);
    this.methods = new MethodLinks(connection, device, this);
  }

  /**
   * Becomes the connection of its identity; false if the credentials are no longer valid. Calls of
   * other threads from now on run later.
   */
  boolean claim() {
    boolean claimed = device.attach(this, granted.generation());
    if (claimed) {
      watchToken();
    }
    return claimed;
  }

  IdentityId id() {
    return device.id();
  }

  LinkTable linkTable() {
    return linkTable;
  }

  boolean has(AmqpPart part) {
    return links.containsKey(part);
  }

  // --- links

  /**
   * Adds a link of this identity; an older one of the same kind is detached.
   *
   * @param starved whether a fault denies the client credit
   */
  void attach(AmqpPart part, Link<?> link, LinkTable.Terms terms, boolean starved) {
    Link<?> older = links.put(part, link);
    if (older != null) {
      older
          .setCondition(
              connection
                  .conditions()
                  .of(LinkError.STOLEN, 409002, "The identity attached the link again."))
          .close();
    }
    switch (part) {
      case TELEMETRY ->
          new TelemetryLink(connection, this, granted, terms, commands)
              .open(receiver(link), starved);
      case CLOUD_MESSAGES -> {
        CloudLink fresh = new CloudLink(connection, device, (Sender) link);
        cloud = fresh;
        link.setMaxMessageSize(MAX_MESSAGE);
        fresh.open(linkTable, () -> ended(part, link));
      }
      case TWIN_REQUESTS, TWIN_ANSWERS -> twin.attach(part, link, terms, starved);
      case METHOD_CALLS, METHOD_ANSWERS -> methods.attach(part, link, terms, starved);
      // Only an edge hub's routes send messages to inputs; here the link is accepted, but nothing
      // is sent.
      default -> linkTable.accept(link, () -> ended(part, link));
    }
  }

  private static Receiver receiver(Link<?> link) {
    return (Receiver) link;
  }

  /** Called when a link of this identity has ended. */
  void ended(AmqpPart part, Link<?> link) {
    if (links.get(part) == link) {
      links.remove(part);
      if (part == AmqpPart.CLOUD_MESSAGES) {
        cloud = null;
      } else if (part == AmqpPart.METHOD_CALLS) {
        device.methods().detach(this);
      }
      leaveIfIdle();
    }
  }

  /** An identity without links is not connected. */
  void leaveIfIdle() {
    if (links.isEmpty()) {
      leave();
    }
  }

  /** Called when the identity has left this connection. */
  void leave() {
    if (gone) {
      return;
    }
    gone = true;
    if (tokenTimer != null) {
      tokenTimer.cancel();
    }
    if (cloud != null) {
      cloud.release();
    }
    device.methods().detach(this);
    device.detach(this);
    linkTable.left(device.id());
    LOG.info("{}: AMQP connection ended.", device.id());
  }

  /** Detaches a link of this identity, if there is one. */
  void detach(AmqpPart part, ErrorCondition condition) {
    Link<?> link = links.get(part);
    if (link != null) {
      link.setCondition(condition).close();
    }
  }

  /** Ends the session of this identity's links. */
  void endSession(ErrorCondition condition) {
    links.values().stream()
        .findFirst()
        .ifPresent(link -> link.getSession().setCondition(condition).close());
  }

  private void detachAll(ErrorCondition condition) {
    List.copyOf(links.keySet()).forEach(part -> detach(part, condition));
  }

  // --- the token

  /** A new token was put before the old one expired. */
  void renewed(Access.Granted fresh) {
    granted = fresh;
    watchToken();
  }

  private void watchToken() {
    if (tokenTimer != null) {
      tokenTimer.cancel();
      tokenTimer = null;
    }
    granted
        .expiry()
        .ifPresent(
            end -> {
              HubTime time = connection.hub().time();
              Duration grace = connection.hub().options().undocumented().expiryGrace();
              Duration left = Duration.between(time.now(), end.plus(grace));
              tokenTimer = time.schedule(left, () -> connection.onLoop(() -> tokenEnds(end)));
            });
  }

  private void tokenEnds(Instant end) {
    if (gone || !granted.expiry().filter(end::equals).isPresent()) {
      return; // A newer token was put since.
    }
    ErrorCondition condition =
        connection.conditions().of(401003, "The token of '" + id() + "' has expired.");
    if (connection.identities().isByToken(id())) {
      detachAll(condition);
    } else {
      connection.fail(condition); // SASL PLAIN: the connection carries only this identity.
    }
  }

  // --- calls of other threads

  @Override
  public void cut(CutReason reason) {
    connection.onLoop(
        () -> {
          if (!gone) {
            LOG.info("{}: its links are detached: {}.", id(), reason);
            detachAll(conditionOf(reason));
            leave();
          }
        });
  }

  private ErrorCondition conditionOf(CutReason reason) {
    Conditions conditions = connection.conditions();
    return switch (reason) {
      case TAKEN_OVER -> conditions.of(LinkError.STOLEN, 409002, "The identity connected again.");
      case DISABLED -> conditions.of(404001, "The identity is disabled.");
      case DELETED -> conditions.of(404001, "The identity was deleted.");
      case NEW_KEYS, TOKEN_EXPIRED -> conditions.of(401003, "The token is no longer valid.");
      case DROPPED, OFFLINE ->
          conditions.of(LinkError.DETACH_FORCED, 503005, "Server Busy. Please retry operation.");
    };
  }

  @Override
  public void cloudMessagesWaiting() {
    connection.onLoop(
        () -> {
          if (cloud != null) {
            cloud.sendWaiting();
          }
        });
  }

  @Override
  public void desiredChanged(DesiredChange change) {
    connection.onLoop(() -> twin.tell(change));
  }

  @Override
  public void deliver(MethodCall call) {
    connection.onLoop(() -> methods.call(call));
  }

  @Override
  public void inject(FaultMessage command) {
    commands.run(command); // This only schedules it.
  }
}
