package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.TwinLink;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.qpid.proton.engine.Delivery;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The twin over its pair of links: requests under way by correlation id, and what the hub announces
 * of its own accord, which has none. Confined to the loop. IoT Hub: "Understand and use device
 * twins".
 */
final class TwinRequests implements TwinLink, Links.User {
  /** More than the hub's throttle lets through in the time-out of one request. */
  static final int MAX_UNDER_WAY = 100;

  private static final Logger log = LoggerFactory.getLogger(TwinRequests.class);
  private static final String REPORTED = "/properties/reported";
  private static final String DESIRED = "/notifications/twin/properties/desired";
  private static final byte[] EMPTY = new byte[0];

  private final Loop loop;
  private final Engine engine;
  private final Liveness liveness;
  private final Duration timeout;
  private final AmqpFailures failures;
  private final Consumer<String> announced;
  private final Runnable wanted;
  private final Runnable quiet;

  private @Nullable Links links;
  private final Map<String, Request<?>> underWay = new HashMap<>();
  private final Deque<Request<?>> inLine = new ArrayDeque<>();
  private long lastId;
  private @Nullable HubException over;

  /**
   * Makes the twin of a session.
   *
   * @param announced takes a change of the desired properties
   * @param wanted called when there is something to send and the links are not there
   * @param quiet called when nothing is under way any more
   */
  TwinRequests(
      Loop loop,
      Engine engine,
      Liveness liveness,
      Duration timeout,
      AmqpFailures failures,
      Consumer<String> announced,
      Runnable wanted,
      Runnable quiet) {
    this.loop = loop;
    this.engine = engine;
    this.liveness = liveness;
    this.timeout = timeout;
    this.failures = failures;
    this.announced = announced;
    this.wanted = wanted;
    this.quiet = quiet;
  }

  void use(Links own) {
    links = own;
  }

  /** Requests on the wire. */
  int underWay() {
    return underWay.size();
  }

  @Override
  public CompletionStage<String> get() {
    return request("GET", null, EMPTY, (answer, future) -> future.complete(answer.bodyText()));
  }

  @Override
  public CompletionStage<Long> report(String patch) {
    return request(
        "PATCH",
        REPORTED,
        patch.getBytes(StandardCharsets.UTF_8),
        (answer, future) -> {
          Long version = Incoming.number(answer.annotations().get("version"));
          if (version != null) {
            future.complete(version);
          } else {
            future.completeExceptionally(
                new RejectedException(
                    "The hub took the reported properties but did not tell their version; read the"
                        + " twin to learn it.",
                    Progress.MAYBE_SENT));
          }
        });
  }

  /** Asks to be told of changes of the desired properties. */
  CompletionStage<Boolean> subscribe() {
    return request("PUT", DESIRED, EMPTY, (answer, future) -> future.complete(true));
  }

  private <T> CompletionStage<T> request(
      String operation,
      @Nullable String resource,
      byte[] body,
      BiConsumer<Incoming, CompletableFuture<T>> success) {
    loop.assertInLoop();
    CompletableFuture<T> future = new CompletableFuture<>();
    if (over != null) {
      future.completeExceptionally(over);
      return future;
    }
    if (underWay.size() + inLine.size() >= MAX_UNDER_WAY) {
      future.completeExceptionally(
          new RejectedException(
              MAX_UNDER_WAY
                  + " twin operations wait for the hub's answer already. Wait for some of them"
                  + " before starting more.",
              Progress.NOT_SENT));
      return future;
    }
    String id = Long.toString(++lastId);
    Request<T> request = new Request<>(id, encoded(id, operation, resource, body), future, success);
    request.alarm = loop.schedule(timeout, () -> timedOut(request));
    inLine.add(request);
    send();
    if (!inLine.isEmpty()) {
      wanted.run();
    }
    engine.flushSoon();
    return future;
  }

  private static ByteBuffer encoded(
      String id, String operation, @Nullable String resource, byte[] body) {
    MessageWriter out = new MessageWriter(body.length + 128);
    out.section(MessageWriter.MESSAGE_ANNOTATIONS);
    int annotations = out.begin();
    out.symbol("operation").text(operation);
    if (resource != null) {
      out.symbol("resource").text(resource);
    }
    out.endMap(annotations, resource == null ? 1 : 2);
    out.section(MessageWriter.PROPERTIES);
    int properties = out.begin();
    out.nothing().nothing().nothing().nothing().nothing().text(id);
    out.endList(properties, 6);
    return out.data(body).finish();
  }

  private void send() {
    while (!inLine.isEmpty() && links != null && links.canSend()) {
      Request<?> request = inLine.remove();
      underWay.put(request.id, request);
      links.send(request.message, 0);
      liveness.owe(0);
    }
  }

  @Override
  public void attached() {
    send();
  }

  @Override
  public void credited() {
    send();
  }

  @Override
  public void arrived(Delivery delivery, byte[] message) {
    Links.settle(delivery);
    if (links != null) {
      links.replenish();
    }
    Incoming incoming = MessageReader.read(message).orElse(null);
    if (incoming == null) {
      log.warn("Ignored a message about the twin that is no AMQP message");
      return;
    }
    Object id = incoming.property(Incoming.CORRELATION_ID);
    if (id == null) {
      announced.accept(incoming.bodyText());
      return;
    }
    Request<?> request = remove(Incoming.text(id));
    if (request == null) {
      log.debug("Ignored an answer about the twin that nobody waits for");
      return;
    }
    request.answered(incoming);
    if (underWay.isEmpty()) {
      quiet.run();
    }
  }

  /** What was under way may have been carried out; what was not may still go. */
  @Override
  public void lost() {
    failUnderWay(failures.linkLost(Progress.MAYBE_SENT));
  }

  private void failUnderWay(HubException failure) {
    for (Request<?> request : List.copyOf(underWay.values())) {
      remove(request.id);
      request.fail(failure);
    }
  }

  private @Nullable Request<?> remove(String id) {
    Request<?> request = underWay.remove(id);
    if (request != null) {
      liveness.paid(0);
    }
    return request;
  }

  private void timedOut(Request<?> request) {
    inLine.remove(request);
    remove(request.id);
    request.fail(failures.unanswered("the twin operation", timeout));
  }

  /** The session is over. */
  void end(HubException failure) {
    over = failure;
    failUnderWay(failure);
    List<Request<?>> waiting = List.copyOf(inLine);
    inLine.clear();
    waiting.forEach(request -> request.fail(failure));
  }

  private static final class Request<T> {
    private final String id;
    private final ByteBuffer message;
    private final CompletableFuture<T> future;
    private final BiConsumer<Incoming, CompletableFuture<T>> success;
    private @Nullable Alarm alarm;

    Request(
        String id,
        ByteBuffer message,
        CompletableFuture<T> future,
        BiConsumer<Incoming, CompletableFuture<T>> success) {
      this.id = id;
      this.message = message;
      this.future = future;
      this.success = success;
    }

    void answered(Incoming answer) {
      Long told = Incoming.number(answer.annotations().get("status"));
      int status = told == null ? 500 : (int) Math.max(0, Math.min(told, 999));
      cancel();
      if (status >= 200 && status < 300) {
        success.accept(answer, future);
      } else {
        future.completeExceptionally(AmqpFailures.twin(HubError.of(status, answer.bodyText())));
      }
    }

    void fail(HubException failure) {
      cancel();
      future.completeExceptionally(failure);
    }

    private void cancel() {
      if (alarm != null) {
        alarm.cancel();
        alarm = null;
      }
    }
  }
}
