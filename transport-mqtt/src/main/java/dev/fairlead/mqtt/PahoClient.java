package dev.fairlead.mqtt;

import dev.fairlead.net.Dial;
import dev.fairlead.spi.Loop;
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
 * One MQTT connection on one Paho client, used once. What Paho reports comes to the loop through a
 * {@link EventBatch}. Its methods are called on the loop, except {@link #cut}; none of them blocks:
 * Paho's publish only queues under short locks that are not held during I/O.
 *
 * <p>Rules that keep Paho from hanging: nothing of it is called while it connects, a connection is
 * ended only by cutting the line below it or, once open, by its orderly disconnect; the end is not
 * what its tokens or callbacks say but the moment when its last thread ends; and it is never
 * closed, for {@code close} only sets fields to null under the feet of threads that still use them.
 */
final class PahoClient {
  /** Paho wants a URI; the network module below it knows where to go. */
  static final String NOT_DIALLED = "tcp://not-dialled:1";

  private static final Logger log = LoggerFactory.getLogger(PahoClient.class);

  /** What happens, in order, on the loop. */
  interface Events {
    /** CONNACK 0 has come. */
    void connected(boolean sessionPresent);

    /** A message has come; possibly before {@link #connected}. */
    void arrived(Arrival message);

    /** All that has come so far was told. */
    void batchDone();

    /** The connection is ending; {@link #down} follows when its threads have ended. */
    void ending();

    /** The connection is over and no thread of it is left; told once, and nothing after it. */
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
    private @Nullable PahoClient wire;

    /** The PUBACK has come. On the loop. */
    @Override
    public abstract void run();

    @Override
    public final void onSuccess(IMqttToken token) {
      if (wire != null) {
        wire.handover.add(this);
        wire.line.told();
      }
    }

    /** The connection is ending; {@link Events#down} tells why. */
    @Override
    public final void onFailure(IMqttToken token, Throwable cause) {}
  }

  private final Client client;
  private final PahoConnection line;
  private final EventBatch handover;

  /** What Paho said, where the line below knows of no failure. */
  private volatile @Nullable Throwable said;

  PahoClient(String clientId, Dial dial, Loop loop, Events events) throws MqttException {
    handover =
        new EventBatch(
            loop,
            events::batchDone,
            bug -> {
              log.error("{}: a defect ends the session", clientId, bug);
              cut(bug);
            });
    line =
        new PahoConnection(
            dial,
            loop::nanoTime,
            () -> {
              handover.release();
              handover.add(events::ending);
            });
    PahoThreads threads =
        new PahoThreads(clientId, this::died, () -> handover.add(() -> events.down(cause())));
    client = new Client(clientId, line, threads);
    client.setManualAcks(true);
    client.setCallback(new Callback(events));
  }

  /** Begins to connect; the outcome comes as an event. */
  void connect(MqttConnectOptions options, Events events) throws MqttException {
    client.connect(options, null, told(token -> events.connected(token.getSessionPresent())));
  }

  /** Subscribes; {@code done} gets the granted QoS of each filter, in the order of the filters. */
  void subscribe(List<String> filters, int[] qos, Consumer<int[]> done) throws MqttException {
    client.subscribe(
        filters.toArray(new String[0]),
        qos,
        null,
        told(token -> done.accept(token.getGrantedQos())));
  }

  void unsubscribe(List<String> filters) throws MqttException {
    client.unsubscribe(filters.toArray(new String[0]), null, told(token -> {}));
  }

  /** Hands the success of an operation over; of a failure it is the end that tells. */
  private IMqttActionListener told(Consumer<IMqttToken> success) {
    return new IMqttActionListener() {
      @Override
      public void onSuccess(IMqttToken token) {
        handover.add(() -> success.accept(token));
        line.told();
      }

      @Override
      public void onFailure(IMqttToken token, Throwable cause) {
        said = cause;
      }
    };
  }

  /** Sends at QoS 1. */
  void publish(String topic, byte[] payload, Sent sent) throws MqttException {
    sent.wire = this;
    send(topic, payload, 1, sent);
  }

  /** Sends at QoS 0. */
  void publish(String topic, byte[] payload) throws MqttException {
    send(topic, payload, 0, null);
  }

  private void send(String topic, byte[] payload, int qos, @Nullable Sent sent)
      throws MqttException {
    MqttMessage message = new MqttMessage(payload);
    message.setQos(qos);
    line.promise();
    boolean taken = false;
    try {
      client.publish(topic, message, null, sent);
      taken = true;
    } finally {
      if (!taken) {
        line.retract();
      }
    }
  }

  /** Sends a PUBACK. */
  void acknowledge(int packetId) throws MqttException {
    client.messageArrivedComplete(packetId, 1);
  }

  void ping() throws MqttException {
    client.ping();
  }

  /** Says DISCONNECT after all that was queued before, and ends the connection. */
  void disconnect() throws MqttException {
    line.parting();
    // No time to quiesce: the session has waited already for what it wanted to wait for.
    client.disconnect(0);
  }

  /**
   * Ends the connection at once; it is over when {@link Events#down} says so. Any thread; does not
   * block.
   */
  void cut(Throwable reason) {
    line.cut(reason);
    handover.release();
  }

  boolean reached() {
    return line.reached();
  }

  long lastReceived() {
    return line.lastReceived();
  }

  long lastSent() {
    return line.lastSent();
  }

  Throwable cause() {
    Throwable fault = line.fault();
    if (fault == null) {
      fault = said;
    }
    return fault == null ? new IOException("The connection ended.") : fault;
  }

  /** One of Paho's loops ended by a throwable: it would leave the others waiting. */
  private void died(Throwable e) {
    log.error("{}: a thread of the MQTT library died", client.getClientId(), e);
    cut(e);
    client.shutDown(e);
  }

  private final class Callback implements MqttCallback {
    private final Events events;

    Callback(Events events) {
      this.events = events;
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
      handover.addMessage(() -> events.arrived(arrival));
    }

    @Override
    public void connectionLost(Throwable cause) {
      said = cause;
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

  /** The session pings; see {@link Liveness}. */
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
