package dev.fairlead.https.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.FileUpload;
import dev.fairlead.HubException;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.Route;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.UploadResult;
import dev.fairlead.https.http.ScriptedServer;
import dev.fairlead.https.http.ScriptedServer.Asked;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hub and a storage can answer. Both are one server here. */
@Timeout(60)
class ScriptedUploadTest {
  private static final String KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
  private static final String CREATED =
      "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nx-ms-request-id: 1\r\n\r\n";

  private final List<AutoCloseable> closing = new ArrayList<>();
  private final AtomicInteger grants = new AtomicInteger();
  private ScriptedServer server;

  @AfterEach
  void tearDown() throws Exception {
    for (AutoCloseable each : closing) {
      each.close();
    }
  }

  /** Starts a server that grants everything and answers the storage's requests so. */
  private DeviceClient storage(ScriptedServer.Answers storage) throws IOException {
    return hub(
        request -> {
          if (request.line().contains("/files/notifications?")) {
            return ScriptedServer.noContent();
          }
          if (request.line().contains("/files?")) {
            return grant("localhost:" + server.endpoint().port(), "dev-1/x");
          }
          return storage.to(request);
        });
  }

  private DeviceClient hub(ScriptedServer.Answers answers) throws IOException {
    server = ScriptedServer.answering(answers);
    closing.add(0, server);
    return client(builder());
  }

  private DeviceClientBuilder builder() {
    return DeviceClient.builder("HostName=hub.example.net;DeviceId=dev-1;SharedAccessKey=" + KEY)
        .endpoint(Protocol.HTTPS, server.endpoint())
        .uploads(new HttpsUploads().retries(4, Duration.ofMillis(1), Duration.ofMillis(4)));
  }

  private DeviceClient client(DeviceClientBuilder builder) {
    DeviceClient client = builder.build();
    closing.add(0, client);
    return client;
  }

  private String grant(String host, String blob) {
    return ScriptedServer.answer(
        200,
        "Content-Type: application/json\r\n",
        "{\"correlationId\":\"c"
            + grants.incrementAndGet()
            + "\",\"hostName\":\""
            + host
            + "\",\"containerName\":\"up\",\"blobName\":\""
            + blob
            + "\",\"sasToken\":\"?sv=1&sig=a%2Bb%2Fc%3D&se=2026-01-01T00%3A00%3A00Z\"}");
  }

  private static String storageError(int status, String code) {
    return ScriptedServer.answer(
        status, "x-ms-error-code: " + code + "\r\nx-ms-request-id: 1\r\n", "<Error/>");
  }

  private static FileUpload file(int size) {
    return FileUpload.of("x", () -> new ByteArrayInputStream(new byte[size]));
  }

  private static UploadResult upload(DeviceClient client, int size) throws Exception {
    return client.uploadFile(file(size)).get(30, TimeUnit.SECONDS);
  }

  private static HubException failureOf(CompletableFuture<?> future) {
    Throwable thrown = catchThrowable(() -> future.get(30, TimeUnit.SECONDS));
    return (HubException) (thrown instanceof ExecutionException ? thrown.getCause() : thrown);
  }

  private List<Asked> asked(String part) {
    return server.asked().stream().filter(request -> request.line().contains(part)).toList();
  }

  private List<String> notices() {
    return asked("/files/notifications?").stream().map(Asked::text).toList();
  }

  @Test
  void asksAsTheHubsDocumentationSays() throws Exception {
    DeviceClient client = storage(request -> CREATED);
    UploadResult result = upload(client, 3);
    assertThat(result).isEqualTo(new UploadResult("dev-1/x", "c1", 3));

    Asked begin = asked("/files?").get(0);
    assertThat(begin.line()).isEqualTo("POST /devices/dev-1/files?api-version=2021-04-12 HTTP/1.1");
    assertThat(begin.text()).isEqualTo("{\"blobName\":\"x\"}");
    assertThat(begin.field("Host")).isEqualTo("hub.example.net");
    assertThat(begin.field("Authorization")).startsWith("SharedAccessSignature ");

    Asked put = asked("/up/").get(0);
    assertThat(put.line())
        .isEqualTo("PUT /up/dev-1/x?sv=1&sig=a%2Bb%2Fc%3D&se=2026-01-01T00%3A00%3A00Z HTTP/1.1");
    assertThat(put.field("x-ms-blob-type")).isEqualTo("BlockBlob");
    assertThat(put.field("Authorization")).as("the device's own token is for the hub").isEmpty();
    assertThat(put.body()).hasSize(3);
    assertThat(notices())
        .singleElement()
        .asString()
        .contains("\"correlationId\":\"c1\"", "\"isSuccess\":true", "\"statusCode\":200");
  }

