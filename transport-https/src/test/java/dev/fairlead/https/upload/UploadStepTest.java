package dev.fairlead.https.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.FileUpload;
import dev.fairlead.Proxy;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.UploadResult;
import dev.fairlead.https.http.ScriptedServer;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.UploadContext;
import dev.fairlead.tck.SerialLoop;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An upload says at each moment what it waits for: the client quotes it. */
@Timeout(60)
class UploadStepTest {
  private final SerialLoop loop = new SerialLoop();
  private final CompletableFuture<Credential> credential = new CompletableFuture<>();
  private final CountDownLatch source = new CountDownLatch(1);
  private final CountDownLatch hubAnswers = new CountDownLatch(1);
  private final CountDownLatch storageAnswers = new CountDownLatch(1);
  private final CountDownLatch noticeAnswers = new CountDownLatch(1);
  private final ScriptedServer server = ScriptedServer.answering(this::answer);
  private volatile boolean storageFailed;
  private Opening<UploadResult> upload;

  @AfterEach
  void close() throws Exception {
    upload.abort();
    server.close();
    loop.close();
  }

  private String answer(ScriptedServer.Asked request) throws InterruptedException {
    if (request.line().contains("/files/notifications?")) {
      noticeAnswers.await();
      return ScriptedServer.noContent();
    }
    if (request.line().contains("/files?")) {
      hubAnswers.await();
      return ScriptedServer.answer(
          200,
          "Content-Type: application/json\r\n",
          "{\"correlationId\":\"c\",\"hostName\":\"localhost:"
              + server.endpoint().port()
              + "\",\"containerName\":\"up\",\"blobName\":\"x\",\"sasToken\":\"?sig=a\"}");
    }
    if (!storageFailed) {
      storageFailed = true;
      return ScriptedServer.answer(503, "x-ms-error-code: ServerBusy\r\n", "");
    }
    storageAnswers.await();
    return ScriptedServer.answer(201, "x-ms-request-id: 1\r\n", "");
  }

  @Test
  void eachStepOfAnUploadIsNamed() throws Exception {
    String host = server.endpoint().toString();
    // The pause after the storage's first answer is long enough to be seen, and short.
    upload =
        new HttpsUploads()
            .retries(2, Duration.ofSeconds(1), Duration.ofSeconds(1))
            .begin(
                FileUpload.of(
                    "x",
                    () -> {
                      waitFor(source);
                      return new ByteArrayInputStream(new byte[3]);
                    }),
                new Context());
    awaitStep("the first bytes of ");
    source.countDown();
    awaitStep("a credential");
    credential.complete(new Credential.Token(Secret.of("SharedAccessSignature sr=x"), Instant.MAX));
    awaitStep("the answer of " + host + " to the upload of x");
    hubAnswers.countDown();
    awaitStep("the answer of " + host + " to the content");
    storageAnswers.countDown();
    awaitStep("the answer of " + host + " to the notice that x was uploaded");
    noticeAnswers.countDown();
    assertThat(upload.outcome().toCompletableFuture().get().bytes()).isEqualTo(3);
  }

  private void awaitStep(String step) {
    await().until(() -> upload.step().startsWith(step));
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Context implements UploadContext {
    @Override
    public DeviceIdentity identity() {
      return DeviceIdentity.device("dev-1");
    }

    @Override
    public Endpoint endpoint() {
      return server.endpoint();
    }

    @Override
    public String hubHost() {
      return "hub.example.net";
    }

    @Override
    public Trust trust() {
      return Trust.platform();
    }

    @Override
    public Optional<Proxy> proxy() {
      return Optional.empty();
    }

    @Override
    public CompletionStage<Credential> credential() {
      return credential;
    }

    @Override
    public void credentialRefused() {
      throw new AssertionError("nobody refuses it");
    }

    @Override
    public Loop loop() {
      return loop;
    }

    @Override
    public String userAgent() {
      return "test";
    }

    @Override
    public void progress(long bytes) {
      // Not looked at.
    }
  }
}
