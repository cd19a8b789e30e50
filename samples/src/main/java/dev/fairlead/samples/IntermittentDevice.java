package dev.fairlead.samples;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.https.HttpsOptions;
import dev.fairlead.https.HttpsTransport;
import dev.fairlead.https.PollSchedule;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A device that sleeps most of the time, behind a firewall that passes HTTPS only. Each time it
 * wakes up it sends the collected readings in one request, polls for messages if 25 minutes have
 * passed since the last poll, and sleeps again. The time of its last poll is stored on disk, so the
 * limit holds while it sleeps. To keep the sample short, the interval is 6 seconds here.
 */
public final class IntermittentDevice {
  private static final int WAKES = 4;

  private IntermittentDevice() {}

  /**
   * Runs the sample.
   *
   * @param args none
   * @throws Exception if the sample fails or does not finish in time
   */
  public static void main(String[] args) throws Exception {
    Path state = Files.createTempDirectory("fairlead-polls");
    try (LocalHub hub = LocalHub.start()) {
      Device registered = hub.createDevice("weather-station");
      registered.sendCloudMessage(CloudToDeviceMessage.of("wipe the lens"));
      for (int wake = 1; wake <= WAKES; wake++) {
        awake(wake, hub, registered, state);
        say("asleep");
        TimeUnit.SECONDS.sleep(2);
      }
    }
  }

  private static void awake(int wake, LocalHub hub, Device registered, Path state)
      throws InterruptedException {
    CountDownLatch received = new CountDownLatch(1);
    try (DeviceClient client =
        DeviceClient.builder(registered.connectionString())
            .policy(
                TransportPolicy.builder()
                    .only(Protocol.HTTPS)
                    .rarelyConnected(true)
                    .developmentMode()
                    .build())
            // In the field: PollSchedule.standard(), which is the default.
            .transport(
                new HttpsTransport(
                    HttpsOptions.builder()
                        .polls(
                            PollSchedule.development(Duration.ofSeconds(6)).stateDirectory(state))
                        .build()))
            .endpoint(
                Protocol.HTTPS,
                new Endpoint(
                    "localhost", hub.httpsPort(), Trust.only(List.of(hub.caCertificate()))))
            .onCloudMessage(
                message -> {
                  say("received: " + message.text());
                  message.complete();
                  received.countDown();
                })
            .build()) {
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (int hour = 1; hour <= 24; hour++) {
        sent.add(
            client.send(TelemetryMessage.json("{\"wake\":" + wake + ",\"hour\":" + hour + "}")));
      }
      client.blocking(Duration.ofSeconds(30)).open();
      sent.forEach(CompletableFuture::join);
      say("wake-up " + wake + ": the hub has acknowledged " + sent.size() + " more readings");
      // Long enough for one poll, if it is due.
      received.await(1, TimeUnit.SECONDS);
    }
  }

  private static void say(String what) {
    System.out.println("device  " + what);
  }
}
