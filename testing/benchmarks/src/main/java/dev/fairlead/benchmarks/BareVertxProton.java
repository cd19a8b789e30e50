package dev.fairlead.benchmarks;

import dev.fairlead.auth.Audience;
import dev.fairlead.auth.ConnectionString;
import dev.fairlead.auth.SasToken;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.proton.ProtonClient;
import io.vertx.proton.ProtonClientOptions;
import io.vertx.proton.ProtonConnection;
import io.vertx.proton.ProtonSender;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.message.Message;

/**
 * Telemetry through vertx-proton alone, as fast as the link's credit allows: no outbox, no order
 * across sessions, no reconnect. The baseline for AMQP.
 */
final class BareVertxProton implements TelemetryPeer {
  private final Vertx vertx = Vertx.vertx();
  private final Context context = vertx.getOrCreateContext();
  private final CompletableFuture<ProtonSender> sender = new CompletableFuture<>();
  private final ProtonConnection connection;

  BareVertxProton(String connectionString, int port, Path caFile) throws Exception {
    ConnectionString parsed = ConnectionString.parse(connectionString);
    String device = parsed.identity().deviceId();
    String hub = parsed.hostName().replaceFirst("\\..*", "");
    String token =
        SasToken.sign(
                new Audience(parsed.hostName(), parsed.identity()),
                Optional.empty(),
                Instant.now().plus(Duration.ofHours(1)),
                dev.fairlead.Secret.of(
                    connectionString.substring(connectionString.indexOf("SharedAccessKey=") + 16)))
            .text()
            .reveal();
    ProtonClientOptions options =
        new ProtonClientOptions()
            .setSsl(true)
            .setHostnameVerificationAlgorithm("HTTPS")
            .setPemTrustOptions(new PemTrustOptions().addCertPath(caFile.toString()))
            .addEnabledSaslMechanism("PLAIN")
            .setVirtualHost(parsed.hostName());
    CompletableFuture<ProtonConnection> opened = new CompletableFuture<>();
    context.runOnContext(
        now ->
            ProtonClient.create(vertx)
                .connect(
                    options,
                    "localhost",
                    port,
                    device + "@sas." + hub,
                    token,
                    result -> {
                      if (result.failed()) {
                        opened.completeExceptionally(result.cause());
                        return;
                      }
                      ProtonConnection made = result.result();
                      made.openHandler(
                          open -> {
                            ProtonSender link =
                                made.createSender("/devices/" + device + "/messages/events");
                            link.openHandler(ready -> sender.complete(link)).open();
                          });
                      made.open();
                      opened.complete(made);
                    }));
    connection = opened.get(30, TimeUnit.SECONDS);
    sender.get(30, TimeUnit.SECONDS);
  }

  @Override
  public void send(int count, byte[] body) throws Exception {
    CountDownLatch acknowledged = new CountDownLatch(count);
    ProtonSender link = sender.get();
    int[] left = {count};
    Runnable fill =
        () -> {
          while (left[0] > 0 && !link.sendQueueFull()) {
            left[0]--;
            Message message = Proton.message();
            message.setBody(new Data(new Binary(body)));
            link.send(
                message,
                delivery -> {
                  if (delivery.getRemoteState() != Accepted.getInstance()) {
                    throw new IllegalStateException(
                        "A message was lost: " + delivery.getRemoteState());
                  }
                  acknowledged.countDown();
                });
          }
        };
    context.runOnContext(
        now -> {
          link.sendQueueDrainHandler(drained -> fill.run());
          fill.run();
        });
    acknowledged.await();
  }

  @Override
  public void close() {
    context.runOnContext(now -> connection.close().disconnect());
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
