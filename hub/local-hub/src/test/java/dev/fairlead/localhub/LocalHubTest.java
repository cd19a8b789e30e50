package dev.fairlead.localhub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LocalHubTest {

  /** A strict client: trusts only the hub's CA, checks dates and the host name. */
  private static X509Certificate handshake(LocalHub hub, String name) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", hub.caCertificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    try (Socket tcp = new Socket(InetAddress.getLoopbackAddress(), hub.mqttPort());
        SSLSocket tls =
            (SSLSocket) context.getSocketFactory().createSocket(tcp, name, hub.mqttPort(), true)) {
      SSLParameters parameters = tls.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      tls.setSSLParameters(parameters);
      tls.startHandshake();
      return (X509Certificate) tls.getSession().getPeerCertificates()[0];
    }
  }

  @Test
  void showsACertificateForAllItsNames() throws Exception {
    LocalHubOptions options =
        LocalHubOptions.defaults()
            .hostName("hub.example.net")
            .extraServerNames(List.of("gateway.example.net"));
    try (LocalHub hub = LocalHub.start(options)) {
      for (String name :
          List.of("hub.example.net", "gateway.example.net", "localhost", "127.0.0.1", "::1")) {
        handshake(hub, name);
      }
      assertThat(hub.createDevice("d").connectionString())
          .startsWith("HostName=hub.example.net;DeviceId=d;SharedAccessKey=");
    }
  }

  static List<ServerCertificate> badCertificates() {
    return List.of(
        ServerCertificate.wrongHost(),
        ServerCertificate.expired(),
        ServerCertificate.notYetValid(),
        ServerCertificate.selfSigned(),
        ServerCertificate.unknownCa());
  }

  @ParameterizedTest
  @MethodSource("badCertificates")
  void showsBadCertificatesOnRequest(ServerCertificate certificate) {
    try (LocalHub hub = LocalHub.start(LocalHubOptions.defaults().serverCertificate(certificate))) {
      assertThatThrownBy(() -> handshake(hub, "localhost"))
          .isInstanceOf(SSLHandshakeException.class);
    }
  }

  @Test
  void theStateDirectoryKeepsTheCa(@TempDir Path directory) throws IOException {
    LocalHubOptions options = LocalHubOptions.defaults().stateDirectory(directory.resolve("state"));
    X509Certificate first;
    try (LocalHub hub = LocalHub.start(options)) {
      first = hub.caCertificate();
      assertThat(Files.readString(hub.caFile())).isEqualTo(hub.caPem());
    }
    try (LocalHub hub = LocalHub.start(options)) {
      assertThat(hub.caCertificate()).isEqualTo(first);
    }
    assertThat(Files.getPosixFilePermissions(directory.resolve("state/ca-key.pem"))).hasSize(2);
    Files.writeString(directory.resolve("state/ca.pem"), "not a certificate");
    assertThatThrownBy(() -> LocalHub.start(options))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("Delete ca.pem");
  }

  @Test
  void closingLeavesNothingBehind() throws IOException {
    LocalHub hub = LocalHub.start();
    int port = hub.mqttPort();
    Path caFile = hub.caFile();
    hub.close();
    hub.close();
    assertThat(caFile).doesNotExist();
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
    await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("local-hub-io")));
    assertThatThrownBy(hub::goOnline).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void saysSoWhenAPortIsTaken() {
    try (LocalHub first = LocalHub.start()) {
      assertThatThrownBy(
              () -> LocalHub.start(LocalHubOptions.defaults().mqttPort(first.mqttPort())))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("port " + first.mqttPort() + " on 127.0.0.1")
          .hasMessageContaining("choose another port");
    }
  }

  @Test
  void managesIdentities() {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("d");
      Device module = device.createModule("m");
      assertThat(hub.device("d")).contains(device);
      assertThat(hub.module("d", "m")).contains(module);
      assertThat(module.connectionString())
          .contains(";DeviceId=d;ModuleId=m;SharedAccessKey=" + module.primaryKey());
      assertCode(409001, () -> hub.createDevice("d"));
      assertCode(409301, () -> device.createModule("m"));
      assertCode(400301, () -> module.createModule("n"));
      assertCode(400003, () -> module.sendCloudMessage(CloudToDeviceMessage.of("x")));
      assertThatThrownBy(() -> hub.createDevice("a b"))
          .isInstanceOf(IllegalArgumentException.class);
      SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
      hub.deleteDevice("d");
      assertThat(sent.feedback()).isCompletedWithValue(Feedback.PURGED);
      assertThat(hub.device("d")).isEmpty();
      assertThat(hub.module("d", "m")).isEmpty();
      assertCode(404001, () -> device.updateDesired("{}"));
      assertCode(404010, module::twin);
      Device x509 = hub.createDevice("x", DeviceAuth.signedByCa());
      assertThat(x509.connectionString()).isEqualTo("HostName=localhost;DeviceId=x;x509=true");
      assertThatThrownBy(x509::primaryKey).isInstanceOf(IllegalStateException.class);
    }
  }

  private static void assertCode(
      int code, org.assertj.core.api.ThrowableAssert.ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(LocalHubException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void tellsNoSecrets() {
    DeviceAuth auth = DeviceAuth.randomKeys();
    String key = ((DeviceAuth.SymmetricKeys) auth).primary();
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("d", auth);
      assertThat(auth + " " + device + " " + hub + " " + hub.healthSummary()).doesNotContain(key);
      assertThatThrownBy(() -> DeviceAuth.keys("not!base64", key))
          .hasMessageNotContaining("not!base64");
    }
  }

  @Test
  void awaitingTelemetryThatDoesNotComeFailsWithTheCount() {
    try (LocalHub hub = LocalHub.start()) {
      assertThatThrownBy(() -> hub.telemetry().await(1, Duration.ofMillis(10)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("has received 0");
    }
  }
}
