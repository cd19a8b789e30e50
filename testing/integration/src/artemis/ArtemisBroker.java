import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.api.core.client.ActiveMQClient;
import org.apache.activemq.artemis.api.core.client.ClientConsumer;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientProducer;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.remoting.impl.invm.InVMAcceptorFactory;
import org.apache.activemq.artemis.core.remoting.impl.invm.InVMConnectorFactory;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyAcceptorFactory;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.Queue;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/**
 * An ActiveMQ Artemis broker in memory, and a core client inside it for the back end's side. It
 * reads commands from its standard input, each a line of JSON with a "verb", and answers each with
 * one line that has "done" or "failed". It ends when its input ends.
 */
final class ArtemisBroker {
  private static final Gson GSON = new Gson();
  private static final PrintStream OUT = System.out;
  private static final String ACCEPTOR = "amqp";
  private static final String ROLE = "anything";
  private static final String DEAD_LETTERS = "dead-letters";
  private static final long PATIENCE_MILLIS = 30_000;

  private final EmbeddedActiveMQ broker;
  private final ClientSession backEnd;

  /** Starts it on a free port of the loopback interface, with one user. */
  private ArtemisBroker(JsonObject order) throws Exception {
    String user = order.get("user").getAsString();
    String password = order.get("password").getAsString();
    SecurityConfiguration known = new SecurityConfiguration();
    known.addUser(user, password);
    known.addRole(user, ROLE);

    Map<String, Object> tls = new HashMap<>();
    tls.put(TransportConstants.HOST_PROP_NAME, "127.0.0.1");
    tls.put(TransportConstants.PORT_PROP_NAME, 0);
    tls.put(TransportConstants.PROTOCOLS_PROP_NAME, "AMQP");
    tls.put(TransportConstants.SSL_ENABLED_PROP_NAME, true);
    tls.put(TransportConstants.KEYSTORE_TYPE_PROP_NAME, "PKCS12");
    tls.put(TransportConstants.KEYSTORE_PATH_PROP_NAME, order.get("keyStore").getAsString());
    tls.put(TransportConstants.KEYSTORE_PASSWORD_PROP_NAME, password);

    Configuration configuration =
        new ConfigurationImpl()
            .setPersistenceEnabled(false)
            .setJMXManagementEnabled(false)
            .setSecurityEnabled(true)
            .setLargeMessagesDirectory(order.get("directory").getAsString())
            .addAcceptorConfiguration(
                new TransportConfiguration(NettyAcceptorFactory.class.getName(), tls, ACCEPTOR))
            .addAcceptorConfiguration(
                new TransportConfiguration(InVMAcceptorFactory.class.getName()))
            .addAddressSetting(
                "#",
                new AddressSettings()
                    .setAutoCreateQueues(false)
                    .setAutoCreateAddresses(false)
                    .setDeadLetterAddress(SimpleString.of(DEAD_LETTERS)))
            .putSecurityRoles("#", Set.of(mayDoAnything()));
    broker = new EmbeddedActiveMQ();
    broker.setConfiguration(configuration);
    broker.setSecurityManager(
        new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), known));
    broker.start();
    backEnd =
        ActiveMQClient.createServerLocatorWithoutHA(
                new TransportConfiguration(InVMConnectorFactory.class.getName()))
            .setBlockOnNonDurableSend(true)
            .createSessionFactory()
            .createSession(user, password, false, true, true, false, 0);
    backEnd.start();
    queue(DEAD_LETTERS);
  }

  private static Role mayDoAnything() {
    return new Role(
        ROLE, true, true, true, true, true, true, true, true, true, true, true, true);
  }

  private int port() {
    return broker
        .getActiveMQServer()
        .getRemotingService()
        .getAcceptor(ACCEPTOR)
        .getActualPort();
  }

  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    ArtemisBroker broker = null;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonObject order = GSON.fromJson(line, JsonObject.class);
      String verb = order.get("verb").getAsString();
      JsonObject answer = new JsonObject();
      try {
        if (verb.equals("start")) {
          broker = new ArtemisBroker(order);
          answer.addProperty("result", broker.port());
        } else {
          answer.add("result", broker.obey(verb, order));
        }
        answer.addProperty("done", verb);
      } catch (Exception e) {
        answer.addProperty("failed", verb);
        answer.addProperty("why", e.toString());
      }
      OUT.println(GSON.toJson(answer));
      OUT.flush();
    }
    Runtime.getRuntime().halt(0);
  }

  private JsonElement obey(String verb, JsonObject order) throws Exception {
    switch (verb) {
      case "queue":
        queue(order.get("queue").getAsString());
        return null;
      case "take":
        return take(order.get("queue").getAsString(), order.get("count").getAsInt());
      case "put":
        put(order.get("queue").getAsString(), order.getAsJsonArray("messages"));
        return null;
      case "count":
        return new JsonPrimitive(count(order.get("queue").getAsString()));
      case "cut":
        return new JsonPrimitive(cut());
      default:
        throw new IllegalArgumentException("unknown verb");
    }
  }

  private void queue(String name) throws Exception {
    broker
        .getActiveMQServer()
        .createQueue(
            QueueConfiguration.of(name)
                .setRoutingType(RoutingType.ANYCAST)
                .setDurable(false)
                .setAutoCreateAddress(true));
  }

  /** Consumes up to {@code count} messages; fewer if no more arrive. */
  private JsonArray take(String queue, int count) throws ActiveMQException {
    JsonArray taken = new JsonArray();
    try (ClientConsumer consumer = backEnd.createConsumer(queue)) {
      for (int i = 0; i < count; i++) {
        ClientMessage message = consumer.receive(PATIENCE_MILLIS);
        if (message == null) {
          break;
        }
        taken.add(described(message));
        message.acknowledge();
      }
    }
    backEnd.commit();
    return taken;
  }

  private static JsonObject described(ClientMessage message) {
    JsonObject properties = new JsonObject();
    for (SimpleString name : message.getPropertyNames()) {
      properties.addProperty(name.toString(), String.valueOf(message.getObjectProperty(name)));
    }
    JsonObject described = new JsonObject();
    described.addProperty("body", body(message));
    described.add("properties", properties);
    return described;
  }

  /** The broker decodes a body as text if the message declares text. */
  private static String body(ClientMessage message) {
    if (message.getType() == Message.TEXT_TYPE) {
      return message.getBodyBuffer().readNullableSimpleString().toString();
    }
    byte[] body = new byte[message.getBodySize()];
    message.getBodyBuffer().readBytes(body);
    return new String(body, StandardCharsets.UTF_8);
  }

  private void put(String queue, JsonArray messages) throws ActiveMQException {
    try (ClientProducer producer = backEnd.createProducer(queue)) {
      for (JsonElement each : messages) {
        JsonObject given = each.getAsJsonObject();
        ClientMessage message = backEnd.createMessage(Message.BYTES_TYPE, false);
        message
            .getBodyBuffer()
            .writeBytes(given.get("body").getAsString().getBytes(StandardCharsets.UTF_8));
        given
            .getAsJsonObject("properties")
            .entrySet()
            .forEach(
                entry -> message.putStringProperty(entry.getKey(), entry.getValue().getAsString()));
        producer.send(message);
      }
    }
  }

  /** How many messages a queue has, including those that a receiver holds unsettled. */
  private long count(String name) {
    Queue queue = broker.getActiveMQServer().locateQueue(name);
    return queue.getMessageCount();
  }

  /** Cuts the connections of all clients. */
  private int cut() {
    int cut = 0;
    for (RemotingConnection each :
        List.copyOf(broker.getActiveMQServer().getRemotingService().getConnections())) {
      if (!each.getTransportConnection().getRemoteAddress().startsWith("invm")) {
        each.getTransportConnection().close();
        cut++;
      }
    }
    return cut;
  }
}
