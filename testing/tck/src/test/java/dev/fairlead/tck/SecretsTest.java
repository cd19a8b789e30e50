package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Secret;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.Credentials;
import dev.fairlead.auth.SasToken;
import dev.fairlead.tck.memory.InMemoryHub;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** No log line, state, text or stack trace contains a key, a token or content. */
class SecretsTest extends MemoryCase {
  private static final String CONTENT = "canary-content-5c1f";

  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final List<String> printed = new CopyOnWriteArrayList<>();
  private final Level before = root.getLevel();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          printed.add(event.getFormattedMessage());
          if (event.getThrowableProxy() != null) {
            printed.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
          }
        }
      };

  @BeforeEach
  void listen() {
    appender.setContext(root.getLoggerContext());
    appender.start();
    root.addAppender(appender);
    root.setLevel(Level.TRACE);
  }

  @AfterEach
  void stopListening() {
    root.detachAppender(appender);
    root.setLevel(before);
  }

  @Test
  void aWholeLifeOfFailuresPrintsNoSecret() {
    List<String> tokens = new ArrayList<>();
    Secret wrongKey = Secret.of("d3Jvbmcta2V5LWNhbmFyeS13cm9uZy1rZXktY2FuYXJ5IQ==");
    DeviceClientBuilder builder =
        builder(MQTT, AMQP)
            .credentials(
                Credentials.tokens(
                    audience -> {
                      SasToken token =
                          SasToken.sign(
                              audience,
                              Optional.empty(),
                              time.now().plus(Duration.ofHours(1)),
                              device.key());
                      tokens.add(token.text().reveal());
                      return CompletableFuture.completedFuture(token.text());
                    }))
            .onConnectionState(state -> print(state))
            .onMethod(
                "boom",
                request -> {
                  throw new IllegalStateException("a bug in the handler");
                })
            .onCloudMessage(
                message -> {
                  print(message);
                  throw new IllegalStateException("a bug in the handler");
                })
            .onDesiredProperties(
                change -> {
                  print(change);
                  throw new IllegalStateException("a bug in the handler");
                });
    device.updateDesired("{\"secretive\":\"" + CONTENT + "\"}");
    DeviceClient client = opened(builder);
    print(client);
    print(client.plan().explain());
    Await.result(client.send(text(CONTENT)));
    device.sendCloudMessage(CONTENT, Map.of(CONTENT, CONTENT));
    Await.result(device.invokeMethod("boom", "\"" + CONTENT + "\"", Duration.ofSeconds(30)));
    print(Await.failure(client.updateReportedProperties("{\"a b\":\"" + CONTENT + "\"}")));
    hub.setReachable(false);
    print(awaitState(client, ConnectionState.Waiting.class).failure());
    hub.setReachable(true);
    device.setEnabled(false);
    tickUntil("refused", () -> client.state() instanceof ConnectionState.Unauthorized);
    client.state().cause().ifPresent(this::print);

    DeviceClient wrong = started(builder(MQTT).credentials(Credentials.sharedAccessKey(wrongKey)));
    awaitState(wrong, ConnectionState.Unauthorized.class).cause().ifPresent(this::print);

    DeviceClient bySpelling =
        started(
            DeviceClient.builder(
                    "HostName="
                        + InMemoryHub.HOST
                        + ";DeviceId=dev-1;SharedAccessKey="
                        + wrongKey.reveal())
                .time(time)
                .transport(like(MQTT)));
    awaitState(bySpelling, ConnectionState.Unauthorized.class);

    DeviceClient expired =
        started(
            builder(MQTT)
                .credentials(
                    Credentials.fixedToken(
                        SasToken.sign(
                                new Audience(
                                    InMemoryHub.HOST, dev.fairlead.DeviceIdentity.device("dev-1")),
                                Optional.empty(),
                                time.now().minusSeconds(1),
                                wrongKey)
                            .text())));
    Await.until("the failure shows", () -> expired.state().cause().isPresent());
    expired.state().cause().ifPresent(this::print);

    assertThat(printed).hasSizeGreaterThan(20);
    assertThat(tokens).isNotEmpty();
    String key = device.key().reveal();
    for (String connection : printed) {
      assertThat(connection)
          .doesNotContain(key)
          .doesNotContain(URLEncoder.encode(key, StandardCharsets.UTF_8))
          .doesNotContain(wrongKey.reveal())
          .doesNotContain("sig=")
          .doesNotContain(CONTENT);
      tokens.forEach(token -> assertThat(connection).doesNotContain(token));
    }
  }

  private void print(Object thing) {
    printed.add(thing.toString());
    if (thing instanceof Throwable failure) {
      StringWriter text = new StringWriter();
      failure.printStackTrace(new PrintWriter(text));
      printed.add(text.toString());
    }
  }
}
