package dev.fairlead.mqtt;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.HubException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.net.Dial;
import dev.fairlead.net.Dialer;
import dev.fairlead.net.WebSocketTarget;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.jspecify.annotations.Nullable;

/** Dials, sends CONNECT and subscribes; the outcome is a session. */
final class MqttOpening implements Opening<TransportSession> {
  /** IoT Hub's current version; without one, twin and methods do not work. */
  private static final String API_VERSION = "2021-04-12";

  private static final WebSocketTarget WEB_SOCKET =
      new WebSocketTarget("/$iothub/websocket", "mqtt");

  /** With a token: the hub then does not ask for a client certificate. */
  private static final WebSocketTarget WEB_SOCKET_NO_CERTIFICATE =
      new WebSocketTarget("/$iothub/websocket?iothub-no-client-cert=true", "mqtt");

  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();
  private final @Nullable MqttSession session;

  MqttOpening(MqttOptions options, SessionContext context, boolean webSocket) {
    HubException impossible = obstacle(context);
    if (impossible == null) {
      session = begin(options, context, webSocket);
    } else {
      session = null;
      outcome.completeExceptionally(impossible);
    }
  }

  private @Nullable MqttSession begin(
      MqttOptions options, SessionContext context, boolean webSocket) {
    MqttFailures failures =
        new MqttFailures(context.identity().toString(), context.endpoint(), context.credential());
    Dial dial = dial(options.dialer().proxy(context.proxy()), context, webSocket);
    try {
      MqttSession begun = new MqttSession(options, context, failures, dial, outcome);
      context.loop().execute(() -> begun.connect(connectPacket(options, context)));
      return begun;
    } catch (MqttException e) {
      outcome.completeExceptionally(failures.notOpened(e));
      return null;
    }
  }

  /** What MQTT cannot carry of this session; null if it can carry everything. */
  private static @Nullable HubException obstacle(SessionContext context) {
    DeviceIdentity identity = context.identity();
    if (!Topics.carries(identity)) {
      return new UnsupportedException(
          "MQTT cannot carry the id "
              + identity
              + " because + and # are wildcards in its topics. Use an AMQP or HTTPS route for this"
              + " device.");
    }
    HubException userName =
        tooLong("user name (host, id, user agent and model id)", userName(context));
    if (userName != null) {
      return userName;
    }
    return context.credential() instanceof Credential.Token token
        ? tooLong("token", token.text().reveal())
        : null;
  }

  /**
   * Paho writes the lengths of CONNECT's fields as 16 bits and does not check them. Ids are short,
   * and {@link MqttOptions} checks the will.
   */
  private static @Nullable HubException tooLong(String what, String field) {
    int bytes = field.getBytes(StandardCharsets.UTF_8).length;
    return bytes <= Topics.MAX_TEXT_BYTES
        ? null
        : new UnsupportedException(
            "The "
                + what
                + " takes "
                + bytes
                + " bytes, and MQTT carries at most "
                + Topics.MAX_TEXT_BYTES
                + ". Make it shorter, or use an AMQP route.");
  }

  private static Dial dial(Dialer dialer, SessionContext context, boolean webSocket) {
    if (context.credential() instanceof Credential.Certificate certificate) {
      return webSocket
          ? dialer.dialWebSocket(context.endpoint(), Optional.of(certificate), WEB_SOCKET)
          : dialer.dial(context.endpoint(), Optional.of(certificate));
    }
    return webSocket
        ? dialer.dialWebSocket(context.endpoint(), Optional.empty(), WEB_SOCKET_NO_CERTIFICATE)
        : dialer.dial(context.endpoint(), Optional.empty());
  }

  private static MqttConnectOptions connectPacket(MqttOptions options, SessionContext context) {
    MqttConnectOptions packet = new MqttConnectOptions();
    packet.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
    packet.setAutomaticReconnect(false);
    // The hub keeps the subscriptions then, and sends queued messages right after CONNACK. Messages
    // that were not acknowledged are sent again as new, with another packet id and without DUP,
    // although [MQTT-4.4.0-1] requires the same: the outbox outlives the session and may use
    // another route. That is harmless, because the hub keeps no state of the messages it receives
    // at QoS 1; it treats a repetition as a separate message in either form.
    packet.setCleanSession(false);
    packet.setKeepAliveInterval((int) options.keepAlive().toSeconds());
    // Telemetry is limited by the window; twin requests and method answers are sent outside it, at
    // QoS 0.
    packet.setMaxInflight(options.window() + 2);
    packet.setUserName(userName(context));
    if (context.credential() instanceof Credential.Token token) {
      packet.setPassword(token.text().reveal().toCharArray());
    }
    options
        .will()
        .ifPresent(
            will ->
                packet.setWill(
                    new Topics(context.identity()).telemetry(will), will.body(), 1, false));
    return packet;
  }

  /** {@code {host}/{id}/?api-version=…&DeviceClientType=…&model-id=…}. */
  static String userName(SessionContext context) {
    StringBuilder name =
        new StringBuilder(context.hubHost())
            .append('/')
            .append(context.identity())
            .append("/?api-version=")
            .append(API_VERSION)
            .append("&DeviceClientType=");
    PropertyBag.encodeText(name, context.userAgent());
    context.modelId().ifPresent(id -> PropertyBag.encodeText(name.append("&model-id="), id));
    return name.toString();
  }

  @Override
  public CompletionStage<TransportSession> outcome() {
    return outcome;
  }

  @Override
  public void abort() {
    if (session != null) {
      session.cut(new MqttFailures.Aborted());
    }
  }

  @Override
  public String step() {
    return session == null ? "nothing, because the opening has failed" : session.step();
  }
}
