package dev.fairlead;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustTest {
  @TempDir Path directory;

  private Path file(String content) throws Exception {
    return Files.writeString(directory.resolve("anchors.pem"), content);
  }

  private static String twoAnchors() throws Exception {
    try (InputStream in = TrustTest.class.getResourceAsStream("two-anchors.pem")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), US_ASCII);
    }
  }

  @Test
  void readsEveryCertificateOfAFile() throws Exception {
    Trust trust = Trust.pem(file(twoAnchors()));

    KeyStore store = trust.keyStore().orElseThrow();
    assertThat(store.size()).isEqualTo(2);
    assertThat(((X509Certificate) store.getCertificate("anchor-1")).getSubjectX500Principal())
        .hasToString("CN=second test anchor");
    assertThat(trust).hasToString("2 given certificate(s)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
      })
  void namesAFileWithoutACertificate(String content) throws Exception {
    Path file = file(content);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trust.pem(file))
        .withMessageContaining(file.toString())
        .withMessageContaining("BEGIN CERTIFICATE");
  }

  @Test
  void refusesAFileOfWhichAPartIsBroken() throws Exception {
    Path file =
        file(twoAnchors() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trust.pem(file))
        .withMessageContaining(file.toString());
  }

  @Test
  void namesAFileThatIsNotThere() {
    Path file = directory.resolve("nowhere.pem");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trust.pem(file))
        .withMessageContaining(file.toString())
        .withMessageContaining("NoSuchFile");
  }

  @Test
  void namesADirectory() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trust.pem(directory))
        .withMessageContaining(directory.toString());
  }

  @Test
  void trustsThePlatformWithoutAStoreOfItsOwn() {
    assertThat(Trust.platform().keyStore()).isEmpty();
    assertThat(Trust.platform()).hasToString("the platform's trust store");
  }

  @Test
  void doesNotTrustNobody() {
    assertThatIllegalArgumentException().isThrownBy(() -> Trust.only(List.of()));
  }
}
