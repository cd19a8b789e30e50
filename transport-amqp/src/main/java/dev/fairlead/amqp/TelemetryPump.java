package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.OutboxReader;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.engine.Delivery;
import org.jspecify.annotations.Nullable;

/**
 * Takes telemetry of one identity from its outbox as far as credit and window have room, one
 * transfer at each of its turns, and settles it by the hub's disposition. What waits goes out many
 * messages to a transfer; if the hub refuses such a batch, its messages go out again one by one, at
 * their place in the order. Confined to the loop.
 */
final class TelemetryPump implements Links.User {
  /** More to a batch brings nothing, and more would come again if it is refused. */
  private static final int MAX_BATCH = 256;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LAST_PAUSE = Duration.ofSeconds(30);

  private final AmqpOptions options;
  private final OutboxReader outbox;
  private final Loop loop;
  private final FairScheduler turns;
  private final Liveness liveness;
  private final AmqpFailures failures;
  private final Consumer<HubException> fatal;
  private final Runnable quiet;
  private final boolean strictOrder;

  private @Nullable Links links;
  private boolean running;
  private boolean begun;
  private int transfers;
  private int inflight;
  private long inflightBytes;

  /** Messages up to this number were in a refused batch and go out alone. */
  private long aloneThrough = -1;

  private Duration pause = FIRST_PAUSE;
  private @Nullable Alarm paused;

  /** Whether it stands in line for a turn; kept by {@link FairScheduler}. */
  boolean inLine;

  /** Whether its outbox has called for a turn; kept by {@link FairScheduler}. */
  final AtomicBoolean woken = new AtomicBoolean();

  /**
   * Makes the pump of one session.
   *
   * @param fatal told of a refusal that ends the session
   * @param quiet called when nothing is under way any more
   */
  TelemetryPump(
      AmqpOptions options,
      OutboxReader outbox,
      boolean strictOrder,
      Loop loop,
      FairScheduler turns,
      Liveness liveness,
      AmqpFailures failures,
      Consumer<HubException> fatal,
      Runnable quiet) {
    this.options = options;
    this.outbox = outbox;
    this.strictOrder = strictOrder;
    this.loop = loop;
    this.turns = turns;
    this.liveness = liveness;
    this.failures = failures;
    this.fatal = fatal;
    this.quiet = quiet;
  }

  /** Begins to take messages, by these links. */
  void start(Links own) {
    links = own;
    running = true;
    if (!begun) {
      begun = true;
      outbox.whenReadable(() -> turns.wake(this));
    }
    turns.add(this);
  }

  /** Takes nothing any more. */
  void stop() {
    running = false;
    if (paused != null) {
      paused.cancel();
      paused = null;
    }
  }

  /** Messages sent and not acknowledged. */
  int inflight() {
    return inflight;
  }

  /** The session is over; its lease gives back what is under way. */
  void end() {
    stop();
    links = null;
    if (transfers > 0) {
      liveness.paid(inflightBytes);
      for (int i = 1; i < transfers; i++) {
        liveness.paid(0);
      }
    }
    transfers = 0;
    inflight = 0;
    inflightBytes = 0;
  }

  @Override
  public void credited() {
    turns.add(this);
  }

  /** The transfer's fate is unknown: its messages wait again. */
  @Override
  public void abandoned(Delivery delivery) {
    if (delivery.getContext() instanceof Transfer transfer) {
      done(delivery, transfer);
      transfer.messages.forEach(Envelope::giveBack);
    }
  }

