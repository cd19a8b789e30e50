package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.auth.ClientCertificate;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.auth.Credentials;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.ReasonCode;
import dev.fairlead.policy.TransportPolicy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hub that accepts certificates on some routes only: see docs/adr/0013. */
@Timeout(60)
class RefusedCertificateTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  @Test
  void whereTheHubRefusesTheCertificateTheNextRouteIsTried() throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      ClientIdentity identity = hub.selfSignedClientCertificate("dev-x");
      hub.createDevice("dev-x", DeviceAuth.thumbprintOf(identity.certificate()));
      DeviceClient client =
          DeviceClient.builder()
              .host(hub.hostName())
              .identity(DeviceIdentity.device("dev-x"))
              .credentials(
                  Credentials.certificate(
                      ClientCertificate.of(
                          CredentialKind.X509_THUMBPRINT, identity.chain(), identity.key())))
              .policy(TransportPolicy.builder().only(Protocol.AMQP_WS, Protocol.HTTPS).build())
              .transport(TransportUnderTest.AMQP_WS.transport(TransportUnderTest.DIALER))
              .transport(TransportUnderTest.HTTPS.transport(TransportUnderTest.DIALER))
              .endpoint(Protocol.AMQP_WS, TransportUnderTest.AMQP_WS.endpoint(hub))
              .endpoint(Protocol.HTTPS, TransportUnderTest.HTTPS.endpoint(hub))
              .build();
      try {
        assertThat(client.plan().notes())
            .anySatisfy(note -> assertThat(note.code()).isEqualTo(ReasonCode.X509_AMQP_WS));
        client.blocking(SOON).open();
        assertThat(client.state().route().orElseThrow().protocol()).isEqualTo(Protocol.HTTPS);
        client
            .blocking(SOON)
            .send(TelemetryMessage.of("by certificate".getBytes(StandardCharsets.UTF_8)));
        assertThat(hub.telemetry().receivedFrom("dev-x")).hasSize(1);
      } finally {
        client.close();
      }
    }
  }
}
