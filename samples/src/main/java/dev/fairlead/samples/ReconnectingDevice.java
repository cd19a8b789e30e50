package dev.fairlead.samples;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A device keeps sending while its hub goes offline and returns, three times. Nothing is lost, and
 * the order is kept; a message in flight when the connection was lost may arrive twice.
 */
public final class ReconnectingDevice {
  private static final int ROUNDS = 3;
  private static final int MESSAGES_A_ROUND = 50;

  private ReconnectingDevice() {}

  /**
   * Runs the sample.
   *
   * @param args none
   * @throws InterruptedException if it is interrupted
   */
  public static void main(String[] args) throws InterruptedException {
    try (LocalHub hub = LocalHub.start()) {
      Device registered = hub.createDevice("wanderer");
      try (DeviceClient client =
          DeviceClient.builder(registered.connectionString())
              .policy(TransportPolicy.builder().only(Protocol.MQTT, Protocol.MQTT_WS).build())
              .endpoint(Protocol.MQTT, at(hub, hub.mqttPort()))
              .endpoint(Protocol.MQTT_WS, at(hub, hub.httpsPort()))
              // For one device; a fleet should keep the default, which spreads its reconnects.
              .retry(RetryPolicy.eager())
              .onConnectionState(System.out::println)
              .build()) {
        client.blocking(Duration.ofMinutes(1)).open();
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
          send(client, sent, MESSAGES_A_ROUND / 2);
          hub.goOffline();
          System.out.println("--- the hub is offline; the device keeps sending");
          send(client, sent, MESSAGES_A_ROUND / 2);
          System.out.println("--- the hub is online again; " + client.outbox());
          hub.goOnline();
          CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).join();
        }
        System.out.println("All " + sent.size() + " messages are acknowledged: " + client.outbox());
      }
      List<Integer> arrived =
          hub.telemetry().received().stream()
              .map(record -> Integer.valueOf(new String(record.body(), StandardCharsets.UTF_8)))
              .distinct()
              .toList();
      List<Integer> inOrder = arrived.stream().sorted().toList();
      System.out.println(
          arrived.size() + " distinct messages have arrived, in order: " + arrived.equals(inOrder));
    }
  }

  private static Endpoint at(LocalHub hub, int port) {
    return new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate())));
  }

  private static void send(DeviceClient client, List<CompletableFuture<Void>> sent, int count)
      throws InterruptedException {
    for (int i = 0; i < count; i++) {
      String number = Integer.toString(sent.size());
      sent.add(client.send(TelemetryMessage.of(number.getBytes(StandardCharsets.UTF_8))));
      Thread.sleep(10);
    }
  }
}
