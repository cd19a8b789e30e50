package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static dev.fairlead.auth.CredentialKind.X509_THUMBPRINT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.auth.CertificateSource;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Weeks of virtual time with everything that comes in weeks: a token each hour, another address of
 * the hub each day, a certificate each week, and an outage of six hours each week.
 */
class LongHaulTest extends MemoryCase {
  private static final int SAMPLE_DAYS = 8;
  private static final int DAYS = 64;
  private static final int WEEK = 7;
  private static final Duration STEP = Duration.ofMinutes(10);

  /** The client's pool has some more or fewer; one for each session would be hundreds. */
  private static final int IDLE_THREADS = 10;

  @TempDir Path folder;

  private final List<CompletableFuture<Void>> sent = new ArrayList<>();
  private long heapAfterTwoDays;
  private int threadsAfterTwoDays;

  @Test
  @Timeout(120)
  void eightDaysWithTokens() {
    haul(SAMPLE_DAYS, opened(builder(MQTT).credentials(tokens())), day -> {});
    assertThat(device.connectionsSoFar()).isGreaterThan(SAMPLE_DAYS * 24);
  }

  @Test
  @Tag("long")
  @Timeout(1800)
  void sixtyFourDaysWithTokensThatNeedANewSession() {
    haul(DAYS, opened(builder(MQTT).credentials(tokens())), day -> {});
    assertThat(device.connectionsSoFar()).isGreaterThan(DAYS * 24);
  }

  @Test
  @Tag("long")
  @Timeout(1800)
  void sixtyFourDaysWithTokensThatAreRenewedInPlace() {
    haul(DAYS, opened(builder(like(AMQP).renewingInPlace()).credentials(tokens())), day -> {});
    // A step of ten minutes overtakes some renewals, and the hub cuts the session.
    assertThat(device.connectionsSoFar()).isBetween((long) DAYS, DAYS * 24L / 4);
  }

  @Test
  @Timeout(120)
  void eightDaysWithCertificates() throws Exception {
    certificates(SAMPLE_DAYS);
  }

  @Test
  @Tag("long")
  @Timeout(1800)
  void sixtyFourDaysWithCertificates() throws Exception {
    certificates(DAYS);
  }

  private Credentials tokens() {
    return Credentials.sharedAccessKey(device.key(), Duration.ofHours(1));
  }

  private void certificates(int days) throws Exception {
    renew();
    DeviceClient client =
        opened(
            builder(MQTT)
                .credentials(
                    Credentials.certificates(
                        X509_THUMBPRINT,
                        CertificateSource.pemFiles(
                            X509_THUMBPRINT,
                            folder.resolve("device.pem"),
                            folder.resolve("device.key")))));
    List<TestCa.Issued> issued = new ArrayList<>();
    haul(
        days,
        client,
        day -> {
          if (day % WEEK == 0) {
            issued.add(renew());
          }
        });
    assertThat(issued).hasSize(days / WEEK);
    assertThat(device.shownCertificate()).contains(issued.get(issued.size() - 1).certificate());
  }

  /** A certificate for ten days, registered and in the files. */
  private TestCa.Issued renew() throws Exception {
    Instant now = time.now();
    TestCa.Issued next = TestCa.leaf(null, now, now.plus(Duration.ofDays(WEEK + 3)));
    device.register(next.certificate());
    Files.writeString(folder.resolve("device.pem"), PemFiles.certificate(next));
    Files.writeString(folder.resolve("device.key"), PemFiles.key(next));
    return next;
  }

  private interface Daily {
    void on(int day) throws Exception;
  }

  private void haul(int days, DeviceClient client, Daily daily) {
    for (int day = 1; day <= days; day++) {
      for (int hour = 0; hour < 24; hour++) {
        sent.add(client.send(text("m" + sent.size())));
        pass(client, Duration.ofHours(1), STEP);
      }
      moveTheHub(client);
      if (day % WEEK == 0) {
        outage(client);
      }
      try {
        daily.on(day);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      if (day == 2) {
        heapAfterTwoDays = usedHeap();
        threadsAfterTwoDays = Thread.activeCount();
      }
    }
    pass(client, Duration.ofHours(1), STEP);
    sent.forEach(Await::result);
    assertThat(received()).containsExactlyElementsOf(texts(0, sent.size()));
    assertThat(hub.openConnections()).isEqualTo(1);
    assertThat(Thread.activeCount()).as("threads").isLessThan(threadsAfterTwoDays + IDLE_THREADS);
    long grown = usedHeap() - heapAfterTwoDays;
    System.out.printf(
        "%d days: %d messages, %d connections, heap %+d KB since the second day%n",
        days, sent.size(), device.connectionsSoFar(), grown / 1024);
    assertThat(grown).as("bytes of heap, the messages in the hub included").isLessThan(4L << 20);
  }

  /** The old address no longer answers, and for a minute the name still leads there. */
  private void moveTheHub(DeviceClient client) {
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).times(2));
    device.cut();
    tickUntil("connected at the new address", () -> isConnected(client));
  }

  private void outage(DeviceClient client) {
    hub.setReachable(false);
    for (int i = 0; i < 36; i++) {
      sent.add(client.send(text("m" + sent.size())));
      time.advance(STEP);
      atRest(client);
    }
    hub.setReachable(true);
    tickUntil("connected after the outage", () -> isConnected(client));
  }

  private boolean isConnected(DeviceClient client) {
    return hub.openConnections() == 1 && client.state() instanceof Connected;
  }

  private static long usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
