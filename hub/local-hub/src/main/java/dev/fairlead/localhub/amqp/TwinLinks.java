package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.text.Syntax;
import dev.fairlead.localhub.twin.Twin;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.engine.IncomingDelivery;
import org.apache.qpid.protonj2.engine.Link;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.messaging.Data;
import org.apache.qpid.protonj2.types.messaging.MessageAnnotations;
import org.apache.qpid.protonj2.types.messaging.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The twin of one identity on its pair of links. Used on the connection's thread only.
 *
 * <p>Requests name the operation in annotations; answers have the request's correlation id, with
 * its type; desired properties have none.
 */
final class TwinLinks {

  private static final Logger LOG = LoggerFactory.getLogger(TwinLinks.class);

  private static final int MAX_REQUEST = 256 * 1024;
  private static final int CREDIT = 100;
  private static final Symbol OPERATION = Symbol.valueOf("operation");
  private static final Symbol RESOURCE = Symbol.valueOf("resource");
  private static final Symbol VERSION = Symbol.valueOf("version");
  private static final Symbol STATUS = Symbol.valueOf("status");
  private static final String REPORTED = "/properties/reported";
  private static final String DESIRED = "/properties/desired";
  private static final String NOTIFICATIONS = "/notifications/twin" + DESIRED;

  private final HubAmqpConnection connection;
  private final Twin twin;
  private final LinkPair pair;
  private boolean subscribed;
  // The version of the desired properties when the client subscribed: it has to read earlier
  // changes.
  private long subscribedVersion;

  TwinLinks(HubAmqpConnection connection, HubDevice device, AmqpDevice owner) {
    this.connection = connection;
    this.twin = device.properties();
    this.pair =
        new LinkPair(
            connection,
            owner,
            AmqpPart.TWIN_REQUESTS,
            AmqpPart.TWIN_ANSWERS,
            new LinkPair.Bounds(CREDIT, MAX_REQUEST),
            this::take);
  }

  /** Answers the attach of one of the two links. */
  void attach(AmqpPart part, Link<?> link, LinkTable.Terms terms, boolean starved) {
    if (part == AmqpPart.TWIN_ANSWERS || !pair.isSame(terms)) {
      subscribed = false; // A subscription ends with its link.
    }
    pair.attach(part, link, terms, starved);
  }

  private void take(IncomingDelivery delivery, byte[] bytes) {
    PendingDispositions.accept(delivery); // Nothing to do if it was sent settled.
    Message request;
    try {
      request = connection.codec().read(bytes);
    } catch (MalformedException e) {
      LOG.info("A twin request cannot be read: {}", e.getMessage());
      return;
    }
    Object correlation = request.properties().getCorrelationId();
    if (correlation == null) {
      LOG.info("A twin request has no correlation id; it is not answered.");
      return;
    }
    try {
      if (!connection.isWritable()) {
        // Answers are larger than requests. A client that sends requests and does not read the
        // answers must not fill the hub's memory.
        throw new LocalHubException(
            429001,
            "The client has sent more twin requests than it has read answers. Read"
                + " the answers first.");
      }
      carryOut(request, correlation);
    } catch (LocalHubException e) {
      String body = connection.conditions().document(e);
      answer(correlation, e.code() / 1000, OptionalLong.empty(), body);
    }
  }

  private void carryOut(Message request, Object correlation) {
    String operation = String.valueOf(request.annotation(OPERATION));
    String resource = request.annotation(RESOURCE);
    if (operation.equals("GET")) {
      answer(correlation, 200, OptionalLong.empty(), twin.forDevice());
    } else if (operation.equals("PATCH") && REPORTED.equals(resource)) {
      long version = twin.updateReported(request.text(), baseVersion(request));
      int status = connection.hub().options().undocumented().amqp().reportStatus();
      answer(correlation, status, OptionalLong.of(version), "");
    } else if (operation.equals("PUT") && NOTIFICATIONS.equals(resource)) {
      if (!subscribed) {
        subscribed = true;
        subscribedVersion = twin.desiredVersion();
      }
      answer(correlation, 200, OptionalLong.empty(), "");
    } else if (operation.equals("DELETE") && NOTIFICATIONS.equals(resource)) {
      subscribed = false;
      answer(correlation, 200, OptionalLong.empty(), "");
    } else {
      throw new LocalHubException(
          400004, "There is no twin operation '" + operation + "' on '" + resource + "'.");
    }
  }

  private static OptionalLong baseVersion(Message request) {
    String base = request.annotation(VERSION);
    if (base == null) {
      return OptionalLong.empty();
    }
    if (!Syntax.isNumber(base, 18)) {
      throw new LocalHubException(400004, "The base version '" + base + "' is not a number.");
    }
    return OptionalLong.of(Long.parseLong(base));
  }

  private void answer(Object correlation, int status, OptionalLong version, String body) {
    Map<Symbol, Object> annotations = new LinkedHashMap<>();
    annotations.put(STATUS, status);
    version.ifPresent(number -> annotations.put(VERSION, number));
    Properties properties = new Properties();
    properties.setCorrelationId(correlation);
    pair.send(encode(annotations, properties, body));
  }

  /** Called when desired properties have changed. */
  void tell(Twin.DesiredChange change) {
    if (subscribed && change.version() > subscribedVersion) {
      Map<Symbol, Object> annotations = new LinkedHashMap<>();
      annotations.put(RESOURCE, DESIRED);
      annotations.put(VERSION, change.version());
      pair.send(encode(annotations, null, change.json()));
    }
  }

  private ProtonBuffer encode(
      Map<Symbol, Object> annotations, @Nullable Properties properties, String body) {
    Data data = new Data(body.getBytes(StandardCharsets.UTF_8));
    MessageAnnotations section = new MessageAnnotations(annotations);
    return properties == null
        ? connection.codec().write(section, data)
        : connection.codec().write(section, properties, data);
  }
}
