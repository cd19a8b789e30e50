package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.auth.ClientCertificate;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.auth.Credentials;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.UndocumentedAmqpBehavior;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.net.Connection;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.Credential;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A device whose key never leaves its security module, on every route. */
@Timeout(120)
class SecurityModuleTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private enum Key {
    EC(new ECGenParameterSpec("secp256r1")),
    RSA(new RSAKeyGenParameterSpec(2048, RSAKeyGenParameterSpec.F4));

    private final AlgorithmParameterSpec parameters;

    Key(AlgorithmParameterSpec parameters) {
      this.parameters = parameters;
    }
  }

  private static SoftHsm module;
  private static LocalHub hub;
  private static TestCa.Issued root;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    module = SoftHsm.start(directory);
    hub =
        LocalHub.start(
            LocalHubOptions.defaults()
                .undocumented(
                    UndocumentedBehavior.builder()
                        .amqp(
                            UndocumentedAmqpBehavior.builder()
                                .certificatesOverWebSockets(true)
                                .build())
                        .build()));
    root = TestCa.root("device CA");
  }

  @AfterAll
  static void stop() {
    if (hub != null) {
      hub.close();
    }
    if (module != null) {
      module.close();
    }
  }

  static Stream<Arguments> keysAndRoutes() {
    return Stream.of(Key.values())
        .flatMap(key -> Stream.of(TransportUnderTest.values()).map(to -> Arguments.of(key, to)));
  }

  private static X509Certificate newKey(String alias, Key key) throws Exception {
    X509Certificate certificate =
        module.newKey(
            alias, key.name(), key.parameters, pair -> TestCa.leafFor(pair.getPublic(), root));
    assertThat(module.store().getKey(alias, null).getEncoded()).as("exported").isNull();
    return certificate;
  }

  private static ClientCertificate inside(String alias) {
    return ClientCertificate.keyStore(
        CredentialKind.X509_THUMBPRINT, module.store(), SoftHsm.PIN, alias);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("keysAndRoutes")
  void theKeySignsOnEveryRouteAndStaysInTheModule(Key key, TransportUnderTest transport)
      throws Exception {
    String id = "hsm-" + key + "-" + transport;
    Device device = hub.createDevice(id, DeviceAuth.thumbprintOf(newKey(id, key)));
    DeviceClient client =
        DeviceClient.builder()
            .host(hub.hostName())
            .identity(DeviceIdentity.device(id))
            .credentials(Credentials.certificate(inside(id)))
            .policy(TransportPolicy.builder().only(transport.protocol()).build())
            .transport(transport.transport(TransportUnderTest.DIALER))
            .endpoint(transport.protocol(), transport.endpoint(hub))
            .build();
    try {
      client.blocking(SOON).open();
      client
          .blocking(SOON)
          .send(TelemetryMessage.of("signed inside".getBytes(StandardCharsets.UTF_8)));
      assertThat(hub.telemetry().receivedFrom(device.deviceId())).hasSize(1);
    } finally {
      client.close();
    }
  }

  /** The local hub speaks TLS 1.3; the cloud's classic host names speak TLS 1.2. */
  @ParameterizedTest
  @EnumSource
  void theKeySignsInTls12(Key key) throws Exception {
    String alias = "hsm-tls12-" + key;
    newKey(alias, key);
    TestCa.Issued server = TestCa.leaf(root, "localhost");
    try (ScriptedPeer peer =
        ScriptedPeer.builder()
            .tls(server.server(root.certificate()))
            .adjust(socket -> socket.setEnabledProtocols(new String[] {"TLSv1.2"}))
            .requireClientCertificate()
            .start(ScriptedPeer.GREETING)) {
      Trust trust = Trust.only(List.of(root.certificate()));
      ClientCertificate certificate = inside(alias);
      PrivateKey same = (PrivateKey) module.store().getKey(alias, null);
      Connection connection =
          TransportUnderTest.DIALER
              .dial(
                  new Endpoint("localhost", peer.port(), trust),
                  Optional.of(new Credential.Certificate(certificate.chain(), same)))
              .connect();
      assertThat(connection.input().read()).isEqualTo('!');
      connection.cut();
    }
  }
}
