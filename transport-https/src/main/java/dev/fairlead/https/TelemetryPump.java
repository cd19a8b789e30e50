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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import okhttp3.Request;

/**
 * Takes telemetry from the outbox and posts it, one request at a time: a single queued message as
 * it is, several as a batch. The hub accepts a batch as a whole or not at all; the outbox sends
 * refused messages again in smaller parts. Confined to the loop.
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

  private boolean running;
  private boolean posting;

  /**
   * @param most the most messages in flight
   * @param fatal takes the failure that ends the session; the messages in flight are then returned
   *     automatically
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
    outbox.sendsBatches(most > 1);
    outbox.whenReadable(wakeUp::signal);
    pump();
  }

  /** Sends no further request. */
  void stop() {
    running = false;
  }

  private void pump() {
    loop.assertInLoop();
    while (running && !posting) {
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
        post(sendable);
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
          // It may have arrived; the end of the session puts it back.
          posting = false;
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
      part.forEach(event -> event.envelope().accepted());
    } else {
      HubException failure = failures.answered(answer, WHAT, Stage.SESSION);
      if (!(failure instanceof RejectedException)) {
        if (!(failure instanceof UnreachableException)) {
          part.forEach(event -> event.envelope().giveBack()); // The hub did not process it.
        }
        fatal.accept(failure);
        return;
      }
      outbox.refused(
          part.stream().map(DeviceEvent::envelope).toList(),
          failure,
          HttpsFailures.namesContent(answer));
    }
    pump();
  }
}
