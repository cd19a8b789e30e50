package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.mqtt.RawPeer;
import dev.fairlead.localhub.mqtt.WebSocketPeer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.MessageAnnotations;
import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.engine.Connection;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sasl;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.Transport;
import org.apache.qpid.proton.message.Message;
import org.jspecify.annotations.Nullable;

/** An AMQP client on an engine other than the hub's, on one blocking thread. */
final class AmqpPeer implements AutoCloseable {

  private static final String API_VERSION = "2020-09-30";

  private final Wire wire;
  private final Transport transport = Proton.transport();
  private final Connection connection = Proton.connection();
  private int names;
  private long tags;
  private @Nullable Session session;
  private @Nullable Sender cbsRequests;
  private @Nullable Receiver cbsAnswers;
  private boolean ended;

  /** The stream that carries the bytes. */
  interface Wire extends AutoCloseable {
    /** Some bytes; none at the end. */
    byte[] read() throws IOException;

    void write(byte[] bytes) throws IOException;

    /** How long to wait for bytes. */
    void patience(int millis) throws IOException;

    @Override
    void close() throws IOException;
  }

  private AmqpPeer(Wire wire) {
    this.wire = wire;
    transport.setMaxFrameSize(4096);
    connection.setContainer("peer");
    connection.setHostname("localhost");
  }

  // --- opening

