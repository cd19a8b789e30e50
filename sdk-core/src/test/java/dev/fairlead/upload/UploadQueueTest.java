package dev.fairlead.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.ClientClosedException;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.FileUpload;
import dev.fairlead.ManualTime;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.UploadResult;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.UploadContext;
import dev.fairlead.spi.UploadProvider;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UploadQueueTest {
  private static final String KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

  private final List<Begun> begun = new CopyOnWriteArrayList<>();
  private final List<DeviceClient> clients = new ArrayList<>();

  @AfterEach
  void tearDown() {
    begun.forEach(Begun::abort);
    clients.forEach(DeviceClient::close);
  }

  private DeviceClient client() {
    return client(builder().uploads(new Provider()));
  }

  private DeviceClient client(DeviceClientBuilder builder) {
    DeviceClient client = builder.build();
    clients.add(client);
    return client;
  }

  private static DeviceClientBuilder builder() {
    return DeviceClient.builder("HostName=hub.example.net;DeviceId=dev-u;SharedAccessKey=" + KEY)
        .transport(new NoTransport());
  }

  private static FileUpload file(int number) {
    return FileUpload.of("f" + number, InputStream::nullInputStream);
  }

  private static Throwable failureOf(CompletableFuture<?> future) {
    Throwable thrown = catchThrowable(() -> future.get(20, TimeUnit.SECONDS));
    return thrown instanceof ExecutionException ? thrown.getCause() : thrown;
  }

  private List<String> names() {
    return begun.stream().map(each -> each.upload.blobName()).toList();
  }

  @Test
  void withoutAProviderItSaysWhatIsMissing() {
    assertThat(failureOf(client(builder()).uploadFile(file(1))))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContaining("fairlead-https");
  }

  @Test
  void wherePort443IsBlockedItNamesTheRule() {
    DeviceClient client =
        client(
            builder()
                .uploads(new Provider())
                .policy(TransportPolicy.builder().blockPort(443).build()));
    assertThat(failureOf(client.uploadFile(file(1))))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContaining("UPLOAD_HTTPS");
    assertThat(begun).isEmpty();
  }

  @Test
  void tenAtATimeInOrder() throws Exception {
    DeviceClient client = client();
    List<CompletableFuture<UploadResult>> all = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      all.add(client.uploadFile(file(i)));
    }
    all.get(11).cancel(false);
    await().until(() -> begun.size() == 10);
    begun.get(4).succeed();
    begun.get(2).outcome.completeExceptionally(new RejectedException("no", Progress.MAYBE_SENT));
    await().until(() -> begun.size() == 12);
    assertThat(names())
        .containsExactly("f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f12");
    assertThat(all.get(4).get(20, TimeUnit.SECONDS).blobName()).isEqualTo("f4");
    assertThat(failureOf(all.get(2))).isInstanceOf(RejectedException.class);
  }

  @Test
  void aPlaceIsFreeWhenTheCancelledUploadHasEnded() {
    DeviceClient client = client();
    List<CompletableFuture<UploadResult>> all = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      all.add(client.uploadFile(file(i)));
    }
    await().until(() -> begun.size() == 10);
    begun.get(0).endsWhenCancelled = false;
    all.get(0).cancel(false);
    await().until(() -> begun.get(0).cancelled);
    assertThat(names()).doesNotContain("f10");
    begun.get(0).end();
    await().until(() -> names().contains("f10"));
  }

  @Test
  void closingWaitsUntilTheHubWasTold() throws Exception {
    DeviceClient client = client();
    List<CompletableFuture<UploadResult>> all = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      all.add(client.uploadFile(file(i)));
    }
    await().until(() -> begun.size() == 10);
    begun.get(0).endsWhenCancelled = false;
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    await().until(() -> begun.stream().allMatch(each -> each.cancelled));
    for (CompletableFuture<UploadResult> each : all) {
      assertThat(failureOf(each)).isInstanceOf(ClientClosedException.class);
    }
    assertThat(closed).isNotDone();
    begun.get(0).end();
    closed.get(20, TimeUnit.SECONDS);
    assertThat(begun).hasSize(10);
    assertThat(failureOf(client.uploadFile(file(99)))).isInstanceOf(ClientClosedException.class);
  }

  @Test
  void aProviderThatThrowsFailsThatUploadAlone() {
    DeviceClient client =
        client(
            builder()
                .uploads(
                    new Provider() {
                      @Override
                      public Opening<UploadResult> begin(FileUpload upload, UploadContext context) {
                        throw new IllegalStateException("broken");
                      }
                    }));
    assertThat(failureOf(client.uploadFile(file(1)))).isInstanceOf(UnreachableException.class);
    assertThat(failureOf(client.uploadFile(file(2)))).isInstanceOf(UnreachableException.class);
  }

  @Test
  void aSlowListenerHearsTheNewestAndNothingPilesUp() throws Exception {
    DeviceClient client = client();
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    List<Long> heard = new CopyOnWriteArrayList<>();
    CompletableFuture<UploadResult> future =
        client.uploadFile(
            file(1)
                .length(1000)
                .onProgress(
                    (bytes, total) -> {
                      assertThat(total).hasValue(1000);
                      heard.add(bytes);
                      first.countDown();
                      try {
                        go.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                    }));
    await().until(() -> begun.size() == 1);
    UploadContext context = begun.get(0).context;
    context.progress(1);
    first.await();
    for (int i = 2; i <= 1000; i++) {
      context.progress(i);
    }
    go.countDown();
    begun.get(0).succeed();
    future.get(20, TimeUnit.SECONDS);
    await().until(() -> heard.contains(1000L));
    assertThat(heard).containsExactly(1L, 1000L);
  }

  @Test
  void progressGoesOnAfterARefusedCallback() {
    AtomicBoolean refusing = new AtomicBoolean(true);
    ManualTime time = new ManualTime();
    CountDownLatch refused = new CountDownLatch(1);
    DeviceClient client =
        client(
            builder()
                .uploads(new Provider())
                .time(time)
                .executor(
                    task -> {
                      if (refusing.get()) {
                        refused.countDown();
                        throw new RejectedExecutionException("full (by the test)");
                      }
                      new Thread(task, "application").start();
                    }));
    List<Long> heard = new CopyOnWriteArrayList<>();
    CompletableFuture<UploadResult> future =
        client.uploadFile(file(1).onProgress((bytes, total) -> heard.add(bytes)));
    await().until(() -> begun.size() == 1);
    begun.get(0).context.progress(1);
    await().until(() -> refused.getCount() == 0);
    begun.get(0).context.progress(2);
    refusing.set(false);

    await()
        .until(
            () -> {
              time.advance(Duration.ofSeconds(1));
              return heard.contains(2L);
            });

    begun.get(0).context.progress(3);
    await().until(() -> heard.contains(3L));
    assertThat(future).isNotDone();
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    await()
        .until(
            () -> {
              time.advance(Duration.ofSeconds(1));
              return closed.isDone();
            });
  }

  @Test
  void aProviderThatBreaksItsContractFailsThatUploadAlone() {
    for (Supplier<Opening<UploadResult>> broken : brokenOpenings()) {
      DeviceClient client =
          client(
              builder()
                  .uploads(
                      new Provider() {
                        @Override
                        public Opening<UploadResult> begin(
                            FileUpload upload, UploadContext context) {
                          return broken.get();
                        }
                      }));
      assertThat(failureOf(client.uploadFile(file(1)))).isInstanceOf(UnreachableException.class);
      assertThat(failureOf(client.uploadFile(file(2)))).isInstanceOf(UnreachableException.class);
    }
  }

  @SuppressWarnings("NullAway") // What a provider that does not check nullness may return.
  private static List<Supplier<Opening<UploadResult>>> brokenOpenings() {
    return List.of(
        () -> null,
        () -> {
          throw new NoClassDefFoundError("expected by the test");
        },
        () ->
            new Opening<>() {
              @Override
              public CompletionStage<UploadResult> outcome() {
                return CompletableFuture.completedFuture(null);
              }

              @Override
              public void abort() {
                throw new AssertionError("expected by the test");
              }

              @Override
              public String step() {
                return "the test";
              }
            });
  }

  @Test
  void aRefusedCredentialIsNotHandedOutAgain() throws Exception {
    DeviceClient client = client();
    client.uploadFile(file(1));
    await().until(() -> begun.size() == 1);
    UploadContext context = begun.get(0).context;
    Credential one = context.credential().toCompletableFuture().get(20, TimeUnit.SECONDS);
    assertThat(context.credential().toCompletableFuture().get(20, TimeUnit.SECONDS)).isSameAs(one);
    context.credentialRefused();
    assertThat(context.credential().toCompletableFuture().get(20, TimeUnit.SECONDS))
        .isNotSameAs(one);
  }

  /** Uploads that a test ends by hand. */
  private class Provider implements UploadProvider {
    @Override
    public Route route() {
      return new Route(Protocol.HTTPS, Carrier.HTTP, 443);
    }

    @Override
    public Opening<UploadResult> begin(FileUpload upload, UploadContext context) {
      Begun task = new Begun(upload, context);
      begun.add(task);
      return task;
    }
  }

  private static final class Begun implements Opening<UploadResult> {
    private final FileUpload upload;
    private final UploadContext context;
    private final CompletableFuture<UploadResult> outcome = new CompletableFuture<>();
    private volatile boolean cancelled;
    private volatile boolean endsWhenCancelled = true;

    Begun(FileUpload upload, UploadContext context) {
      this.upload = upload;
      this.context = context;
    }

    void succeed() {
      outcome.complete(new UploadResult(upload.blobName(), "c", 0));
    }

    void end() {
      outcome.completeExceptionally(new ClientClosedException("cancelled", Progress.MAYBE_SENT));
    }

    @Override
    public CompletionStage<UploadResult> outcome() {
      return outcome;
    }

    @Override
    public void abort() {
      cancelled = true;
      if (endsWhenCancelled) {
        end();
      }
    }

    @Override
    public String step() {
      return "the test";
    }
  }

  private static final class NoTransport implements TransportProvider {
    @Override
    public TransportOffer offer() {
      return new TransportOffer(
          "none",
          List.of(
              new RouteOffer(
                  new Route(Protocol.MQTT, Carrier.TCP, 8883),
                  Set.of(Capability.TELEMETRY),
                  RouteOffer.Delivery.PUSH,
                  1,
                  RouteOffer.Footprint.SMALL,
                  true)));
    }

    @Override
    public Opening<TransportSession> open(Route route, SessionContext context) {
      throw new AssertionError("not opened");
    }
  }
}
