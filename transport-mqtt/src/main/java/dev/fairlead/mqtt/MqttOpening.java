package dev.fairlead.mqtt;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.UnsupportedException;
import dev.fairlead.net.Dial;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SessionOpening;
import dev.fairlead.spi.TransportSession;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.jspecify.annotations.Nullable;

/** Dials, says CONNECT and subscribes; the outcome is a session. */
final class MqttOpening implements SessionOpening {
  /** IoT Hub's current version; without one, twin and methods do not work. */
  private static final String API_VERSION = "2021-04-12";

  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();
  private final MqttFailures failures;
  private final @Nullable MqttSession session;

  MqttOpening(MqttOptions options, SessionContext context) {
    DeviceIdentity identity = context.identity();
    failures = new MqttFailures(identity.toString(), context.endpoint(), context.credential());
    session = Topics.carries(identity) ? begin(options, context) : null;
    if (session == null && !outcome.isDone()) {
      outcome.completeExceptionally(
          new UnsupportedException(
              "MQTT cannot carry the id "
                  + identity
                  + ": + and # are wildcards in its topics. Use an AMQP or HTTPS route for this"
                  + " device."));
    }
  }

  private @Nullable MqttSession begin(MqttOptions options, SessionContext context) {
    Credential credential = context.credential();
    Dial dial =
        options
            .dialer()
            .proxy(context.proxy())
            .dial(
                context.endpoint(),
                credential instanceof Credential.Certificate certificate
                    ? Optional.of(certificate)
                    : Optional.empty());
    try {
      MqttSession begun = new MqttSession(options, context, failures, dial, outcome);
      context.loop().execute(() -> begun.connect(connectPacket(options, context)));
      return begun;
    } catch (MqttException e) {
      outcome.completeExceptionally(failures.notOpened(e));
      return null;
    }
  }

  private static MqttConnectOptions connectPacket(MqttOptions options, SessionContext context) {
    MqttConnectOptions packet = new MqttConnectOptions();
    packet.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
    packet.setAutomaticReconnect(false);
    // The hub keeps the subscriptions then, and what came meanwhile is sent right after CONNACK.
    packet.setCleanSession(false);
    packet.setKeepAliveInterval((int) options.keepAlive().toSeconds());
    // Telemetry keeps to the window; twin requests and method answers go beside it, at QoS 0.
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
  public CompletionStage<TransportSession> session() {
    return outcome;
  }

  @Override
  public void abort() {
    if (session != null) {
      session.cut(new MqttFailures.Aborted());
    }
  }
}
