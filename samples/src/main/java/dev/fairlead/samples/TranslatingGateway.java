package dev.fairlead.samples;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.mqtt.MqttEndpoint;
import io.vertx.mqtt.MqttServer;
import io.vertx.mqtt.MqttServerOptions;
import io.vertx.mqtt.messages.MqttPublishMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/**
 * A gateway that translates: plain MQTT from sensors on the local network in, AMQP with one
 * identity for each sensor out. A sensor receives its PUBACK when the hub has acknowledged the
 * message, so a sensor that keeps unacknowledged messages loses nothing if any part fails. Messages
 * from the cloud take the opposite direction and are completed once they are forwarded to the
 * sensor.
 */
public final class TranslatingGateway {
  private static final List<String> SENSORS = List.of("door", "lamp", "window");

  private final Gateway gateway;
  private final Map<String, String> connectionStrings;

  private TranslatingGateway(Gateway gateway, Map<String, String> connectionStrings) {
    this.gateway = gateway;
    this.connectionStrings = connectionStrings;
  }

  /**
   * Runs the sample.
   *
   * @param args none
   * @throws Exception if the sample fails or does not finish in time
   */
  public static void main(String[] args) throws Exception {
    Vertx vertx = Vertx.vertx();
    try (LocalHub hub = LocalHub.start();
        Gateway gateway =
            Gateway.builder()
                .policy(TransportPolicy.gateway(SENSORS.size()))
                .endpoint(Protocol.AMQP, at(hub, hub.amqpPort()))
                .endpoint(Protocol.AMQP_WS, at(hub, hub.httpsPort()))
                .build()) {
      Map<String, String> connectionStrings = new TreeMap<>();
      SENSORS.forEach(
          name -> connectionStrings.put(name, hub.createDevice(name).connectionString()));
      // Plain MQTT, for a trusted local network only; here it listens on loopback.
      MqttServer server =
          MqttServer.create(vertx, new MqttServerOptions().setHost("127.0.0.1").setPort(0))
              .endpointHandler(new TranslatingGateway(gateway, connectionStrings)::sensorConnected)
              .listen()
              .toCompletionStage()
              .toCompletableFuture()
              .get(10, TimeUnit.SECONDS);

      try (LocalSensor door = new LocalSensor("door", server.actualPort());
          LocalSensor lamp = new LocalSensor("lamp", server.actualPort());
          LocalSensor window = new LocalSensor("window", server.actualPort())) {
        door.publish("open");
        lamp.publish("off");
        window.publish("closed");
        say(
            "cloud",
            "messages received: "
                + hub.telemetry().await(SENSORS.size(), Duration.ofSeconds(10)).size());
        say(
            "cloud",
            "feedback for the message to the lamp: "
                + hub.device("lamp")
                    .orElseThrow()
                    .sendCloudMessage(CloudToDeviceMessage.of("on"))
                    .feedback()
                    .get(10, TimeUnit.SECONDS));
        say("gateway", gateway.status());
      }
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
  }

  private static Endpoint at(LocalHub hub, int port) {
    return new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate())));
  }

  private void sensorConnected(MqttEndpoint sensor) {
    String connectionString = connectionStrings.get(sensor.clientIdentifier());
    if (connectionString == null) {
      sensor.reject(MqttConnectReturnCode.CONNECTION_REFUSED_IDENTIFIER_REJECTED);
      return;
    }
    Context context = Vertx.currentContext();
    DeviceClient device =
        gateway
            .device(connectionString)
            .onCloudMessage(message -> context.runOnContext(now -> forward(message, sensor)))
            .build();
    device.open().exceptionally(failure -> failed(sensor, failure));
    sensor
        .subscribeHandler(
            wish -> sensor.subscribeAcknowledge(wish.messageId(), List.of(MqttQoS.AT_MOST_ONCE)))
        .publishHandler(message -> send(device, message, sensor, context))
        .closeHandler(gone -> leave(device, sensor))
        .accept(false);
  }

  private static Void failed(MqttEndpoint sensor, Throwable failure) {
    say("gateway", sensor.clientIdentifier() + ": " + failure.getMessage());
    return null;
  }

  private static void leave(DeviceClient device, MqttEndpoint sensor) {
    device
        .close(Duration.ofSeconds(5))
        .thenRun(() -> say("gateway", sensor.clientIdentifier() + " disconnected"))
        .exceptionally(failure -> failed(sensor, failure));
  }

  private static void send(
      DeviceClient device, MqttPublishMessage message, MqttEndpoint sensor, Context context) {
    device
        .send(
            TelemetryMessage.builder()
                .body(message.payload().getBytes())
                .property("topic", message.topicName())
                .build())
        .thenRun(
            () ->
                context.runOnContext(
                    now -> {
                      if (message.qosLevel() == MqttQoS.AT_LEAST_ONCE && sensor.isConnected()) {
                        sensor.publishAcknowledge(message.messageId());
                      }
                    }))
        .exceptionally(
            failure -> {
              // No PUBACK is sent, so the sensor keeps the message and sends it again.
              say("gateway", message.topicName() + " was not accepted: " + failure.getMessage());
              return null;
            });
  }

  private static void forward(CloudMessage message, MqttEndpoint sensor) {
    if (!sensor.isConnected()) {
      message.abandon();
      return;
    }
    sensor.publish("command", Buffer.buffer(message.body()), MqttQoS.AT_MOST_ONCE, false, false);
    message.complete();
  }

  private static void say(String who, Object what) {
    System.out.printf("%-7s %s%n", who, what);
  }

  /** A sensor that speaks plain MQTT only. */
  private static final class LocalSensor implements AutoCloseable {
    private final String name;
    private final MqttClient client;

    LocalSensor(String name, int port) throws MqttException {
      this.name = name;
      client = new MqttClient("tcp://127.0.0.1:" + port, name, new MemoryPersistence());
      client.connect();
      client.subscribe("command", (topic, message) -> say(name, "received: " + message));
    }

    void publish(String state) throws MqttException {
      // Returns with the PUBACK, which is sent only when the hub has acknowledged the message.
      client.publish(
          "sensors/" + name + "/state", state.getBytes(StandardCharsets.UTF_8), 1, false);
      say(name, "sent \"" + state + "\", acknowledged by the hub");
    }

    @Override
    public void close() throws MqttException {
      client.disconnect();
      client.close();
    }
  }
}