  static Wire tls(LocalHub hub, @Nullable ClientIdentity identity) throws IOException {
    SSLSocket socket = RawPeer.dial(hub, identity, hub.amqpPort());
    return new Wire() {
      private final byte[] buffer = new byte[32 * 1024];

      @Override
      public byte[] read() throws IOException {
        try {
          int count = socket.getInputStream().read(buffer);
          return count < 0 ? new byte[0] : Arrays.copyOf(buffer, count);
        } catch (SocketException | SSLException reset) {
          return new byte[0];
        }
      }

      @Override
      public void write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
      }

      @Override
      public void patience(int millis) throws IOException {
        socket.setSoTimeout(millis);
      }

      @Override
      public void close() throws IOException {
        socket.close();
      }
    };
  }

  static Wire webSocket(LocalHub hub, @Nullable ClientIdentity identity) throws IOException {
    WebSocketPeer peer = WebSocketPeer.dial(hub, identity);
    WebSocketPeer.Answer answer =
        peer.ask(new WebSocketPeer.Request().with("Sec-WebSocket-Protocol", "AMQPWSB10"));
    if (answer.status() != 101
        || !"AMQPWSB10".equals(answer.headers().get("sec-websocket-protocol"))) {
      throw new AssertionError("not upgraded: " + answer);
    }
    return new Wire() {
      @Override
      public byte[] read() throws IOException {
        try {
          WebSocketPeer.Frame frame = peer.read();
          return frame.head() == (WebSocketPeer.FIN | WebSocketPeer.BINARY)
              ? frame.payload()
              : new byte[0];
        } catch (java.io.EOFException end) {
          return new byte[0];
        }
      }

      @Override
      public void write(byte[] bytes) throws IOException {
        peer.send(WebSocketPeer.FIN | WebSocketPeer.BINARY, bytes);
      }

      @Override
      public void patience(int millis) throws IOException {
        peer.socket().setSoTimeout(millis);
      }

      @Override
      public void close() throws IOException {
        peer.close();
      }
    };
  }

  /** A connection without a SASL layer, not opened. */
  static AmqpPeer bare(Wire wire) {
    return new AmqpPeer(wire);
  }

  /** A connection with a SASL layer, not opened. */
  static AmqpPeer sasl(Wire wire, String mechanism) {
    AmqpPeer peer = new AmqpPeer(wire);
    Sasl sasl = peer.transport.sasl();
    sasl.client();
    sasl.setMechanisms(mechanism);
    return peer;
  }

  /** A connection by SASL PLAIN, not opened. */
  static AmqpPeer plain(Wire wire, String user, String password) {
    AmqpPeer peer = new AmqpPeer(wire);
    Sasl sasl = peer.transport.sasl();
    sasl.client();
    sasl.plain(user, password);
    return peer;
  }

  AmqpPeer idle(int millis) {
    transport.setIdleTimeout(millis);
    return this;
  }

  AmqpPeer patience(int millis) throws IOException {
    wire.patience(millis);
    return this;
  }

  AmqpPeer open() throws IOException {
    transport.bind(connection);
    connection.open();
    until(() -> connection.getRemoteState() != EndpointState.UNINITIALIZED || ended);
    return this;
  }

  /** Opened bare, with a token put for the device. */
  static AmqpPeer connected(LocalHub hub, Device device) throws IOException {
    AmqpPeer peer = bare(tls(hub, null)).open();
    peer.putToken(hub, device);
    return peer;
  }

  // --- bytes

  /** Writes all pending output. */
  void flush() throws IOException {
    while (transport.pending() > 0) {
      ByteBuffer head = transport.head();
      byte[] bytes = new byte[head.remaining()];
      head.get(bytes);
      transport.pop(bytes.length);
      try {
        wire.write(bytes);
      } catch (SocketException | SSLException gone) {
        ended = true;
        return;
      }
    }
  }

  /** Reads until a condition is true; fails if the hub ends the connection before. */
  void until(BooleanSupplier condition) throws IOException {
    flush();
    while (!condition.getAsBoolean()) {
      if (ended) {
        throw new AssertionError("the connection has ended: " + connection.getRemoteCondition());
      }
      flush(); // Reading a message may have opened the session's window.
      readOnce();
    }
    flush();
  }

  private void readOnce() throws IOException {
    byte[] bytes = wire.read();
    if (bytes.length == 0) {
      ended = true;
      transport.close_tail();
      return;
    }
    int at = 0;
    while (at < bytes.length && transport.capacity() > 0) {
      int some = Math.min(transport.capacity(), bytes.length - at);
      transport.tail().put(bytes, at, some);
      transport.process();
      at += some;
    }
  }

  void awaitEnd() throws IOException {
    until(() -> ended);
  }

  boolean hasEnded() {
    return ended;
  }

  Connection connection() {
    return connection;
  }

  Transport transport() {
    return transport;
  }

  /** Keeps the connection alive. */
  void tick() throws IOException {
    transport.tick(System.nanoTime() / 1_000_000);
    flush();
  }

  // --- links

  Session session() {
    Session current = session;
    if (current == null) {
      current = connection.session();
      current.open();
      session = current;
    }
    return current;
  }

  /** Further links are in a new session. */
  Session newSession() {
    session = null;
    return session();
  }

  static Map<Symbol, Object> pairProperties(String correlationId) {
    Map<Symbol, Object> properties = new HashMap<>();
    properties.put(Symbol.valueOf("com.microsoft:api-version"), API_VERSION);
    properties.put(Symbol.valueOf("com.microsoft:channel-correlation-id"), correlationId);
    return properties;
  }

  Sender sender(String address) throws IOException {
    return sender(address, pairProperties("telemetry"));
  }

  /** Attaches, and waits until the hub has answered and, if it refuses, detached. */
  Sender sender(String address, @Nullable Map<Symbol, Object> properties) throws IOException {
    Sender link = session().sender("link-" + ++names);
    Target target = new Target();
    target.setAddress(address);
    link.setTarget(target);
    link.setSource(new Source());
    if (properties != null) {
      link.setProperties(properties);
    }
    return attach(link, () -> link.getRemoteTarget() == null);
  }

  Receiver receiver(String address, int credit) throws IOException {
    return receiver(address, pairProperties("c2d"), credit, ReceiverSettleMode.FIRST);
  }

  Receiver receiver(String address, Map<Symbol, Object> properties, int credit) throws IOException {
    return receiver(address, properties, credit, ReceiverSettleMode.FIRST);
  }

  Receiver receiver(
      String address, Map<Symbol, Object> properties, int credit, ReceiverSettleMode mode)
      throws IOException {
    Receiver link = session().receiver("link-" + ++names);
    Source source = new Source();
    source.setAddress(address);
    link.setSource(source);
    link.setTarget(new Target());
    link.setProperties(properties);
    link.setReceiverSettleMode(mode);
    link.flow(credit);
    return attach(link, () -> link.getRemoteSource() == null);
  }

  private <L extends Link> L attach(L link, BooleanSupplier refused) throws IOException {
    link.open();
    until(() -> link.getRemoteState() != EndpointState.UNINITIALIZED || isClosed());
    if (!isClosed() && refused.getAsBoolean()) {
      until(() -> link.getRemoteState() == EndpointState.CLOSED);
    }
    return link;
  }

  boolean isClosed() {
    return ended || connection.getRemoteState() == EndpointState.CLOSED;
  }

  /** Waits for the hub to detach, and returns its error condition. */
  ErrorCondition detached(Link link) throws IOException {
    until(() -> link.getRemoteState() == EndpointState.CLOSED);
    ErrorCondition condition = link.getRemoteCondition();
    link.close();
    flush();
    return condition;
  }

  /** Waits for the hub to close, and returns its error condition. */
  ErrorCondition closed() throws IOException {
    until(() -> connection.getRemoteState() == EndpointState.CLOSED);
    return connection.getRemoteCondition();
  }

  // --- messages

  static Message message(String body) {
    Message message = Proton.message();
    message.setBody(new Data(new Binary(body.getBytes(StandardCharsets.UTF_8))));
    return message;
  }

  static Message with(Message message, String... application) {
    Map<String, Object> properties = new HashMap<>();
    for (int i = 0; i < application.length; i += 2) {
      properties.put(application[i], application[i + 1]);
    }
    message.setApplicationProperties(new ApplicationProperties(properties));
    return message;
  }

  static Message annotated(Message message, Object... annotations) {
    Map<Symbol, Object> map = new HashMap<>();
    for (int i = 0; i < annotations.length; i += 2) {
      map.put(Symbol.valueOf((String) annotations[i]), annotations[i + 1]);
    }
    message.setMessageAnnotations(new MessageAnnotations(map));
    return message;
  }

  static byte[] encode(Message message) {
    byte[] buffer = new byte[2 * 1024 * 1024];
    return Arrays.copyOf(buffer, message.encode(buffer, 0, buffer.length));
  }

  /** Hands a message to the engine, as soon as there is credit. */
  Delivery start(Sender link, byte[] encoded, int format) throws IOException {
    until(() -> link.getCredit() > 0 || link.getRemoteState() == EndpointState.CLOSED);
    if (link.getRemoteState() == EndpointState.CLOSED) {
      throw new AssertionError("the link has ended: " + link.getRemoteCondition());
    }
    Delivery delivery = link.delivery(Long.toString(++tags).getBytes(StandardCharsets.US_ASCII));
    delivery.setMessageFormat(format);
    if (encoded.length > 0) { // The engine rejects an empty write.
      link.send(encoded, 0, encoded.length);
    }
    link.advance();
    return delivery;
  }

  /** Sends, and waits for the outcome. */
  DeliveryState send(Sender link, Message message) throws IOException {
    return outcome(start(link, encode(message), 0));
  }

  DeliveryState outcome(Delivery delivery) throws IOException {
    Link link = delivery.getLink();
    until(
        () ->
            delivery.remotelySettled()
                || delivery.getRemoteState() != null
                || link.getRemoteState() == EndpointState.CLOSED);
    DeliveryState state = delivery.getRemoteState();
    if (state == null) {
      throw new AssertionError("the link has ended: " + link.getRemoteCondition());
    }
    delivery.settle();
    return state;
  }

  /** A message from the hub. */
  record Received(Delivery delivery, Message message) {
    String text() {
      return new String(((Data) message.getBody()).getValue().getArray(), StandardCharsets.UTF_8);
    }

    @Nullable Object annotation(String name) {
      return message.getMessageAnnotations().getValue().get(Symbol.valueOf(name));
    }
  }

  /** The next message; reads each part on arrival, so that the session's window opens again. */
  Received receive(Receiver link) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    until(() -> isComplete(link, all));
    Delivery delivery = link.current();
    link.advance();
    Message message = Proton.message();
    message.decode(all.toByteArray(), 0, all.size());
    return new Received(delivery, message);
  }

  private static boolean isComplete(Receiver link, ByteArrayOutputStream all) {
    Delivery current = link.current();
    if (current == null || !current.isReadable()) {
      return false;
    }
    byte[] some = new byte[current.pending()];
    link.recv(some, 0, some.length);
    all.writeBytes(some);
    return !current.isPartial();
  }

  /** Settles a message with an outcome. */
  void settle(Received received, DeliveryState outcome) throws IOException {
    received.delivery().disposition(outcome);
    received.delivery().settle();
    flush();
  }

  // --- tokens

  static String token(LocalHub hub, Device device, Instant expiry) {
    return RawPeer.token(hub.hostName() + path(device), device.primaryKey(), expiry);
  }

  static String path(Device device) {
    return "/devices/"
        + device.deviceId()
        + device.moduleId().map(module -> "/modules/" + module).orElse("");
  }

  void putToken(LocalHub hub, Device device) throws IOException {
    int status =
        putToken(
            hub.hostName() + path(device), token(hub, device, Instant.now().plusSeconds(3600)));
    if (status != 200) {
      throw new AssertionError("the token was answered with " + status);
    }
  }

  int putToken(String name, String token) throws IOException {
    Message request = Proton.message();
    request.setBody(new AmqpValue(token));
    with(
        request, "operation", "put-token", "type", "servicebus.windows.net:sastoken", "name", name);
    return (Integer) cbs(request).getApplicationProperties().getValue().get("status-code");
  }

  Sender cbsRequests() {
    return java.util.Objects.requireNonNull(cbsRequests, "a token was put");
  }

  Receiver cbsAnswers() {
    return java.util.Objects.requireNonNull(cbsAnswers, "a token was put");
  }

  /** Sends a request to {@code $cbs}, and waits for the answer. */
  Message cbs(Message request) throws IOException {
    Sender requests = cbsRequests;
    Receiver answers = cbsAnswers;
    if (requests == null || answers == null) {
      requests = sender("$cbs", null);
      answers = receiver("$cbs", Map.of(), 100);
      cbsRequests = requests;
      cbsAnswers = answers;
      session = null;
    }
    UUID id = UUID.randomUUID();
    request.setMessageId(id);
    send(requests, request);
    Received answer = receive(answers);
    if (!id.equals(answer.message().getCorrelationId())) {
      throw new AssertionError("another correlation id: " + answer.message().getCorrelationId());
    }
    answer.delivery().settle();
    answers.flow(1);
    return answer.message();
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}
