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
 * wakes it sends what it gathered, in one request, asks for messages if the rule allows that again,
 * and sleeps. The time of its last poll is kept on disk, so the rule holds across its sleep. To
 * have something to see, one poll in 6 seconds is allowed here in place of one in 25 minutes.
 */
public final class IntermittentDevice {
  private static final int WAKES = 4;

  private IntermittentDevice() {}

  /**
   * Runs the sample.
   *
   * @param args none
   * @throws Exception if the story does not come to its end
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
    CountDownLatch told = new CountDownLatch(1);
    try (DeviceClient client =
        DeviceClient.fromConnectionString(registered.connectionString())
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
                  say("is told: " + message.text());
                  message.complete();
                  told.countDown();
                })
            .build()) {
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (int hour = 1; hour <= 24; hour++) {
        sent.add(
            client.send(TelemetryMessage.json("{\"wake\":" + wake + ",\"hour\":" + hour + "}")));
      }
      client.blocking(Duration.ofSeconds(30)).open();
      sent.forEach(CompletableFuture::join);
      say("awake for the " + wake + ". time, the hub has " + sent.size() + " readings more");
      // Long enough for a poll, if one is due.
      told.await(1, TimeUnit.SECONDS);
    }
  }

  private static void say(String what) {
    System.out.println("device  " + what);
  }
}
