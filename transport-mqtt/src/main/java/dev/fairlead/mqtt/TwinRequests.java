package dev.fairlead.mqtt;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.transport.Debts;
import dev.fairlead.transport.HubError;
import dev.fairlead.transport.PendingRequests;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Twin operations, by request id. Sent at QoS 0: the hub's answer is more specific than a PUBACK.
 * Confined to the loop.
 */
final class TwinRequests implements TwinLink {
  /** More than the hub's throttle allows within the time-out of one request. */
  static final int MAX_UNDER_WAY = 100;

  private static final Logger log = LoggerFactory.getLogger(TwinRequests.class);
  private static final byte[] EMPTY = new byte[0];

  private final PahoClient client;
  private final Loop loop;
  private final MqttFailures failures;
  private final Runnable afterEach;
  private final PendingRequests<String, Answer> pending;
  private long lastId;

  /**
   * Creates it.
   *
   * @param afterEach runs on the loop when an operation has its outcome
   */
  TwinRequests(
      PahoClient client,
      Loop loop,
      Debts debts,
      Duration timeout,
      MqttFailures failures,
      Runnable afterEach) {
    this.client = client;
    this.loop = loop;
    this.failures = failures;
    this.afterEach = afterEach;
    pending = new PendingRequests<>(debts, "twin operation", MAX_UNDER_WAY, timeout);
  }

  @Override
  public CompletionStage<String> get() {
    return request(
        Topics::twinGet,
        EMPTY,
        (answer, outcome) -> outcome.complete(new String(answer.body, StandardCharsets.UTF_8)));
  }

  @Override
  public CompletionStage<Long> report(String patch) {
    return request(
        Topics::twinReport, patch.getBytes(StandardCharsets.UTF_8), TwinRequests::reported);
  }

  private static void reported(Answer answer, CompletableFuture<Long> outcome) {
    OptionalLong version = answer.topic.version();
    if (version.isPresent()) {
      outcome.complete(version.getAsLong());
    } else {
      outcome.completeExceptionally(
          new RejectedException(
              "The hub accepted the reported properties and did not send their version. Read the"
                  + " twin to get it.",
              Progress.MAYBE_SENT));
    }
  }

  private interface RequestTopic {
    String of(String rid);
  }

  private <T> CompletionStage<T> request(
      RequestTopic topic, byte[] body, BiConsumer<Answer, CompletableFuture<T>> success) {
    loop.assertInLoop();
    String rid = Long.toString(++lastId);
    CompletableFuture<T> outcome = new CompletableFuture<>();
    CompletableFuture<Answer> answered = pending.register(rid);
    if (!answered.isDone()) {
      send(rid, topic.of(rid), body);
    }
    follow(answered, outcome, success);
    return outcome;
  }

  private <T> void follow(
      CompletionStage<Answer> answered,
      CompletableFuture<T> outcome,
      BiConsumer<Answer, CompletableFuture<T>> success) {
    answered.whenComplete(
        (answer, failure) -> {
          complete(outcome, answer, failure, success);
          afterEach.run();
        });
  }

  private void send(String rid, String topic, byte[] body) {
    try {
      client.publish(topic, body);
      pending.sent(rid, body.length);
    } catch (MqttException e) {
      log.debug("The connection ended before twin operation {}", rid, e);
      pending.fail(rid, failures.over(Progress.NOT_SENT));
    }
  }

  private static <T> void complete(
      CompletableFuture<T> outcome,
      @Nullable Answer answer,
      @Nullable Throwable failure,
      BiConsumer<Answer, CompletableFuture<T>> success) {
    if (answer == null) {
      outcome.completeExceptionally(
          failure == null ? new IllegalStateException("no answer") : failure);
      return;
    }
    int status = answer.topic.status();
    if (status >= 200 && status < 300) {
      success.accept(answer, outcome);
    } else {
      outcome.completeExceptionally(
          HubError.ofStatus(status, answer.body)
              .twinFailure("status " + status, answer.retryAfter()));
    }
  }

  void answered(String topic, byte[] body) {
    Topics.TwinAnswer answer = Topics.TwinAnswer.parse(topic).orElse(null);
    if (answer == null) {
      log.warn("Ignored an answer to a twin operation because its topic is malformed");
    } else if (!pending.answer(answer.rid(), new Answer(answer, body))) {
      log.debug("Ignored an answer to a twin operation that is too late or of another session");
    }
  }

  /**
   * The session has ended.
   *
   * @param failure for requests that were sent
   */
  void end(HubException failure) {
    pending.end(failure, failures.over(Progress.NOT_SENT));
  }

  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Answer(Topics.TwinAnswer topic, byte[] body) {
    @Nullable Duration retryAfter() {
      OptionalLong seconds = topic.retryAfterSeconds();
      return seconds.isEmpty()
          ? null
          : Duration.ofSeconds(Math.min(seconds.getAsLong(), HubError.LONGEST_WAIT.toSeconds()));
    }
  }
}