  @Test
  void aLargeFileIsAListOfBlocks() throws Exception {
    DeviceClient client = storage(request -> CREATED);
    upload(client, 2 * Content.FIRST_BLOCK + 1);
    List<String> ids =
        asked("comp=block&").stream()
            .map(request -> request.line().replaceAll(".*blockid=([^& ]*).*", "$1"))
            .map(id -> java.net.URLDecoder.decode(id, java.nio.charset.StandardCharsets.UTF_8))
            .toList();
    assertThat(ids).hasSize(3).doesNotHaveDuplicates();
    assertThat(ids.stream().map(String::length).distinct()).hasSize(1);
    String list = asked("comp=blocklist").get(0).text();
    assertThat(list).contains("<Latest>" + String.join("</Latest><Latest>", ids) + "</Latest>");
  }

  @Test
  void holdsOneBlockWhateverTheSize() throws Exception {
    AtomicLong received = new AtomicLong();
    AtomicInteger largest = new AtomicInteger();
    server =
        ScriptedServer.running(
            peer -> {
              while (true) {
                Asked request = peer.readRequest();
                if (request.line().startsWith("PUT")) {
                  largest.accumulateAndGet(request.body().length, Math::max);
                  if (request.line().contains("comp=block&")) {
                    received.addAndGet(request.body().length);
                  }
                  peer.write(CREATED);
                } else if (request.line().contains("/notifications?")) {
                  peer.write(ScriptedServer.noContent());
                } else {
                  peer.write(grant("localhost:" + server.endpoint().port(), "dev-1/x"));
                }
              }
            });
    closing.add(0, server);
    long size = 50L * Content.FIRST_BLOCK + 1;
    UploadResult result =
        client(builder())
            .uploadFile(FileUpload.of("x", Zeros::new).length(size))
            .get(50, TimeUnit.SECONDS);
    assertThat(result.bytes()).isEqualTo(size);
    assertThat(received).hasValue(size);
    assertThat(largest).hasValue(Content.FIRST_BLOCK);
  }

  @ParameterizedTest
  @CsvSource({"500,InternalError", "503,ServerBusy", "429,TooManyRequests", "408,Slow"})
  void oneBlockIsTriedAgain(int status, String code) throws Exception {
    AtomicInteger bad = new AtomicInteger(3);
    DeviceClient client =
        storage(
            request ->
                request.line().contains("blockid") && bad.getAndDecrement() > 0
                    ? storageError(status, code)
                    : CREATED);
    upload(client, 2 * Content.FIRST_BLOCK);
    assertThat(asked("comp=block&")).hasSize(5);
    assertThat(grants).hasValue(1);
  }

  @Test
  void aCutInTheMiddleOfABlockIsTriedAgain() throws Exception {
    AtomicInteger cuts = new AtomicInteger(2);
    DeviceClient client =
        storage(
            request ->
                request.line().contains("blockid") && cuts.getAndDecrement() > 0 ? null : CREATED);
    assertThat(upload(client, 2 * Content.FIRST_BLOCK).bytes()).isEqualTo(2 * Content.FIRST_BLOCK);
  }

  @Test
  void triesEndAndTheHubIsTold() throws Exception {
    DeviceClient client = storage(request -> storageError(503, "ServerBusy"));
    assertThat(failureOf(client.uploadFile(file(1)))).isInstanceOf(ThrottledException.class);
    assertThat(asked("/up/")).hasSize(4);
    assertThat(notices()).singleElement().asString().contains("\"isSuccess\":false", "429");
  }

