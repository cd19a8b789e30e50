package dev.fairlead.amqp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.MessageAnnotations;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.amqp.transport.Flow;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.engine.Collector;
import org.apache.qpid.proton.engine.Connection;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Event;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.TransportException;
import org.apache.qpid.proton.engine.impl.FrameHandler;
import org.apache.qpid.proton.engine.impl.TransportImpl;
import org.apache.qpid.proton.framing.TransportFrame;
import org.apache.qpid.proton.message.Message;

/**
 * The hub's end of one connection, on the same engine as the client (the local hub uses another
 * one): it behaves correctly, except where a test sets it otherwise. Safe for any thread.
 */
final class HubPeer {
  private final Socket socket;
  private final TransportImpl transport = (TransportImpl) Proton.transport();
  private final Connection connection = Proton.connection();
  private final Collector collector = Proton.collector();

  // Set by a test before the client connects.
  int credit = 100;
  int remoteIdleMillis = 0;
  boolean silent;
  Function<String, ErrorCondition> refuseAttach = address -> null;
  Function<String, Integer> tokenStatus = audience -> 200;
  Function<List<byte[]>, DeliveryState> outcome = bodies -> Accepted.getInstance();
  ReceiverSettleMode cloudMode = ReceiverSettleMode.SECOND;
  boolean answerTwin = true;
  boolean replenish = true;
  volatile boolean hold;
  ByteArrayOutputStream said;
  Runnable whenRefused = () -> {};
  DeliveryState settlement;
  boolean confirm = true;
  Predicate<String> answerAttach = key -> true;

  /** What ends the session, or with {@code closeEarly} the connection, at an early link. */
  ErrorCondition endEarly;

  boolean closeEarly;

  /**
   * What to do with a session beyond that of the tokens and that of the device: null to take it.
   */
  Consumer<Session> emptySession;

  boolean answerEcho = true;
  int echoes;
  Runnable whenEnded = () -> {};

  // What it has seen.
  final List<String> frames = new ArrayList<>();
  final Map<String, Link> links = new HashMap<>();
  final List<String> attachOrder = new ArrayList<>();
  final List<String> tokens = new ArrayList<>();
  final List<Integer> formats = new ArrayList<>();
  final List<String> telemetry = new ArrayList<>();
  final Map<String, DeliveryState> settled = new LinkedHashMap<>();
  final Map<Object, Message> methodAnswers = new HashMap<>();
  final List<String> twinRequests = new ArrayList<>();
  final List<Delivery> undecided = new ArrayList<>();
  int sessions;
  int ends;
  private byte[] lastSaid = {};

  HubPeer(Socket socket) {
    this.socket = socket;
    transport.setMaxFrameSize(64 * 1024);
    transport.setEmitFlowEventOnSend(false);
    FrameHandler engine = transport;
    transport.setFrameHandler(
        new FrameHandler() {
          @Override
          public boolean handleFrame(TransportFrame frame) {
            frames.add(frame.getBody().getClass().getSimpleName());
            boolean goOn = engine.handleFrame(frame);
            if (frame.getBody() instanceof Flow flow && flow.getEcho()) {
              echoes++;
              if (answerEcho) {
                // This engine does not support echo; a credit more is a FLOW as well.
                ((Receiver) links.get("to $cbs")).flow(1);
              }
            }
            return goOn;
          }

          @Override
          public void closed(TransportException error) {
            engine.closed(error);
          }

          @Override
          public boolean isHandlingFrames() {
            return engine.isHandlingFrames();
          }
        });
    connection.collect(collector);
    transport.bind(connection);
    connection.setContainer("hub");
  }

  HubPeer idleTimeout(int millis) {
    transport.setIdleTimeout(millis * 2);
    return this;
  }

  void feed(byte[] bytes, int length) {
    take(bytes, length);
    if (!hold) {
      answer();
    }
  }

