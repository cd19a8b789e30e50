package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.method.DirectMethods;
import dev.fairlead.localhub.method.MethodCall;
import dev.fairlead.localhub.text.Syntax;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Direct methods of one connection. Used on the connection's thread only. */
final class MethodExchange {

  private final Outbound out;
  private final InFlight inFlight;
  private final Map<String, MethodCall> calls = new HashMap<>();
  private long lastCall;

  MethodExchange(Outbound out, InFlight inFlight) {
    this.out = out;
    this.inFlight = inFlight;
  }

  /**
   * Sends a call to the client.
   *
   * @param qos of the subscription
   * @return the request id; empty if too many messages are unacknowledged
   */
  Optional<String> send(MethodCall call, int qos) {
    int packetId = qos == 0 ? 0 : inFlight.nextCallId();
    if (qos == 1 && packetId == 0) {
      return Optional.empty();
    }
    // A counter in hex that restarts with each connection, as in traces of the hub.
    String requestId = Long.toHexString(++lastCall).toUpperCase(Locale.ROOT);
    calls.put(requestId, call);
    if (qos == 1) {
      inFlight.sent(packetId);
    }
    byte[] payload = call.payload().getBytes(StandardCharsets.UTF_8);
    out.publish(Topics.methodCall(call.name(), requestId), payload, qos, packetId, false);
    return Optional.of(requestId);
  }

  /** Ends a call: a later answer is dropped. */
  void forget(String requestId) {
    calls.remove(requestId);
  }

  /**
   * Handles the client's answer; an answer to an unknown or finished call is dropped.
   *
   * @return false if the topic or the payload is not as documented
   */
  boolean answer(String topic, String payload) {
    int end = topic.indexOf('/', Topics.METHOD_ANSWER.length());
    Optional<String> requestId = Topics.queryValue(topic, "$rid");
    if (end < 0 || requestId.isEmpty() || payload.length() > DirectMethods.MAX_PAYLOAD) {
      return false;
    }
    String status = topic.substring(Topics.METHOD_ANSWER.length(), end);
    if (!Syntax.isNumber(status.startsWith("-") ? status.substring(1) : status, 9)) {
      return false;
    }
    MethodCall call = calls.remove(requestId.get());
    if (call != null) {
      call.answer(Integer.parseInt(status), payload);
    }
    return true;
  }
}