  @ParameterizedTest
  @CsvSource({"400,InvalidBlockList", "404,ContainerNotFound", "409,BlobImmutable", "413,TooLarge"})
  void aRefusalOfTheStorageIsFinal(int status, String code) throws Exception {
    DeviceClient client = storage(request -> storageError(status, code));
    HubException failure = failureOf(client.uploadFile(file(1)));
    assertThat(failure)
        .isInstanceOfSatisfying(
            RejectedException.class, refused -> assertThat(refused.code()).hasValue(status))
        .hasMessageContaining(code);
    assertThat(asked("/up/")).hasSize(1);
    assertThat(notices())
        .singleElement()
        .asString()
        .contains("\"isSuccess\":false", "\"statusCode\":" + status);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 302, 404})
  void whatIsNoStorageIsUnreachable(int status) throws Exception {
    DeviceClient client =
        storage(request -> ScriptedServer.answer(status, "Content-Type: text/html\r\n", "<html>"));
    assertThat(failureOf(client.uploadFile(file(1)))).isInstanceOf(UnreachableException.class);
  }

  @Test
  void anExpiredSignatureIsRenewedAndTheBlocksStay() throws Exception {
    AtomicInteger puts = new AtomicInteger();
    DeviceClient client =
        storage(
            request ->
                puts.incrementAndGet() == 3 ? storageError(403, "AuthenticationFailed") : CREATED);
    assertThat(upload(client, 4 * Content.FIRST_BLOCK).correlationId()).isEqualTo("c2");
    assertThat(asked("comp=block&")).as("the one that was refused twice").hasSize(5);
    assertThat(notices())
        .hasSize(2)
        .first()
        .asString()
        .contains("\"c1\"", "\"isSuccess\":false", "403");
    assertThat(notices().get(1)).contains("\"c2\"", "\"isSuccess\":true");
  }

  @Test
  void anotherPlaceGetsAllOfItAnew() throws Exception {
    AtomicInteger puts = new AtomicInteger();
    DeviceClient client =
        hub(
            request -> {
              if (request.line().contains("/files/notifications?")) {
                return ScriptedServer.noContent();
              }
              if (request.line().contains("/files?")) {
                return grant("localhost:" + server.endpoint().port(), "dev-1/x" + grants.get());
              }
              return puts.incrementAndGet() == 3
                  ? storageError(403, "AuthenticationFailed")
                  : CREATED;
            });
    UploadResult result = upload(client, 3 * Content.FIRST_BLOCK);
    assertThat(result.blobName()).isEqualTo("dev-1/x1");
    assertThat(asked("/up/dev-1/x1?")).hasSize(4);
  }

  @Test
  void aSignatureThatIsNeverGoodIsNotAskedForWithoutEnd() throws Exception {
    DeviceClient client = storage(request -> storageError(403, "AuthorizationFailure"));
    assertThat(failureOf(client.uploadFile(file(1))))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("AuthorizationFailure");
    assertThat(grants).hasValue(1);
    assertThat(notices()).hasSize(1);
  }

  @Test
  void aNoticeWhoseAnswerWasLostIsNotAFailure() throws Exception {
    AtomicInteger notices = new AtomicInteger();
    DeviceClient client =
        hub(
            request -> {
              if (request.line().contains("/files/notifications?")) {
                return notices.incrementAndGet() == 1
                    ? null
                    : hubError(400, "InvalidFileUploadCorrelationId");
              }
              return request.line().contains("/files?")
                  ? grant("localhost:" + server.endpoint().port(), "dev-1/x")
                  : CREATED;
            });
    assertThat(upload(client, 1).correlationId()).isEqualTo("c1");
    assertThat(notices).hasValue(2);
  }

  @Test
  void anUnknownUploadIsAFailureAtFirst() throws Exception {
    DeviceClient client =
        hub(
            request ->
                request.line().contains("/files/notifications?")
                    ? hubError(400, "InvalidFileUploadCorrelationId")
                    : request.line().contains("/files?")
                        ? grant("localhost:" + server.endpoint().port(), "dev-1/x")
                        : CREATED);
    assertThat(failureOf(client.uploadFile(file(1)))).isInstanceOf(RejectedException.class);
  }

  @Test
  void aNoticeThatComesTooLateIsGivenUnderAnotherGrant() throws Exception {
    AtomicInteger notices = new AtomicInteger();
    DeviceClient client =
        hub(
            request -> {
              if (request.line().contains("/files/notifications?")) {
                return notices.incrementAndGet() <= 2
                    ? hubError(400, "ExpiredFileUploadCorrelationId")
                    : ScriptedServer.noContent();
              }
              return request.line().contains("/files?")
                  ? grant("localhost:" + server.endpoint().port(), "dev-1/x")
                  : CREATED;
            });
    assertThat(upload(client, 1).correlationId()).isEqualTo("c2");
    assertThat(asked("/up/")).as("not put again").hasSize(1);
  }

  private static String hubError(int status, String name) {
    return ScriptedServer.answer(
        status,
        "iothub-errorcode: " + name + "\r\nContent-Type: application/json\r\n",
        "{\"Message\":\"ErrorCode:" + name + ";no\"}");
  }

  @Test
  void aRefusedCredentialIsRenewedOnce() throws Exception {
    AtomicInteger begins = new AtomicInteger();
    DeviceClient client =
        hub(
            request -> {
              if (request.line().contains("/files?")) {
                begins.incrementAndGet();
                return hubError(401, "IotHubUnauthorizedAccess");
              }
              return ScriptedServer.noContent();
            });
    assertThat(failureOf(client.uploadFile(file(1)))).isInstanceOf(UnauthorizedException.class);
    assertThat(begins).hasValue(2);
    assertThat(notices()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "not json",
        "{\"correlationId\":\"c\",\"hostName\":\"evil/../\",\"containerName\":\"up\",\"blobName\":\"b\",\"sasToken\":\"?a=b\"}",
        "{\"correlationId\":\"c\",\"hostName\":\"h:99999\",\"containerName\":\"up\",\"blobName\":\"b\",\"sasToken\":\"?a=b\"}",
        "{\"correlationId\":\"c\",\"hostName\":\"h\",\"containerName\":\"../x\",\"blobName\":\"b\",\"sasToken\":\"?a=b\"}",
        "{\"correlationId\":\"c\",\"hostName\":\"h\",\"containerName\":\"up\",\"blobName\":\"../b\",\"sasToken\":\"?a=b\"}",
        "{\"correlationId\":\"c\",\"hostName\":\"h\",\"containerName\":\"up\",\"blobName\":\"b\",\"sasToken\":\"a b\\r\\n\"}"
      })
  void aGrantThatIsNoneIsUnreachable(String json) throws Exception {
    DeviceClient client =
        hub(request -> ScriptedServer.answer(200, "Content-Type: application/json\r\n", json));
    assertThat(failureOf(client.uploadFile(file(1)))).isInstanceOf(UnreachableException.class);
    assertThat(asked("/up/")).isEmpty();
  }

  /** The trust that was given for the hub's endpoint is not good for another host. */
  @Test
  void theStorageIsVerifiedByItsOwnNameAndTrust() throws Exception {
    DeviceClient client =
        hub(
            request ->
                request.line().contains("/files?")
                    ? grant("127.0.0.1:" + server.endpoint().port(), "dev-1/x")
                    : request.line().contains("/files/") ? ScriptedServer.noContent() : CREATED);
    assertThat(failureOf(client.uploadFile(file(1))))
        .isInstanceOfSatisfying(
            UnreachableException.class,
            failure -> assertThat(failure.stage()).isEqualTo(Stage.TLS));

    Endpoint trusted = server.endpoint();
    DeviceClient wrongName =
        client(
            builder()
                .uploads(
                    new HttpsUploads()
                        .storageTrust(trusted.trust())
                        .retries(1, Duration.ofMillis(1), Duration.ofMillis(1))));
    assertThat(failureOf(wrongName.uploadFile(file(1))))
        .as("trusted, but its certificate says localhost")
        .isInstanceOfSatisfying(
            UnreachableException.class,
            failure -> assertThat(failure.stage()).isEqualTo(Stage.TLS));
    assertThat(asked("/up/")).isEmpty();
  }

  @Test
  void cancellingWhileTheHubIsAskedGivesThePlaceBack() throws Exception {
    java.util.concurrent.CountDownLatch go = new java.util.concurrent.CountDownLatch(1);
    DeviceClient client =
        hub(
            request -> {
              if (request.line().contains("/files?")) {
                go.await();
                return grant("localhost:" + server.endpoint().port(), "dev-1/x");
              }
              return ScriptedServer.noContent();
            });
    CompletableFuture<UploadResult> future = client.uploadFile(file(1));
    await().until(() -> !asked("/files?").isEmpty());
    future.cancel(true);
    go.countDown();
    await().until(() -> notices().size() == 1);
    assertThat(notices().get(0)).contains("\"c1\"", "\"isSuccess\":false", "499");
    assertThat(asked("/up/")).isEmpty();
  }

  @Test
  void cancellingWhileABlockIsUnderWayTellsTheHub() throws Exception {
    DeviceClient client =
        storage(
            request -> {
              new java.util.concurrent.CountDownLatch(1).await(20, TimeUnit.SECONDS);
              return CREATED;
            });
    CompletableFuture<UploadResult> future = client.uploadFile(file(1));
    await().until(() -> !asked("/up/").isEmpty());
    future.cancel(true);
    await().until(() -> notices().size() == 1);
    assertThat(notices().get(0)).contains("\"isSuccess\":false", "499");
  }

  @Test
  void wherePort443IsClosedItSaysSo() throws Exception {
    server = ScriptedServer.answering(request -> CREATED);
    closing.add(0, server);
    DeviceClient client =
        client(
            builder()
                .transport(new MqttStandIn())
                .policy(TransportPolicy.builder().blockPort(443).build()));
    assertThat(failureOf(client.uploadFile(file(1))))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContaining("UPLOAD_HTTPS");
    assertThat(server.accepted()).isZero();
  }

  /** A route that needs no port 443. It is never opened. */
  private static final class MqttStandIn implements TransportProvider {
    @Override
    public TransportOffer offer() {
      return new TransportOffer(
          "stand-in",
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

  private static final class Zeros extends InputStream {
    @Override
    public int read() {
      return 0;
    }

    @Override
    public int read(byte[] to, int from, int length) {
      return length;
    }
  }
}
