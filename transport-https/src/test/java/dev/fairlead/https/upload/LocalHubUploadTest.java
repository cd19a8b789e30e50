package dev.fairlead.https.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.fairlead.ClientClosedException;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.FileUpload;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.Trust;
import dev.fairlead.UploadResult;
import dev.fairlead.auth.ClientCertificate;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.auth.Credentials;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.UploadNotice;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Uploads as an application makes them, with the provider as the service loader finds it. */
@Timeout(60)
class LocalHubUploadTest {
  private static final String DEVICE = "dev:1*";

  @TempDir Path directory;
  private LocalHub hub;
  private DeviceClient client;

  @BeforeEach
  void setUp() {
    hub = LocalHub.start();
    Device device = hub.createDevice(DEVICE);
    client = client(device).build();
  }

  private DeviceClientBuilder client(Device device) {
    return DeviceClient.builder(device.connectionString())
        .endpoint(
            Protocol.HTTPS,
            new Endpoint("localhost", hub.httpsPort(), Trust.only(List.of(hub.caCertificate()))));
  }

  @AfterEach
  void tearDown() {
    client.close();
    hub.close();
    await().until(() -> threads().isEmpty());
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("fairlead-" + DEVICE))
        .toList();
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private UploadResult upload(FileUpload upload) throws Exception {
    return client.uploadFile(upload).get(30, TimeUnit.SECONDS);
  }

  private Throwable failureOf(CompletableFuture<?> future) {
    Throwable thrown = catchThrowable(() -> future.get(30, TimeUnit.SECONDS));
    return thrown instanceof ExecutionException ? thrown.getCause() : thrown;
  }

  private UploadNotice onlyNotice() {
    await().until(() -> hub.uploads().notices().size() == 1);
    return hub.uploads().notices().get(0);
  }

  @Test
  void aSmallFileGoesInOnePiece() throws Exception {
    Path file = Files.writeString(directory.resolve("report.txt"), "all is well");
    List<String> progress = new CopyOnWriteArrayList<>();

    UploadResult result =
        upload(
            FileUpload.of("logs/a b+c%20ü.txt", file)
                .contentType("text/plain")
                .onProgress((bytes, total) -> progress.add(bytes + " of " + total)));

    String name = DEVICE + "/logs/a b+c%20ü.txt";
    assertThat(result.blobName()).isEqualTo(name);
    assertThat(result.bytes()).isEqualTo(11);
    assertThat(hub.uploads().blob(name))
        .hasValueSatisfying(
            blob -> {
              assertThat(blob.contentAsText()).isEqualTo("all is well");
              assertThat(blob.contentType()).isEqualTo("text/plain");
            });
    UploadNotice notice = onlyNotice();
    assertThat(notice.success()).isTrue();
    assertThat(notice.statusCode()).isEqualTo(200);
    assertThat(notice.correlationId()).isEqualTo(result.correlationId());
    await().until(() -> !progress.isEmpty());
    assertThat(progress).containsExactly("11 of " + OptionalLong.of(11));
  }

  @Test
  void anEmptyFileIsAFile() throws Exception {
    assertThat(upload(FileUpload.of("nothing", InputStream::nullInputStream)).bytes()).isZero();
    assertThat(hub.uploads().blob(DEVICE + "/nothing"))
        .hasValueSatisfying(blob -> assertThat(blob.size()).isZero());
  }

  @Test
  void sizesAroundABlockArriveWhole() throws Exception {
    int block = Content.FIRST_BLOCK;
    for (int size : new int[] {1, block - 1, block, block + 1, 2 * block, 2 * block + 7}) {
      byte[] content = random(size);
      for (boolean known : new boolean[] {true, false}) {
        FileUpload upload = FileUpload.of("s" + size, () -> new ByteArrayInputStream(content));
        UploadResult result = upload(known ? upload.length(size) : upload);
        assertThat(result.bytes()).isEqualTo(size);
        assertThat(hub.uploads().blob(result.blobName()).orElseThrow().content())
            .isEqualTo(content);
      }
      hub.uploads().clear();
    }
  }

  @Test
  void aStreamThatTellsNoLengthReportsWhatIsThere() throws Exception {
    byte[] content = random(5 * Content.FIRST_BLOCK + 3);
    List<Long> progress = new CopyOnWriteArrayList<>();
    upload(
        FileUpload.of("big", () -> new ByteArrayInputStream(content))
            .onProgress(
                (bytes, total) -> {
                  assertThat(total).isEmpty();
                  progress.add(bytes);
                }));
    await().until(() -> progress.contains((long) content.length));
    assertThat(progress).isSorted().doesNotHaveDuplicates();
    assertThat(hub.uploads().blob(DEVICE + "/big").orElseThrow().content()).isEqualTo(content);
  }

  @Test
  void whatCannotBeOpenedDoesNotReachTheHub() {
    Throwable failure =
        failureOf(client.uploadFile(FileUpload.of("gone", directory.resolve("gone"))));
    assertThat(failure)
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining(NoSuchFileException.class.getName());
    assertThat(hub.connectionCount()).isZero();
  }

