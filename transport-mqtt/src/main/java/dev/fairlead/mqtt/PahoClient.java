package dev.fairlead.mqtt;

import dev.fairlead.net.Dial;
import dev.fairlead.spi.Loop;
import dev.fairlead.transport.EventBatch;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.paho.client.mqttv3.IMqttActionListener;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.IMqttToken;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.eclipse.paho.client.mqttv3.MqttCallback;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.MqttPingSender;
import org.eclipse.paho.client.mqttv3.MqttToken;
import org.eclipse.paho.client.mqttv3.internal.ClientComms;
import org.eclipse.paho.client.mqttv3.internal.NetworkModule;
import org.eclipse.paho.client.mqttv3.internal.wire.MqttPingReq;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One MQTT connection on one Paho client, used once. Paho's events reach the loop through an {@link
 * EventBatch}. Its methods are called on the loop, except {@link #cut}; none of them blocks: Paho's
 * publish only queues under short locks that are not held during I/O.
 *
 * <p>Rules that keep Paho from hanging: no method is called while it connects; a connection is
 * ended only by cutting the network connection below it or, once open, by DISCONNECT; it has ended
 * when its last thread ends, regardless of its tokens and callbacks; and it is never closed,
 * because {@code close} only sets fields to null that its threads still use.
 */
final class PahoClient {
  /** Paho needs a URI; the network module below it has the address. */
  static final String NOT_DIALLED = "tcp://not-dialled:1";

  private static final Logger log = LoggerFactory.getLogger(PahoClient.class);

  /** The most messages queued for the loop, which never blocks, so the queue is usually empty. */
  private static final int MAX_MESSAGES = 64;

  private static final long MAX_MESSAGE_BYTES = 1024 * 1024;

  /** The events, in order, on the loop. */
  interface Events {
    /** CONNACK 0 has arrived. */
    void connected(boolean sessionPresent);

    /** A message has arrived; possibly before {@link #connected}. */
    void arrived(Arrival message);

    /** The next PUBACK in the order of {@link PahoClient#acknowledge} has been written. */
    void acknowledgementWritten();

    /** Everything that has arrived so far was reported. */
    void batchDone();

    /** The connection is ending; {@link #down} follows when its threads have ended. */
    void ending();

    /** The connection has ended and no thread of it remains; called once, as the last event. */
    void down(Throwable cause);
  }

  /**
   * A message from the hub.
   *
   * @param packetId its packet id, 0 at QoS 0
   * @param duplicate the DUP flag
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Arrival(String topic, byte[] payload, int packetId, boolean duplicate) {}

  /** What happened to a message at QoS 1; a listener of Paho's and a task of the loop in one. */
  abstract static class Sent implements IMqttActionListener, Runnable {
    private @Nullable PahoClient client;

    /** The PUBACK has arrived. On the loop. */
    @Override
    public abstract void run();

    @Override
    public final void onSuccess(IMqttToken token) {
      if (client != null) {
        client.events.add(this);
        client.connection.reported();
      }
    }

    /** The connection is ending; {@link Events#down} has the reason. */
    @Override
    public final void onFailure(IMqttToken token, Throwable cause) {}
  }

  private final Client client;
  private final PahoConnection connection;
  private final EventBatch events;

  /** Paho's failure, if the connection below it has none. */
  private volatile @Nullable Throwable reported;

  PahoClient(String clientId, Dial dial, Loop loop, Events session) throws MqttException {
    events =
        new EventBatch(
            loop,
            MAX_MESSAGES,
            MAX_MESSAGE_BYTES,
            session::batchDone,
            bug -> {
              log.error("{}: a defect ends the session", clientId, bug);
              cut(bug);
            });
    connection =
        new PahoConnection(
            dial,
            loop::nanoTime,
            new PahoConnection.Events() {
              @Override
              public void acknowledgementWritten() {
                events.add(session::acknowledgementWritten);
              }

              @Override
              public void stopped() {
                events.release();
                events.add(session::ending);
              }
            });
    PahoThreads threads =
        new PahoThreads(clientId, this::died, () -> events.add(() -> session.down(cause())));
    client = new Client(clientId, connection, threads);
    client.setManualAcks(true);
    client.setCallback(new Callback(session));
  }

  /** Begins to connect; the outcome is an event. */
  void connect(MqttConnectOptions options, Events session) throws MqttException {
    client.connect(options, null, onAnswer(token -> session.connected(token.getSessionPresent())));
  }

  /** Subscribes; {@code done} gets the granted QoS of each filter, in the order of the filters. */
  void subscribe(List<String> filters, int[] qos, Consumer<int[]> done) throws MqttException {
    client.subscribe(
        filters.toArray(new String[0]),
        qos,
        null,
        onAnswer(token -> done.accept(token.getGrantedQos())));
  }

  /** Unsubscribes. Nothing waits for the answer. */
  void unsubscribe(List<String> filters) throws MqttException {
    client.unsubscribe(filters.toArray(new String[0]), null, onAnswer(token -> {}));
  }

  /** Runs an action on the loop at the peer's answer; a failure is reported with the end. */
  private IMqttActionListener onAnswer(Consumer<IMqttToken> action) {
    return new IMqttActionListener() {
      @Override
      public void onSuccess(IMqttToken token) {
        events.add(() -> action.accept(token));
        connection.reported();
      }

      @Override
      public void onFailure(IMqttToken token, Throwable cause) {
        reported = cause;
      }
    };
  }

  /** Sends at QoS 1. */
  void publish(String topic, byte[] payload, Sent sent) throws MqttException {
    sent.client = this;
    send(topic, payload, 1, sent);
  }

  /** Sends at QoS 0. */
  void publish(String topic, byte[] payload) throws MqttException {
    send(topic, payload, 0, null);
  }

  /** Sends at QoS 0; the action runs on the loop when the message was written. */
  void publish(String topic, byte[] payload, Runnable written) throws MqttException {
    send(
        topic,
        payload,
        0,
        new IMqttActionListener() {
          @Override
          public void onSuccess(IMqttToken token) {
            events.add(written);
          }

          @Override
          public void onFailure(IMqttToken token, Throwable cause) {
            // The connection is ending.
          }
        });
  }

  private void send(String topic, byte[] payload, int qos, @Nullable IMqttActionListener listener)
      throws MqttException {
    MqttMessage message = new MqttMessage(payload);
    message.setQos(qos);
    connection.promise();
    boolean taken = false;
    try {
      client.publish(topic, message, null, listener);
      taken = true;
    } finally {
      if (!taken) {
        connection.retract();
      }
    }
  }

  /** Sends a PUBACK; {@link Events#acknowledgementWritten} follows. */
  void acknowledge(int packetId) throws MqttException {
    client.messageArrivedComplete(packetId, 1);
  }

  void ping() throws MqttException {
    client.ping();
  }

  /** Sends DISCONNECT after all acknowledgements queued before it, and ends the connection. */
  void disconnect() throws MqttException {
    connection.disconnecting();
    // No time to quiesce: the session has already waited for everything that was owed.
    client.disconnect(0);
  }

  /** Ends the connection immediately; {@link Events#down} follows. Any thread; does not block. */
  void cut(Throwable reason) {
    connection.cut(reason);
    events.release();
  }

  /** Whether the connection was opened, so that CONNECT could be sent. Any thread. */
  boolean reached() {
    return connection.reached();
  }

  long lastReceived() {
    return connection.lastReceived();
  }

  long lastSent() {
    return connection.lastSent();
  }

  Throwable cause() {
    Throwable fault = connection.fault();
    if (fault == null) {
      fault = reported;
    }
    return fault == null ? new IOException("The connection ended.") : fault;
  }

  /** A throwable ended one of Paho's loops, which would leave the others waiting. */
  private void died(Throwable e) {
    log.error("{}: a thread of the MQTT library died", client.getClientId(), e);
    cut(e);
    client.shutDown(e);
  }

  private final class Callback implements MqttCallback {
    private final Events session;

    Callback(Events session) {
      this.session = session;
    }

    @Override
    public void messageArrived(String topic, MqttMessage message) throws Exception {
      int packetId = message.getQos() == 0 ? 0 : message.getId();
      Arrival arrival =
          new Arrival(
              PacketReader.originalTopic(topic),
              message.getPayload(),
              packetId,
              message.isDuplicate());
      events.addMessage(topic.length() + arrival.payload.length, () -> session.arrived(arrival));
    }

    @Override
    public void connectionLost(Throwable cause) {
      reported = cause;
    }

    @Override
    public void deliveryComplete(IMqttDeliveryToken token) {}
  }

  private static final class Client extends MqttAsyncClient {
    private final NetworkModule module;

    Client(String clientId, NetworkModule module, PahoThreads threads) throws MqttException {
      super(NOT_DIALLED, clientId, new NoPersistence(), new SilentPinger(), threads);
      this.module = module;
    }

    @Override
    protected NetworkModule[] createNetworkModules(String address, MqttConnectOptions options) {
      return new NetworkModule[] {module};
    }

    /** Paho itself pings only by keep-alive; [MQTT-3.1.2.10] allows it at any time. */
    void ping() throws MqttException {
      comms.sendNoWait(new MqttPingReq(), new MqttToken(getClientId()));
    }

    void shutDown(Throwable reason) {
      comms.shutdownConnection(null, new MqttException(reason));
    }
  }

  /** The session pings; see {@link dev.fairlead.transport.Liveness}. */
  private static final class SilentPinger implements MqttPingSender {
    @Override
    public void init(ClientComms comms) {}

    @Override
    public void start() {}

    @Override
    public void stop() {}

    @Override
    public void schedule(long delayInMilliseconds) {}
  }
}
