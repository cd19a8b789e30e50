package dev.fairlead.tck;

import static dev.fairlead.Protocol.HTTPS;
import static dev.fairlead.Protocol.MQTT;
import static dev.fairlead.auth.CredentialKind.X509_THUMBPRINT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Protocol;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.auth.CertificateRotation;
import dev.fairlead.auth.CertificateSource;
import dev.fairlead.auth.ClientCertificate;
import dev.fairlead.auth.Credentials;
import dev.fairlead.peers.TestCa;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Client certificates that are replaced while the client runs. */
class CertificateRotationTest extends MemoryCase {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration WITHIN = Duration.ofMinutes(10);

  @TempDir Path folder;
  private Path certificateFile;
  private Path keyFile;
  private TestCa.Issued first;

  @BeforeEach
  void issue() throws Exception {
    certificateFile = folder.resolve("device.pem");
    keyFile = folder.resolve("device.key");
    first = issued(Duration.ofDays(90));
    device.register(first.certificate());
    write(first);
  }

  private TestCa.Issued issued(Duration life) throws Exception {
    Instant now = time.now();
    return TestCa.leaf(null, now.minus(Duration.ofDays(1)), now.plus(life));
  }

  private void write(TestCa.Issued issued) throws Exception {
    Files.writeString(certificateFile, PemFiles.certificate(issued));
    Files.writeString(keyFile, PemFiles.key(issued));
  }

  private CertificateSource files() {
    return CertificateSource.pemFiles(X509_THUMBPRINT, certificateFile, keyFile);
  }

  private DeviceClientBuilder rotating(CertificateSource source, Protocol... protocols) {
    return builder(protocols).credentials(Credentials.certificates(X509_THUMBPRINT, source));
  }

  private String remarks(DeviceClient client) {
    return client.state() instanceof Connected connected
        ? String.join(" ", connected.remarks())
        : "";
  }

