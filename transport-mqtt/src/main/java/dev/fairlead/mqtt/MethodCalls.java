package dev.fairlead.mqtt;

import dev.fairlead.HubException;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.transport.Debt;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Direct methods: each call is handed over with a reply that has its request id. Replies go out at
 * QoS 0, because the caller in the cloud does not wait for a repetition. Confined to the loop.
 */
final class MethodCalls {
  private static final Logger log = LoggerFactory.getLogger(MethodCalls.class);

  private final PahoClient client;
  private final Inbox inbox;
  private final Loop loop;
  private final Debt writes;
  private final MqttFailures failures;

  private final Set<Reply> unwritten = new LinkedHashSet<>();

  /**
   * Creates it.
   *
   * @param writes the packets queued on the connection and not written
   */
  MethodCalls(PahoClient client, Inbox inbox, Loop loop, Debt writes, MqttFailures failures) {
    this.client = client;
    this.inbox = inbox;
    this.loop = loop;
    this.writes = writes;
    this.failures = failures;
  }

  void called(String topic, String payload) {
    Topics.MethodCall call = Topics.MethodCall.parse(topic).orElse(null);
    if (call == null) {
      log.warn("Ignored a method call because its topic is malformed");
      return;
    }
    inbox.methodCall(
        new MethodRequest(call.name(), payload), response -> respond(call.rid(), response));
  }

  private CompletionStage<Void> respond(String rid, MethodResponse response) {
    loop.assertInLoop();
    Reply reply = new Reply();
    try {
      client.publish(
          Topics.methodAnswer(response.status(), rid),
          response.payload().getBytes(StandardCharsets.UTF_8),
          () -> written(reply));
    } catch (MqttException e) {
      log.debug("The connection ended before the reply to method call {}", rid, e);
      reply.written.completeExceptionally(failures.over(Progress.NOT_SENT));
      return reply.written;
    }
    unwritten.add(reply);
    writes.owe();
    return reply.written;
  }

  private void written(Reply reply) {
    if (unwritten.remove(reply)) {
      writes.paid();
      reply.written.complete(null);
    }
  }

  /**
   * The session has ended.
   *
   * @param failure of the replies that may have been sent
   */
  void end(HubException failure) {
    List<Reply> failed = List.copyOf(unwritten);
    unwritten.clear();
    failed.forEach(reply -> reply.written.completeExceptionally(failure));
  }

  private static final class Reply {
    private final CompletableFuture<Void> written = new CompletableFuture<>();
  }
}
