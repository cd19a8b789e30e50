package dev.fairlead.https;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.https.http.HttpAnswer;
import dev.fairlead.https.http.HttpsFailures;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.OutboxReader;
import dev.fairlead.transport.WakeUp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import okhttp3.Request;

/**
 * Takes telemetry from the outbox and posts it, one request at a time: a message that waits alone
 * as it is, several as a batch. The hub takes a batch whole or not at all; one that it refuses is
 * halved until the messages that it will not take stand alone. Confined to the loop.
 */
final class TelemetryPump {
  private static final String WHAT = "the telemetry";

  private final Exchanges exchanges;
  private final DeviceRequests requests;
  private final HttpsFailures failures;
  private final OutboxReader outbox;
  private final Loop loop;
  private final int most;
  private final Consumer<HubException> fatal;

  private final WakeUp wakeUp;

  /** What was taken and is not settled, in order; the first is under way or about to be. */
  private final Deque<List<DeviceEvent>> parts = new ArrayDeque<>();

  private boolean running;
  private boolean posting;

  /**
   * @param most how many messages may be under way
   * @param fatal takes what ends the session; what is under way then goes back by itself
   */
  TelemetryPump(
      Exchanges exchanges,
      DeviceRequests requests,
      HttpsFailures failures,
      OutboxReader outbox,
      Loop loop,
      int most,
      Consumer<HubException> fatal) {
    this.exchanges = exchanges;
    this.requests = requests;
    this.failures = failures;
    this.outbox = outbox;
    this.loop = loop;
    this.most = most;
    this.fatal = fatal;
    wakeUp = new WakeUp(loop, this::pump);
  }

  void start() {
    loop.assertInLoop();
    running = true;
    outbox.whenReadable(wakeUp::signal);
    pump();
  }

  /** Begins no request any more; what waits for one goes back. */
  void stop() {
    running = false;
    if (!posting) {
      giveBack();
    }
  }

  private void giveBack() {
    for (List<DeviceEvent> part : parts) {
      part.forEach(event -> event.envelope().giveBack());
    }
    parts.clear();
  }

  private void pump() {
    loop.assertInLoop();
    while (running && !posting) {
      List<DeviceEvent> part = parts.peek();
      if (part != null) {
        post(part);
        return;
      }
      List<Envelope> taken = outbox.take(most, TelemetryBatch.MAX_CONTENT, TelemetryBatch::size);
      if (taken.isEmpty()) {
        return;
      }
      List<DeviceEvent> sendable = new ArrayList<>(taken.size());
      for (Envelope envelope : taken) {
        DeviceEvent event = DeviceEvent.of(envelope);
        Optional<String> obstacle = event.obstacle();
        if (obstacle.isPresent()) {
          envelope.failed(new RejectedException(obstacle.get(), Progress.NOT_SENT));
        } else {
          sendable.add(event);
        }
      }
      if (!sendable.isEmpty()) {
        parts.add(sendable);
      }
    }
  }

  private void post(List<DeviceEvent> part) {
    posting = true;
    exchanges.send(
        request(part),
        WHAT,
        Exchanges.SMALL,
        answer -> answered(part, answer),
        failure -> {
          posting = false;
          parts.remove(); // it may have arrived; the end of the session puts it back
          giveBack();
          fatal.accept(failure);
        });
  }

  private Request request(List<DeviceEvent> part) {
    return part.size() == 1 && part.get(0).fitsHeader()
        ? requests.event(part.get(0))
        : requests.batch(part);
  }

  private void answered(List<DeviceEvent> part, HttpAnswer answer) {
    posting = false;
    if (answer.status() == 204) {
      parts.remove();
      part.forEach(event -> event.envelope().accepted());
    } else {
      HubException failure = failures.answered(answer, WHAT, Stage.SESSION);
      if (!(failure instanceof RejectedException)) {
        if (failure instanceof UnreachableException) {
          parts.remove(); // as with no answer at all
        }
        giveBack();
        fatal.accept(failure);
        return;
      }
      refused(part, answer.status(), failure);
    }
    if (running) {
      pump();
    } else {
      giveBack();
    }
  }

  private void refused(List<DeviceEvent> part, int status, HubException failure) {
    parts.remove();
    // Bad content is one message's; any other refusal would meet each of them.
    boolean content = status == 400 || status == 413 || status == 415;
    if (part.size() == 1 || !content) {
      part.forEach(event -> event.envelope().failed(failure));
      return;
    }
    int middle = (part.size() + 1) / 2;
    parts.addFirst(part.subList(middle, part.size()));
    parts.addFirst(part.subList(0, middle));
  }
}