  /** Passes time until the source has been asked, and the client has decided. */
  private void check(DeviceClient client) {
    pass(client, MINUTE.multipliedBy(2), Duration.ofSeconds(20));
  }

  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"MQTT", "AMQP", "HTTPS"})
  void aNewCertificateIsShownByANewSessionWithinTheTimeSet(Protocol protocol) throws Exception {
    DeviceClient client = opened(rotating(files(), protocol));
    check(client);
    assertThat(device.connectionsSoFar()).isEqualTo(1);

    TestCa.Issued second = issued(Duration.ofDays(180));
    device.register(second.certificate());
    write(second);
    pass(client, WITHIN.plus(MINUTE.multipliedBy(2)), Duration.ofSeconds(20));

    assertThat(device.connectionsSoFar()).isEqualTo(2);
    assertThat(device.shownCertificate()).contains(second.certificate());
    Await.result(client.send(text("m0")));
  }

  @Test
  void messagesInFlightAreAcknowledgedFirstAndNotRepeated() throws Exception {
    DeviceClient client = opened(rotating(files(), MQTT));
    TestCa.Issued second = issued(Duration.ofDays(180));
    device.register(second.certificate());
    write(second);

    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; device.connectionsSoFar() == 1; i += 5) {
      sent.addAll(sendAll(client, i, i + 5));
      time.advance(Duration.ofSeconds(7));
      atRest(client);
      Await.until("connected", () -> client.state() instanceof Connected);
      sent.addAll(sendAll(client, i + 5, i + 10)); // In flight when the session is replaced.
      i += 5;
    }

    sent.forEach(Await::result);
    assertThat(received()).containsExactlyElementsOf(texts(0, sent.size()));
  }

  @Test
  void onlyWhatTheHubDoesNotAcknowledgeInTimeIsRepeated() throws Exception {
    DeviceClient client = opened(rotating(files(), MQTT));
    TestCa.Issued second = issued(Duration.ofDays(180));
    device.register(second.certificate());
    write(second);
    Await.result(client.send(text("m0")));
    hub.faults().add(InMemoryFault.acknowledgeAfterNext()); // And no next one follows.
    CompletableFuture<Void> held = client.send(text("m1"));

    tickUntil("a session with the new one", () -> device.connectionsSoFar() == 2);
    tickUntil("acknowledged", held::isDone);

    Await.result(held);
    assertThat(received()).containsExactly("m0", "m1", "m1");
  }

  @Test
  void whatCannotBeUsedChangesNothingAndTheStateSaysWhy() throws Exception {
    DeviceClient client = opened(rotating(files(), MQTT));
    TestCa.Issued second = issued(Duration.ofDays(180));
    device.register(second.certificate());

    String whole = PemFiles.key(second);
    Files.writeString(keyFile, whole.substring(0, whole.length() / 2));
    check(client);
    assertThat(remarks(client)).contains("No newer client certificate can be loaded", "device.key");

    Files.writeString(keyFile, whole); // The certificate is still the first.
    check(client);
    assertThat(remarks(client)).contains("does not match");

    Files.delete(keyFile);
    check(client);
    assertThat(remarks(client)).contains("device.key");
    assertThat(device.connectionsSoFar()).isEqualTo(1);

    write(second);
    pass(client, WITHIN.plus(MINUTE), Duration.ofSeconds(20));
    assertThat(device.connectionsSoFar()).isEqualTo(2);
    assertThat(remarks(client)).isEmpty();
  }

  @Test
  void aCertificateThatTheHubRefusesLeavesTheOldOneInUse() throws Exception {
    DeviceClient client = opened(rotating(files(), MQTT));
    TestCa.Issued second = issued(Duration.ofDays(180));
    write(second);

    tickUntil("refused, and the old one is back", () -> device.connectionsSoFar() == 2);
    Await.until("the state says why", () -> remarks(client).contains("opened no session"));
    assertThat(remarks(client)).contains(second.certificate().getNotAfter().toInstant().toString());
    Await.result(client.send(text("m0")));
    assertThat(device.shownCertificate()).contains(first.certificate());

    device.register(second.certificate());
    pass(client, Duration.ofMinutes(25), Duration.ofSeconds(20));
    assertThat(device.connectionsSoFar()).isEqualTo(3);
    assertThat(device.shownCertificate()).contains(second.certificate());
    assertThat(remarks(client)).isEmpty();
  }

  @Test
  void aRefusedCertificateIsTriedLessAndLessOften() throws Exception {
    DeviceClient client = opened(rotating(files(), MQTT));
    write(issued(Duration.ofDays(180)));

    pass(client, Duration.ofHours(8), MINUTE.multipliedBy(2));

    // 10, 20, 40 … minutes, and each time up to 10 until the move.
    assertThat(device.connectionsSoFar()).isBetween(5L, 7L);
    Await.result(client.send(text("m0")));
  }

  @Test
  void aNewCertificateIsShownWhenTheHubNoLongerTakesTheOldOne() throws Exception {
    DeviceClient client =
        opened(
            builder(MQTT)
                .credentials(
                    Credentials.certificates(
                        X509_THUMBPRINT,
                        files(),
                        CertificateRotation.builder().checkInterval(Duration.ofDays(1)).build())));
    TestCa.Issued second = issued(Duration.ofDays(180));
    device.register(second.certificate());
    write(second);
    device.unregister(first.certificate());

    device.cut();

    tickUntil("connected", () -> device.connectionsSoFar() == 2);
    awaitState(client, Connected.class);
    assertThat(device.shownCertificate()).contains(second.certificate());
  }

  @Test
  void nothingIsMovedForLongerThanTheOldCertificateIsValid() throws Exception {
    TestCa.Issued brief = issued(Duration.ofMinutes(5));
    device.register(brief.certificate());
    write(brief);
    DeviceClient client = opened(rotating(files(), MQTT));
    TestCa.Issued second = issued(Duration.ofDays(1));
    device.register(second.certificate());
    write(second);

    pass(client, Duration.ofMinutes(4), Duration.ofSeconds(20));

    assertThat(device.connectionsSoFar()).isEqualTo(2);
  }

  @Test
  void theEndOfACertificateIsNamedWeeksBeforeAndNoLongerWhenItIsReplaced() throws Exception {
    DeviceClient client = opened(rotating(files(), MQTT));
    assertThat(remarks(client)).isEmpty();

    pass(client, Duration.ofDays(61), Duration.ofHours(6));
    String end = first.certificate().getNotAfter().toInstant().toString();
    assertThat(remarks(client)).contains("expires at " + end, " days. Supply a renewed one");

    TestCa.Issued second = issued(Duration.ofDays(180));
    device.register(second.certificate());
    write(second);
    pass(client, WITHIN.plus(MINUTE), Duration.ofSeconds(20));
    assertThat(remarks(client)).isEmpty();
  }

  @Test
  void theEndOfACertificateThatStaysIsNamedToo() {
    ClientCertificate fixed = ClientCertificate.of(X509_THUMBPRINT, first.chain(), first.key());
    DeviceClient client = opened(builder(MQTT).credentials(Credentials.certificate(fixed)));

    pass(client, Duration.ofDays(91), Duration.ofHours(6));

    assertThat(remarks(client)).contains("expired at", "this machine's clock");
    assertThat(device.connectionsSoFar()).isEqualTo(1);
  }

  private static int waiting(List<Thread> threads) {
    synchronized (threads) {
      return threads.size();
    }
  }

  @Test
  void aSourceThatHangsHoldsUpNothing() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    List<Thread> waiting = new ArrayList<>();
    CertificateSource source = files();
    DeviceClient client =
        opened(
            rotating(
                () -> {
                  synchronized (waiting) {
                    if (device.connectionsSoFar() == 0) {
                      return source.load();
                    }
                    waiting.add(Thread.currentThread());
                  }
                  release.await();
                  return source.load();
                },
                MQTT));
    try {
      for (int i = 0; i < 20; i++) {
        time.advance(MINUTE);
        Await.result(client.send(text("m" + i)));
      }
      Await.until("one call waits", () -> waiting(waiting) == 1);
      assertThat(device.connectionsSoFar()).isEqualTo(1);
    } finally {
      release.countDown();
    }
  }

  @Test
  void withoutAnyCertificateTheClientWaitsForOne() throws Exception {
    Files.writeString(keyFile, "");
    DeviceClient client = started(rotating(files(), HTTPS));
    tickUntil("it says why", () -> client.state().cause().isPresent());
    assertThat(client.state().cause().orElseThrow()).hasMessageContaining("device.key");

    write(first);

    tickUntil("connected", () -> client.state() instanceof Connected);
  }

  @Test
  void aNetworkThatIsDownWhenTheCertificateChangesCondemnsNone() throws Exception {
    DeviceClient client = opened(rotating(files(), MQTT));
    TestCa.Issued second = issued(Duration.ofDays(180));
    device.register(second.certificate());
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).always());
    write(second);
    device.cut();
    for (int i = 0; i < 100; i++) {
      time.advance(Duration.ofMinutes(2));
      atRest(client);
    }
    hub.faults().clear();
    tickUntil("connected", () -> client.state() instanceof Connected);

    pass(client, Duration.ofMinutes(25), Duration.ofSeconds(20));
    assertThat(device.shownCertificate()).contains(second.certificate());
  }
}
