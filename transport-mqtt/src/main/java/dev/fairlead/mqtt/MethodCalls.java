package dev.fairlead.mqtt;

import dev.fairlead.HubException;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Direct methods: each call is handed over with a reply that knows its request id, and answered at
 * QoS 0, for the caller in the cloud waits no longer than it waits. Confined to the loop, the
 * replies to no thread.
 */
final class MethodCalls {
  private static final Logger log = LoggerFactory.getLogger(MethodCalls.class);

  private final PahoClient wire;
  private final Inbox inbox;
  private final Loop loop;
  private final Supplier<HubException> ended;

  // Read by replies on any thread, to fail at once where the loop may be closed already.
  private volatile boolean over;

  MethodCalls(PahoClient wire, Inbox inbox, Loop loop, Supplier<HubException> ended) {
    this.wire = wire;
    this.inbox = inbox;
    this.loop = loop;
    this.ended = ended;
  }

  void called(String topic, String payload) {
    loop.assertInLoop();
    Topics.MethodCall call = Topics.MethodCall.parse(topic).orElse(null);
    if (call == null) {
      log.warn("Ignored a method call whose topic makes no sense");
      return;
    }
    inbox.methodCall(new MethodRequest(call.name(), payload), new Reply(call.rid()));
  }

  /** The session is over. */
  void end() {
    over = true;
  }

  private final class Reply implements MethodReply {
    private final String rid;
    private final AtomicBoolean given = new AtomicBoolean();

    Reply(String rid) {
      this.rid = rid;
    }

    @Override
    public CompletionStage<Void> respond(MethodResponse response) {
      if (!given.compareAndSet(false, true)) {
        return CompletableFuture.failedFuture(
            new RejectedException("The method call is answered already.", Progress.NOT_SENT));
      }
      if (over) {
        return CompletableFuture.failedFuture(ended.get());
      }
      CompletableFuture<Void> handedOver = new CompletableFuture<>();
      loop.execute(() -> send(response, handedOver));
      return handedOver;
    }

    private void send(MethodResponse response, CompletableFuture<Void> handedOver) {
      if (over) {
        handedOver.completeExceptionally(ended.get());
        return;
      }
      try {
        wire.publish(
            Topics.methodAnswer(response.status(), rid),
            response.payload().getBytes(StandardCharsets.UTF_8));
        handedOver.complete(null);
      } catch (MqttException e) {
        handedOver.completeExceptionally(ended.get());
      }
    }
  }
}
