package dev.fairlead.samples;

import dev.fairlead.CloudMessage;
import dev.fairlead.DesiredChange;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.sqlite.SqliteOutboxStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A device connects: it prints its route and the reason, sends its vitals, completes a C2D message,
 * answers a direct method, and lets a desired property set how often it samples. Against a local
 * hub, or against your own if {@code IOTHUB_DEVICE_CONNECTION_STRING} holds its device connection
 * string; in that case it runs until you stop it, and keeps its outbox in the file that {@code
 * FAIRLEAD_OUTBOX} names, if it is set.
 */
public final class Quickstart {
  private final DeviceClient client;
  private final CountDownLatch intervalReported = new CountDownLatch(1);
  private volatile Duration interval = Duration.ofMillis(400);

  private Quickstart(DeviceClientBuilder builder) {
    client =
        builder
            .onConnectionState(state -> say("device", state))
            .onCloudMessage(this::message)
            .onMethod("blink", this::blink)
            .onDesiredProperties(this::desired)
            .build();
  }

  /**
   * Runs the sample.
   *
   * @param args none
   * @throws Exception if the sample fails or does not finish in time
   */
  public static void main(String[] args) throws Exception {
    String connectionString = System.getenv("IOTHUB_DEVICE_CONNECTION_STRING");
    if (connectionString != null) {
      DeviceClientBuilder builder = DeviceClient.builder(connectionString);
      String outbox = System.getenv("FAIRLEAD_OUTBOX");
      if (outbox != null) {
        builder.outboxStore(SqliteOutboxStore.open(Path.of(outbox)));
      }
      Quickstart device = new Quickstart(builder);
      Runtime.getRuntime().addShutdownHook(new Thread(device.client::close));
      device.connect();
      device.sendVitals(Integer.MAX_VALUE);
      return;
    }
    try (LocalHub hub = LocalHub.start()) {
      Device registered = hub.createDevice("quickstart");
      Quickstart device =
          new Quickstart(
              DeviceClient.builder(registered.connectionString())
                  .endpoint(Protocol.MQTT, at(hub, hub.mqttPort()))
                  .endpoint(Protocol.MQTT_WS, at(hub, hub.httpsPort()))
                  .endpoint(Protocol.AMQP, at(hub, hub.amqpPort()))
                  .endpoint(Protocol.AMQP_WS, at(hub, hub.httpsPort())));
      try {
        device.connect();
        device.sendVitals(3);
        playCloud(hub, registered, device);
        device.sendVitals(3);
      } finally {
        device.client.close();
      }
      say("cloud", hub.telemetry().received().size() + " telemetry messages have arrived. Done.");
    }
  }

  private static Endpoint at(LocalHub hub, int port) {
    return new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate())));
  }

  // ---- the device

  private void connect() {
    System.out.println(client.plan().explain());
    client.blocking(Duration.ofMinutes(2)).open();
  }

  private void sendVitals(int times) throws InterruptedException {
    for (int i = 0; i < times; i++) {
      String vitals = Vitals.read();
      client.blocking(Duration.ofMinutes(2)).send(TelemetryMessage.json(vitals));
      say("device", "the hub acknowledged " + vitals);
      Thread.sleep(interval.toMillis());
    }
  }

  private void message(CloudMessage message) {
    say("device", "C2D message: " + message.text() + " " + message.properties());
    message.complete();
  }

  private MethodResponse blink(MethodRequest request) {
    say("device", "direct method " + request.name() + " " + request.payload());
    return MethodResponse.ok("{\"blinked\":true}");
  }

  private void desired(DesiredChange change) {
    change
        .properties()
        .getLong("samplingMillis")
        .ifPresent(
            millis -> {
              interval = Duration.ofMillis(Math.max(50, millis));
              say("device", "the new sampling interval is " + interval.toMillis() + " ms");
              // A handler may wait for the client: futures complete on another thread.
              client
                  .blocking(Duration.ofMinutes(1))
                  .updateReportedProperties(Map.of("samplingMillis", interval.toMillis()));
              intervalReported.countDown();
            });
  }

  // ---- the cloud side, simulated by this program

  private static void playCloud(LocalHub hub, Device registered, Quickstart device)
      throws Exception {
    hub.telemetry().await(3, Duration.ofSeconds(10));
    SentMessage sent =
        registered.sendCloudMessage(
            CloudToDeviceMessage.of("water the plants").withProperty("room", "7"));
    say("cloud", "feedback for the C2D message: " + sent.feedback().get(10, TimeUnit.SECONDS));

    MethodResult result =
        registered
            .invokeMethod("blink", "{\"times\":3}", Duration.ofSeconds(5), Duration.ofSeconds(10))
            .get(15, TimeUnit.SECONDS);
    say("cloud", "the direct method returned " + result.status() + " " + result.payload());

    registered.updateDesired("{\"samplingMillis\":150}");
    if (!device.intervalReported.await(10, TimeUnit.SECONDS)) {
      throw new IllegalStateException("The device did not report its sampling interval.");
    }
    say("cloud", "the twin reports " + registered.twin().reported());
  }

  private static void say(String who, Object what) {
    System.out.printf("%-7s %s%n", who, what);
  }
}
