package dev.fairlead.amqp;

import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.qpid.proton.engine.Delivery;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Direct methods over their pair of links: each call is handed over with a reply that knows its
 * correlation id, and answered settled, for the caller in the cloud waits no longer than it waits.
 * Confined to the loop, the replies to no thread. IoT Hub: "Understand and invoke direct methods".
 */
final class MethodCalls implements Links.User {
  private static final Logger log = LoggerFactory.getLogger(MethodCalls.class);

  /** Answers that may wait for credit; the hub lets fewer calls be under way. */
  private static final int MAX_WAITING = 1000;

  private final Inbox inbox;
  private final Loop loop;
  private final Engine engine;
  private final AmqpFailures failures;

  private @Nullable Links links;
  private final Deque<Answer> inLine = new ArrayDeque<>();

  // Read by replies on any thread, to fail at once where the loop may be closed already.
  private volatile boolean over;

  MethodCalls(Inbox inbox, Loop loop, Engine engine, AmqpFailures failures) {
    this.inbox = inbox;
    this.loop = loop;
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
    inbox.methodCall(new MethodRequest(Incoming.text(name), incoming.bodyText()), new Reply(id));
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
    while (!inLine.isEmpty() && links != null && links.canSend()) {
      Answer answer = inLine.remove();
      links.send(answer.message, 0);
      answer.handedOver.complete(null);
    }
  }

  /** Whoever called over links that are gone has been told so by the hub. */
  @Override
  public void lost() {
    fail();
  }

  /** The session is over. */
  void end() {
    over = true;
    fail();
  }

  private void fail() {
    for (Answer answer = inLine.poll(); answer != null; answer = inLine.poll()) {
      answer.handedOver.completeExceptionally(
          over ? failures.over(Progress.NOT_SENT) : failures.linkLost(Progress.NOT_SENT));
    }
  }

  private record Answer(ByteBuffer message, CompletableFuture<Void> handedOver) {}

  private final class Reply implements MethodReply {
    /** Goes back with the same type and value. */
    private final Object id;

    private final AtomicBoolean given = new AtomicBoolean();

    Reply(Object id) {
      this.id = id;
    }

    @Override
    public CompletionStage<Void> respond(MethodResponse response) {
      if (!given.compareAndSet(false, true)) {
        return CompletableFuture.failedFuture(
            new RejectedException("The method call is answered already.", Progress.NOT_SENT));
      }
      if (over) {
        return CompletableFuture.failedFuture(failures.over(Progress.NOT_SENT));
      }
      CompletableFuture<Void> handedOver = new CompletableFuture<>();
      loop.execute(() -> answer(response, handedOver));
      return handedOver;
    }

    private void answer(MethodResponse response, CompletableFuture<Void> handedOver) {
      if (over) {
        handedOver.completeExceptionally(failures.over(Progress.NOT_SENT));
        return;
      }
      if (inLine.size() >= MAX_WAITING) {
        handedOver.completeExceptionally(
            new RejectedException(
                MAX_WAITING + " answers wait for the hub to take them.", Progress.NOT_SENT));
        return;
      }
      inLine.add(new Answer(encoded(response), handedOver));
      send();
      engine.flushSoon();
    }

    private ByteBuffer encoded(MethodResponse response) {
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
  }
}
