package dev.fairlead.auth;

import static dev.fairlead.auth.CredentialKind.X509_CA;
import static dev.fairlead.auth.CredentialKind.X509_THUMBPRINT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Progress;
import dev.fairlead.Secret;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.peers.OpaqueKeys;
import dev.fairlead.peers.TestCa;
import dev.fairlead.spi.Credential;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files are made by {@code make.sh} beside them. */
class ClientCertificateTest {
  private static final Secret PASSPHRASE = Secret.of("canary-passphrase");
  private static final Audience EC_DEVICE =
      new Audience("myhub.example.net", DeviceIdentity.device("dev,1"));

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ec.pem     | stranger.key     | does not match any of the certificates given: \"CN=\"dev,1\"",
        "ec.pem     | rsa-pkcs8.key    | does not match any",
        "rsa.pem    | ec-sec1.key      | does not match any",
        "issuer.pem | ec-sec1.key      | does not match any of the certificates given: \"CN=test issuer\"",
        "ec.pem     | ec-legacy.key    | Proc-Type: 4,ENCRYPTED), which is weak and no longer read; convert it with: openssl pkcs8",
        "ec.pem     | ec-encrypted.key | it is encrypted; give its passphrase",
        "ec.pem     | ec-curveless.key | does not name its curve; convert it with: openssl pkcs8",
        "ec.pem     | ed25519.key      | neither RSA nor EC",
        "ec.pem     | ec.pem           | There must be one private key in",
        "ec-sec1.key| ec-sec1.key      | There is no certificate in",
        "rsa.p12    | ec-sec1.key      | There is no PEM in",
        "ec.pem     | rsa.p12          | There is no PEM in",
      })
  void whatDoesNotFitIsNamedWithItsRemedy(String certificates, String key, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClientCertificate.pem(X509_THUMBPRINT, file(certificates), file(key)))
        .withMessageContaining(message)
        .satisfies(e -> assertShowsNothingOf(e, key));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ec-encrypted.key | canary-wrong | the passphrase given does not open it",
        "ec-encrypted.key | ''           | the passphrase given does not open it",
        "ec-encrypted.key | canary-ä     | passphrase", // newer platforms take it as UTF-8
        "ec-des3.key      | canary-passphrase | in a way this Java platform cannot read; convert it",
      })
  void anEncryptedKeyThatDoesNotOpenIsNamed(String key, String passphrase, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClientCertificate.pem(
                    X509_THUMBPRINT, file("ec.pem"), file(key), Secret.of(passphrase)))
        .withMessageContaining(message)
        .satisfies(e -> Canary.assertAbsentFrom(e, "canary"))
        .satisfies(e -> assertShowsNothingOf(e, key));
  }

  @Test
  void anEncryptedKeyThatWouldTakeHoursToOpenIsRefused() {
    byte[] sound = Base64.getMimeDecoder().decode(body("ec-encrypted.key"));
    byte[] slow = withIterations(Der.reader(sound), new byte[] {0x7f, -1, -1, -1});
    String key =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
            + Base64.getEncoder().encodeToString(slow)
            + "\n-----END ENCRYPTED PRIVATE KEY-----\n";

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClientCertificate.pem(X509_THUMBPRINT, text("ec.pem"), Secret.of(key), PASSPHRASE))
        .withMessageContaining("more than 10000000 iterations");
  }

  /** The number of iterations is the only integer in an encrypted key. */
  private static byte[] withIterations(Der reader, byte[] count) {
    byte[] all = {};
    while (reader.hasMore()) {
      Der.Element old = reader.next();
      byte[] content =
          switch (old.tag()) {
            case Der.INTEGER -> count;
            case Der.SEQUENCE -> withIterations(old.inside(), count);
            default -> old.content();
          };
      byte[] element = Der.element(old.tag(), content);
      int end = all.length;
      all = Arrays.copyOf(all, end + element.length);
      System.arraycopy(element, 0, all, end, element.length);
    }
    return all;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rsa.p12   | canary-wrong      | device | the password given does not open it",
        "rsa.p12   | canary-passphrase | other  | under the alias \"other\". Its aliases are [device]",
        "rsa.jks   | canary-passphrase | device | does not open the key under the alias \"device\"",
        "rsa.pem   | canary-passphrase | device | is not a PKCS #12 or JKS key store",
        "none.p12  | canary-passphrase | device | none.p12",
      })
  void aKeyStoreThatDoesNotServeIsNamed(
      String store, String password, String alias, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClientCertificate.keyStore(
                    X509_THUMBPRINT,
                    file("ec.pem").resolveSibling(store),
                    Secret.of(password),
                    alias))
        .withMessageContaining(message)
        .satisfies(e -> Canary.assertAbsentFrom(e, "canary"));
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClientCertificate.pem(
                    X509_THUMBPRINT, directory.resolve("none.pem"), file("ec-sec1.key")))
        .withMessageContaining("none.pem");
  }

  @Test
  void aFileBeyondAllReasonIsRefused() throws IOException {
    Path huge = directory.resolve("huge.pem");
    Files.write(huge, new byte[(1 << 20) + 1]);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClientCertificate.pem(X509_THUMBPRINT, huge, file("ec-sec1.key")))
        .withMessageContaining("more than 1048576");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-----END EC PRIVATE KEY----- | '' | does not end",
        "MHcCAQEE | MHcC*QEE | is not base64",
        "MHcCAQEE | MHYCAQEE | malformed",
        "MHcCAQEE | MP8CAQEE | malformed",
        "MHcCAQEE | MIcCAQEE | malformed",
        "MHcCAQEE | '' | malformed",
        "EC PRIVATE KEY | PRIVATE KEY | malformed",
        "EC PRIVATE KEY | RSA PRIVATE KEY | malformed",
        "EC PRIVATE KEY | ENCRYPTED PRIVATE KEY | in a way this Java platform cannot read",
        "EC PRIVATE KEY | OPENSSH PRIVATE KEY | not PKCS #8, SEC 1 (EC) or PKCS #1 (RSA)",
      })
  void aDamagedKeyIsNamed(String found, String replacement, String message) {
    String damaged = text("ec-sec1.key").replace(found, replacement);

    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClientCertificate.pem(
                    X509_THUMBPRINT, text("ec.pem"), Secret.of(damaged), PASSPHRASE))
        .withMessageContaining(message)
        .withMessageContaining("the text of the key")
        .satisfies(e -> assertShowsNothingOf(e, "ec-sec1.key"));
  }

  @Test
  void anyDamageToAKeyIsRefusedOrNamedAndNothingElse() {
    byte[] sound = Base64.getMimeDecoder().decode(body("ec-sec1.key"));
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = Arrays.copyOf(sound, 1 + random.nextInt(sound.length));
      damaged[random.nextInt(Math.min(damaged.length, 12))] = (byte) random.nextInt(256);
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      for (String label : List.of("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY")) {
        String pem =
            ("-----BEGIN %s-----\n%s\n-----END %s-----\n")
                .formatted(label, Base64.getEncoder().encodeToString(damaged), label);
        try {
          ClientCertificate.pem(X509_THUMBPRINT, text("ec.pem"), Secret.of(pem));
        } catch (IllegalArgumentException expected) {
          assertThat(expected).hasMessageContaining("key");
        }
      }
    }
  }

  @Test
  void twoKeysAreOneTooMany() {
    Secret two = Secret.of(text("ec-sec1.key") + text("ec-pkcs8.key"));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClientCertificate.pem(X509_THUMBPRINT, text("ec.pem"), two))
        .withMessageContaining("there are 2");
  }

  @Test
  void aCertificateOutsideOfTheChainIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> chain("ec.pem", "issuer.pem", "stranger.pem"))
        .withMessageContaining("CN=test stranger");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> chain("ec.pem", "root.pem"))
        .withMessageContaining("CN=test root")
        .withMessageContaining("add the missing issuer");
  }

  @Test
  void aChainBeyondAllReasonIsRefused() {
    PrivateKey key = PemText.of("x", text("ec-sec1.key")).privateKey(Optional.empty());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClientCertificate.of(X509_CA, List.of(), key))
        .withMessageContaining("1 to 16 certificates, not 0");
  }

  @Test
  void aKeyOfAnotherAlgorithmIsRefused() throws Exception {
    PrivateKey key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate();
    List<X509Certificate> certificates = PemText.of("x", text("ec.pem")).certificates();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClientCertificate.of(X509_CA, certificates, key))
        .withMessageContaining("use RSA or EC");
  }

  @Test
  void aCertificateIsNoSharedAccess() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClientCertificate.pem(
                    CredentialKind.SHARED_ACCESS, file("ec.pem"), file("ec-sec1.key")))
        .withMessageContaining("give X509_THUMBPRINT or X509_CA");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ec-sec1.key", "ec-pkcs8.key", "ec-curve-apart.key", "ec-encrypted.key"})
  void everyFormOfAnEcKeyIsRead(String key) {
    ClientCertificate certificate =
        ClientCertificate.pem(X509_THUMBPRINT, file("ec.pem"), file(key), PASSPHRASE);

    assertThat(names(certificate)).containsExactly("dev,1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rsa-pkcs1.key", "rsa-pkcs8.key"})
  void everyFormOfAnRsaKeyIsRead(String key) {
    ClientCertificate certificate =
        ClientCertificate.pem(X509_THUMBPRINT, file("rsa.pem"), file(key));

    assertThat(names(certificate)).containsExactly("dev-2");
    assertThat(certificate.kind()).isEqualTo(X509_THUMBPRINT);
    assertThat(certificate).hasToString("ClientCertificate[X509_THUMBPRINT, CN=dev-2]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\uFEFF", "Bag Attributes\n    friendlyName: device\n"})
  void oneTextMayHoldAllWithExplanationsAndForeignLineEnds(String before) {
    String all = (before + text("ec-sec1.key") + before + text("ec.pem")).replace("\n", "  \r\n");

    assertThat(names(ClientCertificate.pem(X509_THUMBPRINT, all, Secret.of(all))))
        .containsExactly("dev,1");
  }

  @Test
  void theChainIsPutInOrder() {
    for (List<String> files :
        List.of(
            List.of("ec.pem", "issuer.pem", "root.pem"),
            List.of("root.pem", "issuer.pem", "ec.pem"),
            List.of("issuer.pem", "ec.pem", "root.pem", "ec.pem"))) {
      assertThat(names(chain(files.toArray(String[]::new))))
          .containsExactly("dev,1", "test issuer", "test root");
    }
  }

  @Test
  void aKeyStoreIsRead() throws Exception {
    assertThat(
            names(
                ClientCertificate.keyStore(X509_THUMBPRINT, file("rsa.p12"), PASSPHRASE, "device")))
        .containsExactly("dev-2");

    KeyStore jks = KeyStore.getInstance("JKS");
    try (InputStream in = Files.newInputStream(file("rsa.jks"))) {
      jks.load(in, PASSPHRASE.reveal().toCharArray());
    }
    Secret keyPassword = Secret.of(PASSPHRASE.reveal() + "-2");
    assertThat(names(ClientCertificate.keyStore(X509_THUMBPRINT, jks, keyPassword, "device")))
        .containsExactly("dev-2");
  }

  @Test
  void aKeyThatCannotBeExportedIsHandedOutAsItIs() throws Exception {
    TestCa.Issued device = TestCa.leaf(TestCa.root("test root"));
    try (OpaqueKeys module = new OpaqueKeys()) {
      PrivateKey key = module.of(device.key());
      ClientCertificate certificate = ClientCertificate.of(X509_THUMBPRINT, device.chain(), key);
      assertThat(issued(Credentials.certificate(certificate), EC_DEVICE, Instant.EPOCH).key())
          .isSameAs(key);
    }
  }

  @Test
  void aKeyWhoseProviderIsNotInstalledIsNamedWithTheRemedy() throws Exception {
    TestCa.Issued device = TestCa.leaf(TestCa.root("test root"));
    PrivateKey key;
    try (OpaqueKeys module = new OpaqueKeys()) {
      key = module.of(device.key());
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClientCertificate.of(X509_THUMBPRINT, device.chain(), key))
        .withMessageContaining("register the module's provider with Security.addProvider");
  }

  @Test
  void aCertificateOutOfDateByThisClockIsShownAllTheSame() {
    Credentials credentials = Credentials.certificate(chain("ec.pem", "issuer.pem"));

    assertThat(issued(credentials, EC_DEVICE, Instant.parse("2500-01-01T00:00:00Z")).chain())
        .hasSize(2);
    assertThat(issued(credentials, EC_DEVICE, Instant.EPOCH).chain()).hasSize(2);
  }

  @Test
  void aCertificateUnderACaIsForTheDeviceOfItsCommonName() {
    Credentials credentials = Credentials.certificate(chain("ec.pem", "issuer.pem"));
    Instant now = validityOf("ec.pem");
    Audience other = new Audience("h", DeviceIdentity.device("dev-1"));

    assertRefused(credentials, other, now)
        .hasMessageContaining("is not for the device dev-1")
        .hasMessageContaining("Issue one with CN=dev-1");
    assertThat(issued(credentials, EC_DEVICE, now).chain()).hasSize(2);
    assertThat(
            issued(credentials, new Audience("h", DeviceIdentity.module("dev-1", "m")), now)
                .chain())
        .hasSize(2);
  }

  @Test
  void aThumbprintIsForWhateverDeviceItIsRegistered() {
    ClientCertificate certificate =
        ClientCertificate.pem(X509_THUMBPRINT, file("rsa.pem"), file("rsa-pkcs8.key"));
    Credentials credentials = Credentials.certificate(certificate);

    Credential.Certificate issued = issued(credentials, EC_DEVICE, validityOf("rsa.pem"));

    assertThat(issued.chain()).isEqualTo(certificate.chain());
    assertThat(issued.key().getAlgorithm()).isEqualTo("RSA");
    assertThat(credentials.kind()).isEqualTo(X509_THUMBPRINT);
    assertThat(credentials.renewable()).isFalse();
    assertThat(credentials).hasToString("ClientCertificate[X509_THUMBPRINT, CN=dev-2]");
  }

  private static Credential.Certificate issued(
      Credentials credentials, Audience audience, Instant now) {
    return (Credential.Certificate) credentials.issue(audience, now).toCompletableFuture().join();
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      Credentials credentials, Audience audience, Instant now) {
    return assertThatThrownBy(() -> issued(credentials, audience, now))
        .cause()
        .isInstanceOfSatisfying(
            UnauthorizedException.class,
            e -> assertThat(e.progress()).isEqualTo(Progress.NOT_SENT));
  }

  private static Instant validityOf(String certificate) {
    return PemText.of("x", text(certificate)).certificates().get(0).getNotBefore().toInstant();
  }

  private static ClientCertificate chain(String... files) {
    String certificates =
        Stream.of(files).map(ClientCertificateTest::text).collect(Collectors.joining());
    return ClientCertificate.pem(X509_CA, certificates, Secret.of(text("ec-sec1.key")));
  }

  private static List<String> names(ClientCertificate certificate) {
    return certificate.chain().stream()
        .flatMap(each -> CommonName.of(each.getSubjectX500Principal()).stream())
        .toList();
  }

  private static void assertShowsNothingOf(Throwable failure, String keyFile) {
    text(keyFile)
        .lines()
        .filter(line -> !line.contains("-") && line.length() >= 16)
        .forEach(line -> Canary.assertAbsentFrom(failure, line.substring(0, 16)));
  }

  private static String body(String keyFile) {
    return text(keyFile).lines().filter(line -> !line.contains("-")).collect(Collectors.joining());
  }

  private static Path file(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(ClientCertificateTest.class.getResource(name), name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static String text(String name) {
    try {
      return Files.readString(file(name), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
