package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.auth.CertificateRotation;
import dev.fairlead.auth.CertificateSource;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.auth.Credentials;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The files of a certificate are replaced while telemetry flows, on each route that takes one. */
@Timeout(120)
class CertificateRotationTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int ROTATIONS = 3;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"MQTT", "MQTT_WS", "AMQP", "HTTPS"})
  void nothingIsLostOrRepeatedWhenCertificatesChange(TransportUnderTest route) throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      ClientIdentity one = hub.selfSignedClientCertificate("dev-x");
      ClientIdentity other = hub.selfSignedClientCertificate("dev-x");
      hub.createDevice(
          "dev-x", DeviceAuth.thumbprints(one.thumbprintSha256(), other.thumbprintSha256()));
      write(one);
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      try (DeviceClient client = client(hub, route)) {
        client.blocking(LIMIT).open();
        for (int i = 1; i <= ROTATIONS; i++) {
          Instant since = ((Connected) client.state()).since();
          write(i % 2 == 0 ? one : other);
          while (!(client.state() instanceof Connected now && now.since().isAfter(since))) {
            byte[] body = Integer.toString(sent.size()).getBytes(StandardCharsets.US_ASCII);
            sent.add(client.send(TelemetryMessage.of(body)));
            if (sent.size() % 20 == 0) {
              TimeUnit.MILLISECONDS.sleep(10); // Paces the sender; no check depends on it.
            }
          }
        }
        Awaitility.await()
            .atMost(LIMIT)
            .until(() -> sent.stream().allMatch(CompletableFuture::isDone));
      }

      assertThat(sent).noneMatch(CompletableFuture::isCompletedExceptionally);
      List<Integer> arrived =
          hub.telemetry().receivedFrom("dev-x").stream()
              .map(each -> Integer.valueOf(new String(each.body(), StandardCharsets.US_ASCII)))
              .toList();
      System.out.printf("%s: %d messages, %d changes%n", route, arrived.size(), ROTATIONS);
      assertThat(arrived).hasSameSizeAs(sent).isSorted().doesNotHaveDuplicates();
    }
  }

  private DeviceClient client(LocalHub hub, TransportUnderTest route) {
    return DeviceClient.builder()
        .host(hub.hostName())
        .identity(DeviceIdentity.device("dev-x"))
        .credentials(
            Credentials.certificates(
                CredentialKind.X509_THUMBPRINT,
                CertificateSource.pemFiles(
                    CredentialKind.X509_THUMBPRINT,
                    folder.resolve("device.pem"),
                    folder.resolve("device.key")),
                CertificateRotation.builder()
                    .checkInterval(Duration.ofSeconds(1))
                    .moveWithin(Duration.ofSeconds(1))
                    .build()))
        .policy(TransportPolicy.builder().only(route.protocol()).developmentMode().build())
        .transport(route.transport(TransportUnderTest.DIALER))
        .endpoint(route.protocol(), route.endpoint(hub))
        .retry(RetryPolicy.eager())
        .build();
  }

  /** One file after the other, so that for a moment they do not match. */
  private void write(ClientIdentity identity) throws Exception {
    Files.writeString(folder.resolve("device.pem"), identity.chainPem());
    Files.writeString(folder.resolve("device.key"), identity.keyPem());
  }
}