  /**
   * Sends at most one transfer.
   *
   * @return its size in bytes, 0 if there is nothing to send or no room for it
   */
  long send() {
    Links own = links;
    if (!running || own == null || paused != null || !own.canSend()) {
      return 0;
    }
    int window = strictOrder ? 1 : options.window();
    if (inflight >= window || inflightBytes >= options.windowBytes()) {
      return 0;
    }
    boolean batching = !strictOrder && options.batchBytes() > 0 && aloneThrough < 0;
    List<Envelope> taken =
        outbox.take(
            batching ? Math.min(MAX_BATCH, window - inflight) : 1,
            batching
                ? Math.min(options.batchBytes(), options.windowBytes() - inflightBytes)
                : Long.MAX_VALUE,
            TelemetryEncoder::size);
    if (taken.isEmpty()) {
      aloneThrough = -1;
      return 0;
    }
    if (taken.get(0).sequence() >= aloneThrough) {
      aloneThrough = -1;
    }
    int alone = firstAlone(taken);
    if (alone >= 0) {
      int count = Math.max(alone, 1);
      taken.subList(count, taken.size()).forEach(Envelope::giveBack);
      taken = taken.subList(0, count);
    }
    return transfer(own, List.copyOf(taken));
  }

  private static int firstAlone(List<Envelope> taken) {
    for (int i = 0; i < taken.size(); i++) {
      if (!TelemetryEncoder.batchable(taken.get(i).message())) {
        return i;
      }
    }
    return -1;
  }

  private long transfer(Links own, List<Envelope> messages) {
    long size = 0;
    for (Envelope each : messages) {
      size += TelemetryEncoder.size(each.message());
    }
    Delivery delivery =
        messages.size() == 1
            ? own.send(TelemetryEncoder.one(messages.get(0).message()), 0)
            : own.send(TelemetryEncoder.batch(messages), TelemetryEncoder.BATCH_FORMAT);
    delivery.setContext(new Transfer(messages, size));
    inflight += messages.size();
    inflightBytes += size;
    liveness.owe(size);
    transfers++;
    return size;
  }

  @Override
  public void updated(Delivery delivery) {
    DeliveryState state = delivery.getRemoteState();
    if (!(delivery.getContext() instanceof Transfer transfer)
        || (state == null && !delivery.remotelySettled())) {
      return;
    }
    done(delivery, transfer);
    delivery.settle();
    if (state instanceof Accepted) {
      pause = FIRST_PAUSE;
      transfer.messages.forEach(Envelope::accepted);
    } else if (state instanceof Rejected rejected) {
      rejected(transfer, HubError.of(rejected.getError()));
    } else {
      // Released, modified, or settled without a word: not taken this time. [AMQP 3.4.4, 3.4.5]
      transfer.messages.forEach(Envelope::giveBack);
      pause();
    }
    turns.add(this);
    if (inflight == 0) {
      quiet.run();
    }
  }

  private void done(Delivery delivery, Transfer transfer) {
    delivery.setContext(null);
    inflight -= transfer.messages.size();
    inflightBytes -= transfer.size;
    transfers--;
    liveness.paid(transfer.size);
  }

  private void rejected(Transfer transfer, HubError error) {
    switch (error.kind()) {
      case THROTTLED, PASSING -> {
        transfer.messages.forEach(Envelope::giveBack);
        pause();
      }
      case UNAUTHORIZED, TAKEN_OVER, BROKEN -> {
        transfer.messages.forEach(Envelope::giveBack);
        fatal.accept(failures.message(error));
      }
      case REJECTED -> {
        if (transfer.messages.size() == 1) {
          transfer.messages.get(0).failed(failures.message(error));
        } else {
          // One of them, or their sum: only alone does the hub say which.
          aloneThrough =
              Math.max(
                  aloneThrough, transfer.messages.get(transfer.messages.size() - 1).sequence());
          transfer.messages.forEach(Envelope::giveBack);
        }
      }
    }
  }

  /** Sends nothing for a while, longer each time until the hub takes something again. */
  private void pause() {
    if (paused != null || !running) {
      return;
    }
    long most = pause.toNanos();
    // At least half of it: a hub that throttles wants time.
    Duration wait = Duration.ofNanos(most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1));
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LAST_PAUSE) < 0 ? doubled : LAST_PAUSE;
    paused =
        loop.schedule(
            wait,
            () -> {
              paused = null;
              turns.now(this);
            });
  }

  private record Transfer(List<Envelope> messages, long size) {}
}
