package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.method.DirectMethods;
import dev.fairlead.localhub.method.MethodCall;
import dev.fairlead.localhub.registry.HubDevice;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.apache.qpid.protonj2.engine.IncomingDelivery;
import org.apache.qpid.protonj2.engine.Link;
import org.apache.qpid.protonj2.types.messaging.ApplicationProperties;
import org.apache.qpid.protonj2.types.messaging.Data;
import org.apache.qpid.protonj2.types.messaging.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Direct methods of one identity on its pair of links: calls have a UUID as correlation id, which
 * the answer repeats. Used on the connection's thread only.
 */
final class MethodLinks {

  private static final Logger LOG = LoggerFactory.getLogger(MethodLinks.class);

  private static final int CREDIT = 100;
  private static final int ROOM_FOR_PROPERTIES = 64 * 1024;
  // The hub spells it like this.
  private static final String METHOD_NAME = "IoThub-methodname";
  private static final String STATUS = "IoThub-status";

  private final HubAmqpConnection connection;
  private final HubDevice device;
  private final AmqpDevice owner;
  private final LinkPair pair;
  private final Map<UUID, MethodCall> calls = new HashMap<>();

  MethodLinks(HubAmqpConnection connection, HubDevice device, AmqpDevice owner) {
    this.connection = connection;
    this.device = device;
    this.owner = owner;
    this.pair =
        new LinkPair(
            connection,
            owner,
            AmqpPart.METHOD_ANSWERS,
            AmqpPart.METHOD_CALLS,
            new LinkPair.Bounds(CREDIT, DirectMethods.MAX_PAYLOAD + ROOM_FOR_PROPERTIES),
            this::take);
  }

  /**
   * Answers the attach of one of the two links; once the link for calls is attached, the device is
   * online.
   */
  void attach(AmqpPart part, Link<?> link, LinkTable.Terms terms, boolean starved) {
    pair.attach(part, link, terms, starved);
    if (part == AmqpPart.METHOD_CALLS) {
      device.methods().attach(owner);
    }
  }

  /** Sends a call to the client. */
  void call(MethodCall call) {
    if (!call.isPending()) {
      return;
    }
    UUID id = UUID.randomUUID();
    Properties properties = new Properties();
    properties.setCorrelationId(id);
    calls.put(id, call);
    call.whenOver(() -> connection.onLoop(() -> calls.remove(id)));
    boolean sent =
        pair.send(
            connection
                .codec()
                .write(
                    properties,
                    new ApplicationProperties(Map.of(METHOD_NAME, call.name())),
                    new Data(call.payload().getBytes(StandardCharsets.UTF_8))));
    if (!sent) {
      calls.remove(id); // The call times out.
    }
  }

  /** Handles the client's answer; an answer to an unknown or finished call is dropped. */
  private void take(IncomingDelivery delivery, byte[] bytes) {
    PendingDispositions.accept(delivery);
    try {
      Message answer = connection.codec().read(bytes);
      Object id = answer.properties().getCorrelationId();
      if (id instanceof UUID
          && answer.application().get(STATUS) instanceof Number status
          && answer.body().length <= DirectMethods.MAX_PAYLOAD) {
        MethodCall call = calls.remove(id);
        if (call != null) {
          call.answer(status.intValue(), answer.text());
        }
      } else {
        LOG.info(
            "{}: an answer to a method call without UUID or status, or over the limit, is dropped.",
            owner.id());
      }
    } catch (MalformedException e) {
      LOG.info("{}: an answer to a method call cannot be read: {}", owner.id(), e.getMessage());
    }
  }
}
