package dev.fairlead.samples;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.FileUpload;
import dev.fairlead.Protocol;
import dev.fairlead.Trust;
import dev.fairlead.UploadResult;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Uploads a file to the hub's storage account and draws the progress. The upload uses HTTPS, while
 * everything else uses the device's route, here MQTT. The file is the only argument; without one,
 * the sample makes a file of 24 MB.
 */
public final class UploadWithProgress {
  private static final int WIDTH = 40;

  private UploadWithProgress() {}

  /**
   * Runs the sample.
   *
   * @param args a file, or none
   * @throws Exception if the upload fails
   */
  public static void main(String[] args) throws Exception {
    Path file = args.length == 0 ? someFile() : Path.of(args[0]);
    try (LocalHub hub = LocalHub.start();
        DeviceClient client =
            DeviceClient.builder(hub.createDevice("camera").connectionString())
                .policy(TransportPolicy.builder().fileUpload(true).build())
                .endpoint(Protocol.MQTT, at(hub, hub.mqttPort()))
                .endpoint(Protocol.HTTPS, at(hub, hub.httpsPort()))
                .build()) {
      UploadResult result =
          client
              .uploadFile(
                  FileUpload.of("pictures/" + file.getFileName(), file)
                      .onProgress(UploadWithProgress::draw))
              .get(10, TimeUnit.MINUTES);
      System.out.printf("%n%s has %,d bytes%n", result.blobName(), result.bytes());
    }
  }

  private static void draw(long bytes, OptionalLong total) {
    long all = Math.max(1, total.orElse(bytes));
    int done = (int) (bytes * WIDTH / all);
    System.out.printf(
        "\r[%s%s] %3d %%", "#".repeat(done), " ".repeat(WIDTH - done), bytes * 100 / all);
    System.out.flush();
  }

  private static Endpoint at(LocalHub hub, int port) {
    return new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate())));
  }

  private static Path someFile() throws IOException {
    Path file = Files.createTempFile("fairlead-", ".bin");
    file.toFile().deleteOnExit();
    return Files.write(file, new byte[24 * 1024 * 1024]);
  }
}