  @Test
  void whatEndsEarlyOrBreaksIsReportedAsFailed() {
    byte[] content = random(2 * Content.FIRST_BLOCK);
    Throwable early =
        failureOf(
            client.uploadFile(
                FileUpload.of("early", () -> new ByteArrayInputStream(content))
                    .length(content.length + 1)));
    assertThat(early).isInstanceOf(RejectedException.class).hasMessageContaining("ended after");
    UploadNotice notice = onlyNotice();
    assertThat(notice.success()).isFalse();
    assertThat(notice.statusCode()).isEqualTo(400);
    assertThat(hub.uploads().blobs()).isEmpty();
    assertThat(hub.uploads().active(DEVICE)).isZero();
  }

  @Test
  void cancellingTellsTheHub() {
    Stuck stuck = new Stuck(Content.FIRST_BLOCK + 5);
    CompletableFuture<UploadResult> future = client.uploadFile(FileUpload.of("stuck", () -> stuck));
    await().until(() -> stuck.reached.getCount() == 0);
    assertThat(future.cancel(true)).isTrue();
    UploadNotice notice = onlyNotice();
    assertThat(notice.success()).isFalse();
    assertThat(notice.statusCode()).isEqualTo(499);
    assertThat(stuck.closed.getCount()).isZero();
    assertThat(hub.uploads().active(DEVICE)).isZero();
  }

  @Test
  void closingTheClientCancelsAndTellsTheHub() {
    Stuck stuck = new Stuck(Content.FIRST_BLOCK + 5);
    CompletableFuture<UploadResult> future = client.uploadFile(FileUpload.of("stuck", () -> stuck));
    await().until(() -> stuck.reached.getCount() == 0);
    client.close();
    assertThat(hub.uploads().notices()).hasSize(1);
    assertThat(onlyNotice().success()).isFalse();
    assertThat(failureOf(future)).isInstanceOf(ClientClosedException.class);
    assertThat(failureOf(client.uploadFile(FileUpload.of("late", InputStream::nullInputStream))))
        .isInstanceOf(ClientClosedException.class);
  }

  @Test
  void tenAtATimeAndTheOthersInOrder() throws Exception {
    List<String> order = new CopyOnWriteArrayList<>();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch go = new CountDownLatch(1);
    List<CompletableFuture<UploadResult>> all = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      String name = "f" + i;
      all.add(
          client.uploadFile(
              FileUpload.of(
                  name,
                  () -> {
                    order.add(name);
                    return new ByteArrayInputStream(name.getBytes(StandardCharsets.UTF_8)) {
                      @Override
                      public synchronized int read(byte[] to, int from, int length) {
                        waitFor(go);
                        most.accumulateAndGet(hub.uploads().active(DEVICE), Math::max);
                        return super.read(to, from, length);
                      }
                    };
                  })));
    }
    await().until(() -> order.size() == 10);
    all.get(12).cancel(false);
    go.countDown();
    for (int i = 0; i < all.size(); i++) {
      if (i != 12) {
        all.get(i).get(30, TimeUnit.SECONDS);
      }
    }
    assertThat(most.get()).isLessThanOrEqualTo(10);
    assertThat(hub.uploads().notices()).hasSize(24).allMatch(UploadNotice::success);
    assertThat(order).hasSize(24).doesNotContain("f12");
    assertThat(order.subList(0, 10)).allMatch(name -> Integer.parseInt(name.substring(1)) < 10);
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void survivesCutsOfTheLine() throws Exception {
    byte[] content = random(6 * Content.FIRST_BLOCK);
    UploadResult result =
        upload(
            FileUpload.of("cut", () -> new ByteArrayInputStream(content))
                .onProgress((bytes, total) -> hub.dropConnections()));
    assertThat(hub.uploads().blob(result.blobName()).orElseThrow().content()).isEqualTo(content);
    assertThat(hub.uploads().notices()).filteredOn(UploadNotice::success).hasSize(1);
  }

  @Test
  void worksBesideASessionOverAnotherRoute() throws Exception {
    Device other = hub.createDevice("beside");
    try (DeviceClient beside = client(other).build()) {
      beside.open().get(20, TimeUnit.SECONDS);
      UploadResult result =
          beside
              .uploadFile(FileUpload.of("x", () -> new ByteArrayInputStream(random(10))))
              .get(20, TimeUnit.SECONDS);
      assertThat(result.blobName()).isEqualTo("beside/x");
    }
  }

  @Test
  void aCertificateIsShownToTheHub() throws Exception {
    ClientIdentity identity = hub.selfSignedClientCertificate("with-certificate");
    Device device =
        hub.createDevice("with-certificate", DeviceAuth.thumbprintOf(identity.certificate()));
    try (DeviceClient shown =
        client(device)
            .credentials(
                Credentials.certificate(
                    ClientCertificate.of(
                        CredentialKind.X509_THUMBPRINT, identity.chain(), identity.key())))
            .build()) {
      UploadResult result =
          shown
              .uploadFile(FileUpload.of("x", () -> new ByteArrayInputStream(random(10))))
              .get(20, TimeUnit.SECONDS);
      assertThat(result.blobName()).isEqualTo("with-certificate/x");
    }
  }

  /** Gives some bytes and then nothing, until it is closed or interrupted. */
  private static final class Stuck extends InputStream {
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private long left;

    Stuck(long bytes) {
      left = bytes;
    }

    @Override
    public int read() throws IOException {
      if (left-- > 0) {
        return 7;
      }
      reached.countDown();
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      return -1;
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }
}
