package dev.fairlead.localhub.method;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.twin.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The direct methods of one identity (page "Understand and invoke direct methods"): the hub waits
 * for the device to be online, then for its answer; nothing is queued beyond that, and no method is
 * called twice. Safe for use by several threads.
 */
public final class DirectMethods {

  /** The maximum size of a payload in each direction, in bytes. */
  public static final int MAX_PAYLOAD = 128 * 1024;

  private final HubTime time;
  private final Set<MethodCall> waiting = new LinkedHashSet<>();
  private @Nullable MethodReceiver receiver;

  /** Methods on the given clock. */
  public DirectMethods(HubTime time) {
    this.time = time;
  }

  /** Calls a method; see {@link dev.fairlead.localhub.Device#invokeMethod}. */
  public CompletableFuture<MethodResult> invoke(
      String name, String payload, Duration connectTimeout, Duration responseTimeout) {
    check(name, payload, connectTimeout, responseTimeout);
    MethodCall call = new MethodCall(name, payload, responseTimeout);
    call.whenOver(() -> forget(call));
    boolean sent;
    synchronized (this) {
      sent = receiver != null;
      if (receiver != null) {
        send(call, receiver);
      } else if (!connectTimeout.isZero()) {
        waiting.add(call);
        call.startTimer(time, connectTimeout, () -> giveUpWaiting(call));
      }
    }
    if (!sent && connectTimeout.isZero()) {
      call.fail(notOnline());
    }
    return call.result();
  }

  private static void check(
      String name, String payload, Duration connectTimeout, Duration responseTimeout) {
    if (name.isEmpty()
        || name.length() > 100
        || name.contains("/")
        || name.contains("#")
        || name.contains("+")) {
      throw new LocalHubException(
          400004, "'" + name + "' is not a method name: use 1 to 100 characters without / # +");
    }
    if (payload.getBytes(StandardCharsets.UTF_8).length > MAX_PAYLOAD) {
      throw new LocalHubException(
          413001, "The payload of method '" + name + "' has more than 128 KB. Send less.");
    }
    if (!payload.isEmpty()) {
      Json.parse(payload);
    }
    if (connectTimeout.isNegative() || responseTimeout.isNegative() || responseTimeout.isZero()) {
      throw new LocalHubException(
          400004,
          "The connect time-out must be zero or more, and the response time-out more than zero.");
    }
  }

  /**
   * Called when a connection has subscribed to methods: the calls that wait for the device are
   * sent.
   */
  public synchronized void attach(MethodReceiver connection) {
    receiver = connection;
    for (MethodCall call : waiting) {
      send(call, connection);
    }
    waiting.clear();
  }

  /**
   * Called when a connection has ended or unsubscribed. Its unanswered calls remain until they time
   * out.
   */
  public synchronized void detach(MethodReceiver connection) {
    if (receiver != null && receiver.equals(connection)) {
      receiver = null;
    }
  }

  private void send(MethodCall call, MethodReceiver connection) {
    call.startTimer(time, call.responseTimeout(), () -> call.fail(noAnswer()));
    connection.deliver(call);
  }

  private void giveUpWaiting(MethodCall call) {
    synchronized (this) {
      if (!waiting.remove(call)) {
        return; // It has been sent since.
      }
    }
    call.fail(notOnline());
  }

  private void forget(MethodCall call) {
    call.stopTimer();
    synchronized (this) {
      waiting.remove(call);
    }
  }

  private static LocalHubException notOnline() {
    return new LocalHubException(404103, "Timed out waiting for device to connect.");
  }

  private static LocalHubException noAnswer() {
    return new LocalHubException(504101, "Timed out waiting for the response from device.");
  }
}