  /** Ends the connection without a reason. */
  void cut() {
    silent = true;
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void close(ErrorCondition why) {
    connection.setCondition(why);
    connection.close();
  }

  /** Answers everything that has arrived. */
  void answer() {
    act(() -> {});
  }

  /** The frames received so far. */
  synchronized List<String> frames() {
    return List.copyOf(frames);
  }

  synchronized long seen(String frame) {
    return frames.stream().filter(frame::equals).count();
  }

  private synchronized void take(byte[] bytes, int length) {
    int from = 0;
    while (from < length && transport.capacity() > 0) {
      int count = Math.min(transport.capacity(), length - from);
      transport.tail().put(bytes, from, count);
      transport.process();
      from += count;
    }
  }

  synchronized void act(Runnable action) {
    action.run();
    if (!silent) {
      dispatch();
      flush();
    }
  }

  synchronized <T> T look(java.util.function.Supplier<T> what) {
    return what.get();
  }

  private void flush() {
    if (silent) {
      return;
    }
    try {
      for (int count = transport.pending(); count > 0; count = transport.pending()) {
        ByteBuffer head = transport.head();
        byte[] out = new byte[count];
        head.get(out);
        socket.getOutputStream().write(out);
        if (said != null) {
          said.writeBytes(out);
        }
        lastSaid = out;
        transport.pop(count);
      }
      socket.getOutputStream().flush();
    } catch (IOException e) {
      silent = true; // The client has disconnected, so no answer is possible.
    }
  }

  /** Sends once more what it sent last, byte for byte. */
  synchronized void repeat() {
    try {
      socket.getOutputStream().write(lastSaid);
      socket.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void dispatch() {
    for (Event event = collector.peek(); event != null; event = collector.peek()) {
      handle(event);
      collector.pop();
    }
  }

  private void handle(Event event) {
    switch (event.getType()) {
      case CONNECTION_REMOTE_OPEN -> connection.open();
      case CONNECTION_REMOTE_CLOSE -> connection.close();
      case SESSION_REMOTE_OPEN -> {
        sessions++;
        if (sessions > 2 && emptySession != null) {
          emptySession.accept(event.getSession());
        } else {
          event.getSession().open();
        }
      }
      case SESSION_REMOTE_CLOSE -> {
        ends++;
        event.getSession().close();
        whenEnded.run();
      }
      case LINK_REMOTE_OPEN -> attach(event.getLink());
      case LINK_REMOTE_CLOSE, LINK_REMOTE_DETACH -> {
        links.values().remove(event.getLink());
        event.getLink().close();
      }
      case DELIVERY -> delivery(event.getDelivery());
      default -> {}
    }
  }

  static String address(Link link) {
    return link instanceof Receiver
        ? ((org.apache.qpid.proton.amqp.messaging.Target) link.getRemoteTarget()).getAddress()
        : ((org.apache.qpid.proton.amqp.messaging.Source) link.getRemoteSource()).getAddress();
  }

  private static String key(Link link) {
    return (link instanceof Receiver ? "to " : "from ") + address(link);
  }

  private void attach(Link link) {
    String address = address(link);
    attachOrder.add(key(link));
    if (!answerAttach.test(key(link))) {
      return;
    }
    if (endEarly != null && !address.equals("$cbs") && !tokenAnswered) {
      endForEarlyLink(link.getSession());
      return;
    }
    ErrorCondition refusal = refuseAttach.apply(address);
    if (refusal != null) {
      link.open();
      link.setCondition(refusal);
      link.close();
      whenRefused.run();
      return;
    }
    link.setSource(link.getRemoteSource());
    link.setTarget(link.getRemoteTarget());
    link.setSenderSettleMode(link.getRemoteSenderSettleMode());
    link.setReceiverSettleMode(
        address.endsWith("/messages/devicebound") ? cloudMode : link.getRemoteReceiverSettleMode());
    link.open();
    links.put(key(link), link);
    if (link instanceof Receiver receiver) {
      receiver.flow(address.equals("$cbs") ? 100 : credit);
    }
  }

  private void endForEarlyLink(Session session) {
    if (closeEarly) {
      connection.setCondition(endEarly);
      connection.close();
    } else if (session.getLocalState() != EndpointState.CLOSED) {
      session.setCondition(endEarly);
      session.close();
    }
  }

  private void delivery(Delivery delivery) {
    if (delivery.getLink() instanceof Receiver receiver) {
      if (receiver.current() != delivery || delivery.isPartial()) {
        return;
      }
      byte[] bytes = new byte[delivery.available()];
      receiver.recv(bytes, 0, bytes.length);
      receiver.advance();
      if (replenish) {
        receiver.flow(1);
      }
      arrived(receiver, delivery, bytes);
    } else if (delivery.getRemoteState() != null || delivery.remotelySettled()) {
      settled.put(new String(delivery.getTag(), StandardCharsets.UTF_8), delivery.getRemoteState());
      if (!confirm) {
        return;
      }
      if (!delivery.remotelySettled()) {
        delivery.disposition(settlement == null ? delivery.getRemoteState() : settlement);
      }
      delivery.settle();
    }
  }

  private void arrived(Receiver receiver, Delivery delivery, byte[] bytes) {
    String address = address(receiver);
    if (address.equals("$cbs")) {
      accept(delivery);
      token(decode(bytes));
    } else if (address.endsWith("/twin")) {
      accept(delivery);
      twin(address, decode(bytes));
    } else if (address.endsWith("/methods/devicebound")) {
      accept(delivery);
      Message answer = decode(bytes);
      methodAnswers.put(answer.getCorrelationId(), answer);
    } else {
      telemetry(delivery, bytes);
    }
  }

  private void telemetry(Delivery delivery, byte[] bytes) {
    List<byte[]> bodies = new ArrayList<>();
    formats.add(delivery.getMessageFormat());
    if (delivery.getMessageFormat() == TelemetryEncoder.BATCH_FORMAT) {
      for (byte[] each : dataSections(bytes)) {
        bodies.add(body(decode(each)));
      }
    } else {
      bodies.add(body(decode(bytes)));
    }
    DeliveryState state = outcome.apply(bodies);
    if (state == null) {
      undecided.add(delivery);
      return;
    }
    if (state instanceof Accepted) {
      bodies.forEach(body -> telemetry.add(new String(body, StandardCharsets.UTF_8)));
    }
    delivery.disposition(state);
    delivery.settle();
  }

  /** Each of them written with a one-byte or a four-byte length. */
  private static List<byte[]> dataSections(byte[] bytes) {
    List<byte[]> sections = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      in.position(in.position() + 3);
      int length = (in.get() & 0xff) == 0xa0 ? in.get() & 0xff : in.getInt();
      byte[] section = new byte[length];
      in.get(section);
      sections.add(section);
    }
    return sections;
  }

  private static void accept(Delivery delivery) {
    if (!delivery.remotelySettled()) {
      delivery.disposition(Accepted.getInstance());
    }
    delivery.settle();
  }

  static Message decode(byte[] bytes) {
    Message message = Proton.message();
    message.decode(bytes, 0, bytes.length);
    return message;
  }

  static byte[] body(Message message) {
    Binary binary = ((Data) message.getBody()).getValue();
    byte[] body = new byte[binary.getLength()];
    System.arraycopy(binary.getArray(), binary.getArrayOffset(), body, 0, body.length);
    return body;
  }

  private void token(Message request) {
    String audience = (String) request.getApplicationProperties().getValue().get("name");
    tokens.add(audience + " " + ((AmqpValue) request.getBody()).getValue());
    Integer status = tokenStatus.apply(audience);
    pendingTokens.add(request);
    if (status != null) {
      answerToken(status);
    }
  }

  private final Deque<Message> pendingTokens = new ArrayDeque<>();
  private boolean tokenAnswered;

  /** Answers the token that has waited longest, if there is one. */
  void answerToken(int status) {
    Message request = pendingTokens.poll();
    if (request == null) {
      return;
    }
    tokenAnswered = true;
    Message answer = Proton.message();
    answer.setCorrelationId(request.getMessageId());
    Map<String, Object> properties = new HashMap<>();
    properties.put("status-code", status);
    properties.put("status-description", status == 200 ? "OK" : "told so");
    answer.setApplicationProperties(new ApplicationProperties(properties));
    send((Sender) links.get("from $cbs"), UUID.randomUUID().toString(), answer, true);
  }

  private void twin(String address, Message request) {
    Map<Symbol, Object> annotations = request.getMessageAnnotations().getValue();
    String operation = (String) annotations.get(Symbol.valueOf("operation"));
    twinRequests.add(operation);
    if (!answerTwin) {
      return;
    }
    Message answer = Proton.message();
    answer.setCorrelationId(request.getCorrelationId());
    Map<Symbol, Object> told = new HashMap<>();
    told.put(Symbol.valueOf("status"), operation.equals("PATCH") ? 204 : 200);
    if (operation.equals("PATCH")) {
      told.put(Symbol.valueOf("version"), 7L);
    }
    answer.setMessageAnnotations(new MessageAnnotations(told));
    String body = operation.equals("GET") ? "{\"desired\":{},\"reported\":{}}" : "";
    answer.setBody(new Data(new Binary(body.getBytes(StandardCharsets.UTF_8))));
    send((Sender) links.get("from " + address), UUID.randomUUID().toString(), answer, true);
  }

  void send(String address, String tag, Message message, boolean settled) {
    send((Sender) links.get("from " + address), tag, message, settled);
  }

  static void send(Sender sender, String tag, Message message, boolean settled) {
    byte[] bytes = new byte[1024 * 1024];
    int length = message.encode(bytes, 0, bytes.length);
    Delivery delivery = sender.delivery(tag.getBytes(StandardCharsets.UTF_8));
    sender.send(bytes, 0, length);
    sender.advance();
    if (settled) {
      delivery.settle();
    }
  }

  /** Sends the beginning of a message that never ends. */
  void sendHalf(String address, String tag, int size) {
    Sender sender = (Sender) links.get("from " + address);
    sender.delivery(tag.getBytes(StandardCharsets.UTF_8));
    sender.send(new byte[size], 0, size);
  }

  static Message message(String body) {
    Message message = Proton.message();
    message.setBody(new Data(new Binary(body.getBytes(StandardCharsets.UTF_8))));
    return message;
  }

  static ErrorCondition condition(String name, String description) {
    return new ErrorCondition(Symbol.valueOf(name), description);
  }

  static Rejected rejected(String name, String description) {
    Rejected rejected = new Rejected();
    rejected.setError(condition(name, description));
    return rejected;
  }

  /** Ends a link from the hub's side. */
  void detach(String key, ErrorCondition why) {
    act(
        () -> {
          Link link = links.remove(key);
          link.setCondition(why);
          link.close();
        });
  }

  void endSession(String key, ErrorCondition why) {
    act(
        () -> {
          Session session = links.get(key).getSession();
          session.setCondition(why);
          session.close();
        });
  }

  void closeConnection(ErrorCondition why) {
    act(
        () -> {
          connection.setCondition(why);
          connection.close();
        });
  }

  boolean closed() {
    return connection.getRemoteState() == EndpointState.CLOSED;
  }
}
