package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.spi.Inbox;
import dev.fairlead.transport.Overdue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.qpid.proton.engine.Delivery;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Direct methods over their pair of links: each call is handed over with a reply that holds its
 * correlation id. Answers are sent settled, because the caller in the cloud has its own time limit.
 * Confined to the loop. IoT Hub: "Understand and invoke direct methods".
 */
final class MethodCalls implements Links.User {
  private static final Logger log = LoggerFactory.getLogger(MethodCalls.class);

  /** The most answers that may wait for credit; the hub allows fewer calls in progress. */
  private static final int MAX_WAITING = 1000;

  private final Inbox inbox;
  private final Engine engine;
  private final AmqpFailures failures;
  private final Deque<Answer> queue = new ArrayDeque<>(1);

  private @Nullable Links links;
  private @Nullable HubException over;

  MethodCalls(Inbox inbox, Engine engine, AmqpFailures failures) {
    this.inbox = inbox;
    this.engine = engine;
    this.failures = failures;
  }

  void use(Links own) {
    links = own;
  }

  @Override
  public void arrived(Delivery delivery, byte[] message) {
    Links.settle(delivery);
    if (links != null) {
      links.replenish();
    }
    Incoming incoming = MessageReader.read(message).orElse(null);
    Object id = incoming == null ? null : incoming.property(Incoming.CORRELATION_ID);
    Object name =
        incoming == null ? null : incoming.applicationProperties().get("IoThub-methodname");
    if (incoming == null || id == null || name == null) {
      log.warn("Ignored a method call without a name or a correlation id");
      return;
    }
    inbox.methodCall(
        new MethodRequest(Incoming.text(name), incoming.bodyText()),
        response -> answer(id, response));
  }

  /** The id is sent back with the same type and value. */
  private CompletionStage<Void> answer(Object id, MethodResponse response) {
    if (over != null) {
      return CompletableFuture.failedFuture(over);
    }
    if (queue.size() >= MAX_WAITING) {
      return CompletableFuture.failedFuture(
          new RejectedException(
              MAX_WAITING
                  + " answers to direct methods already wait for the hub to take them, so this one"
                  + " was not sent.",
              Progress.NOT_SENT));
    }
    Answer answer = new Answer(encoded(id, response), new CompletableFuture<>());
    queue.add(answer);
    send();
    engine.flushSoon();
    return answer.sent;
  }

  private static ByteBuffer encoded(Object id, MethodResponse response) {
    byte[] body = response.payload().getBytes(StandardCharsets.UTF_8);
    MessageWriter out = new MessageWriter(body.length + 96);
    out.section(MessageWriter.PROPERTIES);
    int properties = out.begin();
    out.nothing().nothing().nothing().nothing().nothing().id(id);
    out.endList(properties, 6);
    out.section(MessageWriter.APPLICATION_PROPERTIES);
    int application = out.begin();
    out.text("IoThub-status").integer(response.status());
    out.endMap(application, 1);
    return out.data(body).finish();
  }

  @Override
  public void attached() {
    send();
  }

  @Override
  public void credited() {
    send();
  }

  private void send() {
    Links own = links;
    if (own == null) {
      return;
    }
    while (!queue.isEmpty() && own.canSend()) {
      Answer answer = queue.remove();
      own.send(answer.message, 0);
      answer.sent.complete(null);
    }
    if (!queue.isEmpty()) {
      own.awaitCredit();
    }
  }

  @Override
  public void noCredit(Overdue overdue) {
    fail(failures.notSent("answer to a direct method", overdue.sentence()));
  }

  /** The hub has answered the callers whose links were lost. */
  @Override
  public void lost(@Nullable AmqpError why) {
    fail(failures.linkLost(Progress.NOT_SENT));
  }

  /** The session has ended. */
  void end() {
    over = failures.over(Progress.NOT_SENT);
    fail(over);
  }

  private void fail(HubException why) {
    if (links != null) {
      links.forgiveCredit();
    }
    for (Answer answer = queue.poll(); answer != null; answer = queue.poll()) {
      answer.sent.completeExceptionally(why);
    }
  }

  private record Answer(ByteBuffer message, CompletableFuture<Void> sent) {}
}
