package dev.fairlead.mqtt;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.TwinLink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Twin requests under way, by request id. Sent at QoS 0: the hub's answer says more than a PUBACK
 * would. Confined to the loop.
 */
final class TwinRequests implements TwinLink {
  /** More than the hub's throttle lets through in the time-out of one request. */
  static final int MAX_UNDER_WAY = 100;

  private static final Logger log = LoggerFactory.getLogger(TwinRequests.class);
  private static final byte[] EMPTY = new byte[0];

  private final PahoClient wire;
  private final Loop loop;
  private final Liveness liveness;
  private final Duration timeout;
  private final Supplier<HubException> ended;

  private final Map<String, Request<?>> underWay = new HashMap<>();
  private long lastId;
  private boolean over;

  TwinRequests(
      PahoClient wire,
      Loop loop,
      Liveness liveness,
      Duration timeout,
      Supplier<HubException> ended) {
    this.wire = wire;
    this.loop = loop;
    this.liveness = liveness;
    this.timeout = timeout;
    this.ended = ended;
  }

  int underWay() {
    return underWay.size();
  }

  @Override
  public CompletionStage<String> get() {
    loop.assertInLoop();
    return request(
        "GET",
        EMPTY,
        (answer, future) -> future.complete(new String(answer.body, StandardCharsets.UTF_8)));
  }

  @Override
  public CompletionStage<Long> report(String patch) {
    loop.assertInLoop();
    return request(
        "PATCH",
        patch.getBytes(StandardCharsets.UTF_8),
        (answer, future) -> {
          if (answer.topic.version().isPresent()) {
            future.complete(answer.topic.version().getAsLong());
          } else {
            future.completeExceptionally(
                new RejectedException(
                    "The hub took the reported properties but did not tell their version; read the"
                        + " twin to learn it.",
                    Progress.MAYBE_SENT));
          }
        });
  }

  private <T> CompletionStage<T> request(
      String verb, byte[] body, BiConsumer<Answer, CompletableFuture<T>> success) {
    CompletableFuture<T> future = new CompletableFuture<>();
    if (over) {
      future.completeExceptionally(ended.get());
      return future;
    }
    if (underWay.size() >= MAX_UNDER_WAY) {
      future.completeExceptionally(
          new RejectedException(
              underWay.size()
                  + " twin operations wait for the hub's answer already. Wait for some of them"
                  + " before starting more.",
              Progress.NOT_SENT));
      return future;
    }
    String rid = Long.toString(++lastId);
    Alarm alarm = loop.schedule(timeout, () -> timedOut(rid));
    underWay.put(rid, new Request<>(future, success, alarm));
    try {
      wire.publish("GET".equals(verb) ? Topics.twinGet(rid) : Topics.twinReport(rid), body);
      liveness.watch();
    } catch (MqttException e) {
      underWay.remove(rid);
      alarm.cancel();
      future.completeExceptionally(ended.get());
    }
    return future;
  }

  void answered(String topic, byte[] body) {
    Topics.TwinAnswer answer = Topics.TwinAnswer.parse(topic).orElse(null);
    if (answer == null) {
      log.warn("Ignored an answer about the twin whose topic makes no sense");
      return;
    }
    Request<?> request = underWay.remove(answer.rid());
    if (request == null) {
      // Too late, or not for this session.
      log.debug("Ignored an answer about the twin that nobody waits for");
      return;
    }
    request.alarm.cancel();
    request.answered(new Answer(answer, body));
  }

  private void timedOut(String rid) {
    Request<?> request = underWay.remove(rid);
    if (request != null) {
      request.future.completeExceptionally(
          new UnreachableException(
              "The hub did not answer the twin operation within "
                  + timeout.toMillis()
                  + " ms. It may have been carried out all the same; read the twin, or try again.",
              Stage.SESSION,
              Progress.MAYBE_SENT,
              null));
    }
  }

  /** The session is over. */
  void end(HubException failure) {
    over = true;
    List<Request<?>> left = List.copyOf(underWay.values());
    underWay.clear();
    for (Request<?> request : left) {
      request.alarm.cancel();
      request.future.completeExceptionally(failure);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Answer(Topics.TwinAnswer topic, byte[] body) {}

  private record Request<T>(
      CompletableFuture<T> future, BiConsumer<Answer, CompletableFuture<T>> success, Alarm alarm) {
    void answered(Answer answer) {
      int status = answer.topic.status();
      if (status >= 200 && status < 300) {
        success.accept(answer, future);
      } else {
        future.completeExceptionally(
            MqttFailures.twin(status, answer.body, answer.topic.retryAfterSeconds()));
      }
    }
  }
}
