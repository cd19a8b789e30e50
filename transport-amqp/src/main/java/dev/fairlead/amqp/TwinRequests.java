package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.transport.HubError;
import dev.fairlead.transport.Overdue;
import dev.fairlead.transport.PendingRequests;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.qpid.proton.engine.Delivery;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The twin over its pair of links: requests in progress by correlation id, and announcements of the
 * hub, which have none. If the session subscribes to the desired properties, the twin is read only
 * after the subscription is answered, because a change in between would be lost. Confined to the
 * loop. IoT Hub: "Understand and use device twins".
 */
final class TwinRequests implements TwinLink, Links.User {
  /** The session as the twin sees it. */
  interface Owner {
    /** There is something to send and the links are not attached. */
    void twinWanted();

    /** The links were lost. Called before the requests in progress fail. */
    void twinLost();

    /** No request is in progress any more. */
    void quiet();
  }

  /** More than the hub's throttle allows within the time-out of one request. */
  static final int MAX_UNDER_WAY = 100;

  private static final Logger log = LoggerFactory.getLogger(TwinRequests.class);
  private static final String WHAT = "twin operation";
  private static final String REPORTED = "/properties/reported";
  private static final String DESIRED = "/notifications/twin/properties/desired";
  private static final byte[] EMPTY = new byte[0];

  private final Loop loop;
  private final Engine engine;
  private final AmqpFailures failures;
  private final boolean subscribes;
  private final Consumer<String> announced;
  private final Owner owner;
  private final PendingRequests<String, Incoming> pending;
  private final Deque<Queued> queue = new ArrayDeque<>(1);
  private final Deque<Queued> heldReads = new ArrayDeque<>(1);

  private @Nullable Links links;
  private long lastId;
  private boolean holdsReads;

  /**
   * Makes the twin of a session.
   *
   * @param subscribes whether the session wants the changes of the desired properties
   * @param announced takes such a change
   */
  TwinRequests(
      AmqpConnection connection,
      Loop loop,
      AmqpFailures failures,
      boolean subscribes,
      Consumer<String> announced,
      Owner owner) {
    this.loop = loop;
    this.engine = connection.engine();
    this.failures = failures;
    this.subscribes = subscribes;
    this.announced = announced;
    this.owner = owner;
    holdsReads = subscribes;
    pending =
        new PendingRequests<>(
            connection.debts(), WHAT, MAX_UNDER_WAY, connection.options().answerTimeout());
  }

  void use(Links own) {
    links = own;
  }

  /** Requests that were sent and are not answered. */
  int underWay() {
    return pending.underWay();
  }

  @Override
  public CompletionStage<String> get() {
    return request("GET", null, EMPTY).thenApply(Incoming::bodyText);
  }

  @Override
  public CompletionStage<Long> report(String patch) {
    return request("PATCH", REPORTED, patch.getBytes(StandardCharsets.UTF_8))
        .thenCompose(TwinRequests::version);
  }

  private static CompletionStage<Long> version(Incoming answer) {
    Long version = Incoming.number(answer.annotations().get("version"));
    return version != null
        ? CompletableFuture.completedFuture(version)
        : CompletableFuture.failedFuture(
            new RejectedException(
                "The hub took the reported properties but did not send their version. Read the twin"
                    + " to get it.",
                Progress.MAYBE_SENT));
  }

  /** Subscribes to the changes of the desired properties. */
  CompletionStage<Void> subscribe() {
    return request("PUT", DESIRED, EMPTY)
        .whenComplete((answer, failure) -> releaseReads())
        .thenAccept(answer -> {});
  }

  private CompletableFuture<Incoming> request(
      String operation, @Nullable String resource, byte[] body) {
    loop.assertInLoop();
    String id = Long.toString(++lastId);
    CompletableFuture<Incoming> answer = pending.register(id);
    if (answer.isDone()) {
      return answer;
    }
    Queued request = new Queued(id, encoded(id, operation, resource, body));
    if (holdsReads && operation.equals("GET")) {
      heldReads.add(request);
    } else {
      queue.add(request);
    }
    send();
    if (links != null && links.state() == Links.State.IDLE) {
      owner.twinWanted();
    }
    engine.flushSoon();
    return answer
        .whenComplete(
            (done, failure) -> {
              if (pending.underWay() == 0) {
                owner.quiet();
              }
            })
        .thenCompose(TwinRequests::checked);
  }

  private static CompletionStage<Incoming> checked(Incoming answer) {
    Long said = Incoming.number(answer.annotations().get("status"));
    int status = said == null ? 500 : (int) Math.max(0, Math.min(said, 999));
    return status >= 200 && status < 300
        ? CompletableFuture.completedFuture(answer)
        : CompletableFuture.failedFuture(
            HubError.ofStatus(status, answer.bodyText()).twinFailure("status " + status, null));
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
    Links own = links;
    if (own == null) {
      return;
    }
    while (!queue.isEmpty() && own.canSend()) {
      Queued request = queue.remove();
      own.send(request.message, 0);
      pending.sent(request.id, request.size);
    }
    if (queue.isEmpty()) {
      own.forgiveCredit();
    } else {
      own.awaitCredit();
    }
  }

  private void releaseReads() {
    holdsReads = false;
    queue.addAll(heldReads);
    heldReads.clear();
    send();
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
      log.warn("Ignored a message about the twin that is not an AMQP message");
      return;
    }
    Object id = incoming.property(Incoming.CORRELATION_ID);
    if (id == null) {
      announced.accept(incoming.bodyText());
    } else if (!pending.answer(Incoming.text(id), incoming)) {
      log.debug("Ignored an answer to a twin operation that is unknown or too late");
    }
  }

  @Override
  public void noCredit(Overdue overdue) {
    failQueued(overdue.sentence());
  }

  /** Requests in progress may have been executed; unsent requests may still be sent. */
  @Override
  public void lost(@Nullable AmqpError why) {
    holdsReads = subscribes;
    owner.twinLost();
    pending.failSent(failures.linkLost(Progress.MAYBE_SENT));
  }

  /**
   * Fails the unsent requests.
   *
   * @param why what the hub did, as a sentence
   */
  void failQueued(String why) {
    if (links != null) {
      links.forgiveCredit();
    }
    queue.addAll(heldReads);
    heldReads.clear();
    HubException failure = failures.notSent(WHAT, why);
    for (Queued each = queue.poll(); each != null; each = queue.poll()) {
      pending.fail(each.id, failure);
    }
  }

  /** Whether a request waits for links or credit. */
  boolean hasQueued() {
    return !queue.isEmpty() || !heldReads.isEmpty();
  }

  /** The session has ended. */
  void end(HubException failure) {
    queue.clear();
    heldReads.clear();
    pending.end(failure, failures.over(Progress.NOT_SENT));
  }

  private static final class Queued {
    private final String id;
    private final ByteBuffer message;
    private final int size;

    Queued(String id, ByteBuffer message) {
      this.id = id;
      this.message = message;
      size = message.remaining();
    }
  }
}
