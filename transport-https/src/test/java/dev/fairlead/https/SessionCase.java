package dev.fairlead.https;

import static dev.fairlead.https.http.ScriptedServer.answer;
import static dev.fairlead.https.http.ScriptedServer.noContent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Carrier;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.https.http.HttpThreads;
import dev.fairlead.https.http.ScriptedServer;
import dev.fairlead.https.http.ScriptedServer.Asked;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.json.Json;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;

/** A session against a hub that the test controls. */
abstract class SessionCase {
  private static final Route ROUTE = new Route(Protocol.HTTPS, Carrier.HTTP, 443);
  static final String EVENTS = "/devices/dev-1/messages/events?api-version=2021-04-12";
  static final String QUEUE = "/devices/dev-1/messages/deviceBound";
  static final String VERSION = "?api-version=2021-04-12";

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  final ScriptedOutbox outbox = new ScriptedOutbox();

  /** What a test lets through, when it lets a poll through. */
  final AtomicReference<Runnable> asked = new AtomicReference<>();

  volatile boolean inTime = true;
  String deviceId = "dev-1";
  boolean strict;
  Optional<Credential> credential = Optional.empty();
  HttpsOptions options = HttpsOptions.defaults();
  Opening<TransportSession> opening;
  RecordingContext context;

  @AfterEach
  void close() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
    if (context != null) {
      assertThat(context.serialLoop().thrown()).isEmpty();
      assertThat(context.inbox().misuse()).isEmpty();
    }
    HttpThreads.awaitNone("HTTPS: ");
  }

  ScriptedServer hub(ScriptedServer.Answers answers) {
    ScriptedServer server = ScriptedServer.answering(answers);
    opened.push(server);
    return server;
  }

  /** A hub whose every byte on each connection is set by the test. */
  ScriptedServer hubRunning(ScriptedServer.Script script) {
    ScriptedServer server = ScriptedServer.running(script);
    opened.push(server);
    return server;
  }

  /** A session that waits for each answer for a moment only. */
  static HttpsOptions impatient() {
    return HttpsOptions.builder().answerTimeout(Duration.ofMillis(300)).build();
  }

  /** A hub that accepts all telemetry and handles other requests as a test decides. */
  ScriptedServer queue(ScriptedServer.Answers answers) {
    return hub(request -> isEvent(request) ? noContent() : answers.to(request));
  }

  static boolean isEvent(Asked request) {
    return request.line().contains("/messages/events");
  }

  static boolean isProof(Asked request) {
    return isEvent(request) && request.text().equals("[]");
  }

  static String error(int status, String name) {
    return answer(status, "iothub-errorcode: " + name + "\r\n", "");
  }

  CompletableFuture<TransportSession> opening(ScriptedServer server, Feed... feeds) {
    return opening(server.endpoint(), feeds);
  }

  CompletableFuture<TransportSession> opening(Endpoint endpoint, Feed... feeds) {
    Target target =
        new Target(
            "hub.example.net",
            DeviceIdentity.device(deviceId),
            Secret.of(Base64.getEncoder().encodeToString(new byte[32])),
            endpoint);
    RecordingContext.Builder builder =
        RecordingContext.builder(target).feeds(Set.of(feeds)).outbox(outbox).strictOrder(strict);
    credential.ifPresent(builder::credential);
    context = builder.build();
    opened.push(context);
    HttpsTransport transport =
        new HttpsTransport(options, (host, identity, loop) -> new TestLimiter());
    opening = transport.open(ROUTE, context);
    opened.push(opening::abort);
    return context.follow(opening);
  }

  TransportSession open(ScriptedServer server, Feed... feeds) {
    return result(opening(server, feeds));
  }

  private final class TestLimiter implements PollLimiter {
    @Override
    public void whenAllowed(Runnable pollNow) {
      assertThat(asked.getAndSet(pollNow)).isNull();
    }

    @Override
    public boolean stillAllowed() {
      return inTime;
    }

    @Override
    public void close() {
      asked.set(null);
    }
  }

  void poll() {
    await().until(() -> asked.get() != null);
    Runnable allowed = asked.getAndSet(null);
    context.onLoop(allowed);
  }

  void pollAndWait() {
    poll();
    await().until(() -> asked.get() != null);
  }

  static <T> T result(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  static Throwable failure(CompletionStage<?> stage) {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    stage.whenComplete((value, thrown) -> failure.complete(thrown));
    Throwable thrown = failure.orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(thrown).isNotNull();
    return thrown instanceof CompletionException && thrown.getCause() != null
        ? thrown.getCause()
        : thrown;
  }

  HubException end(TransportSession session) {
    return result(session.ended()).orElseThrow();
  }

  static TelemetryMessage message(String text) {
    return TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The messages in a request, whichever form it has. */
  static List<String> bodies(Asked request) {
    if (!request.field("Content-Type").equals("application/vnd.microsoft.iothub.json")) {
      return List.of(request.text());
    }
    List<String> bodies = new ArrayList<>();
    Object all = Json.readObject("{\"all\":" + request.text() + "}").get("all");
    for (Object each : (List<?>) all) {
      String body = String.valueOf(((Map<?, ?>) each).get("body"));
      bodies.add(new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8));
    }
    return bodies;
  }

  static List<Asked> telemetry(ScriptedServer server) {
    return server.asked().stream()
        .filter(request -> isEvent(request) && !isProof(request))
        .toList();
  }
}
