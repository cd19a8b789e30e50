package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxReader;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.transport.Debt;
import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.HubCode.Scope;
import dev.fairlead.transport.Overdue;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.engine.Delivery;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes telemetry of one identity from its outbox as far as credit and window have room, one
 * transfer each time the scheduler allows it, and settles it by the hub's disposition. Queued
 * messages are sent many to a transfer; the outbox sends refused messages again in smaller parts.
 * The hub owes each disposition, and credit if messages wait for it. Confined to the loop.
 */
final class TelemetryPump implements Links.User {
  /** The session as telemetry sees it. */
  interface Owner {
    /** A refusal or an overdue debt that makes the session useless. */
    void failed(HubException why);

    /** No message is in flight any more. */
    void quiet();

    /** The telemetry link cannot be used: it is to be attached again. */
    void reattachTelemetry();
  }

  private static final Logger log = LoggerFactory.getLogger(TelemetryPump.class);

  /** A larger batch gains nothing, and more would be sent again if it is refused. */
  private static final int MAX_BATCH = 256;

  private static final String NEXT = "The messages are sent again in a new session.";

  private final AmqpOptions options;
  private final OutboxReader outbox;
  private final FairScheduler scheduler;
  private final AmqpFailures failures;
  private final Owner owner;
  private final boolean strictOrder;
  private final Debt acknowledgements;
  private final BatchSupport batches;
  private final String host;
  private final LongSupplier clock;

  private @Nullable Links links;
  private boolean running;
  private boolean begun;
  private int transfers;
  private int batchesUnderWay;
  private int inflight;
  private long inflightBytes;

  /** Whether the outbox may have something to take: until it returned less than was requested. */
  private boolean readable;

  /** Whether the link was attached again because it had no credit. */
  private boolean reattached;

  /** The messages in flight on a link that was lost. */
  private final List<Envelope> lost = new ArrayList<>();

  private boolean lostABatch;

  /** Whether it is queued to send; kept by {@link FairScheduler}. */
  boolean queued;

  /** Whether its outbox has something to take; kept by {@link FairScheduler}. */
  final AtomicBoolean woken = new AtomicBoolean();

  TelemetryPump(
      AmqpConnection connection, SessionContext context, AmqpFailures failures, Owner owner) {
    this.options = connection.options();
    this.outbox = context.outbox();
    this.strictOrder = context.strictOrder();
    this.scheduler = connection.scheduler();
    this.failures = failures;
    this.owner = owner;
    batches = connection.batches();
    host = context.endpoint().host();
    clock = context.loop()::nanoTime;
    acknowledgements =
        connection
            .debts()
            .debt(
                count -> "the acknowledgement of " + messages(),
                options.acknowledgementTimeout(),
                overdue -> owner.failed(overdue.failure(NEXT)));
  }

  private String messages() {
    return inflight == 1 ? "1 message" : inflight + " messages";
  }

  /** Begins to take messages, by these links. */
  void start(Links own) {
    links = own;
    running = true;
    if (!begun) {
      begun = true;
      readable = true;
      outbox.sendsBatches(isBatching());
      outbox.whenReadable(() -> scheduler.wake(this));
    }
    scheduler.add(this);
  }

  /** Takes no more messages. */
  void stop() {
    running = false;
  }

  /** Messages sent and not acknowledged. */
  int inflight() {
    return inflight;
  }

  /** The outbox has something to take. */
  void readable() {
    readable = true;
  }

  /** The session has ended; its lease returns the messages in flight. */
  void end(HubException why) {
    stop();
    if (batchesUnderWay > 0
        && why instanceof UnreachableException lostSession
        && lostSession.stage() != Stage.NETWORK) {
      batchRefused(why);
    }
    batchesUnderWay = 0;
    links = null;
    acknowledgements.forgive();
    for (; transfers > 0; transfers--) {
      scheduler.settled();
    }
    scheduler.remove(this);
    inflight = 0;
    inflightBytes = 0;
  }

  @Override
  public void credited() {
    reattached &= links == null || !links.canSend();
    scheduler.add(this);
  }

  @Override
  public void noCredit(Overdue overdue) {
    Links own = links;
    if (!running || own == null || !somethingWaits()) {
      if (own != null) {
        own.forgiveCredit();
      }
    } else if (reattached) {
      owner.failed(overdue.failure(NEXT));
    } else {
      reattached = true;
      owner.reattachTelemetry();
    }
  }

  private boolean somethingWaits() {
    List<Envelope> next = outbox.take(1, Long.MAX_VALUE, TelemetryEncoder::size);
    readable = !next.isEmpty();
    next.forEach(Envelope::giveBack);
    return readable;
  }

  /** The outcome of the transfer is unknown. */
  @Override
  public void abandoned(Delivery delivery) {
    if (delivery.getContext() instanceof Transfer transfer) {
      done(delivery, transfer);
      lost.addAll(transfer.messages);
      lostABatch |= transfer.isBatch();
    }
  }

  @Override
  public void lost(@Nullable AmqpError why) {
    List<Envelope> messages = List.copyOf(lost);
    boolean lostBatch = lostABatch;
    lost.clear();
    lostABatch = false;
    readable = true;
    if (messages.isEmpty()) {
      return;
    }
    if (why == null) {
      messages.forEach(Envelope::giveBack);
    } else if (why.kind() == Kind.REJECTED) {
      refused(messages, why);
    } else if (why.kind() == Kind.TEMPORARY) {
      HubException failure = failures.ended("the telemetry link", why, Progress.MAYBE_SENT);
      if (lostBatch) {
        batchRefused(failure);
      }
      outbox.lost(messages, failure);
    }
    // All other failures end the session, and with it the lease.
  }

  /** Whether what it sends next must be alone on the connection. */
  boolean isolates() {
    return outbox.isolates();
  }

  /**
   * Sends at most one transfer.
   *
   * @return its size in bytes, whether it was sent or could not be; 0 if there is nothing to send
   *     or no room for it
   */
  long send() {
    Links own = links;
    if (!running || own == null) {
      return 0;
    }
    if (!own.canSend()) {
      if (readable && inflight == 0) {
        own.awaitCredit();
      }
      return 0;
    }
    int window = strictOrder ? 1 : options.window();
    if (inflight >= window || inflightBytes >= options.windowBytes()) {
      return 0;
    }
    boolean batching = isBatching();
    int most = batching ? Math.min(MAX_BATCH, window - inflight) : 1;
    List<Envelope> taken =
        outbox.take(
            most,
            batching
                ? Math.min(options.batchBytes(), options.windowBytes() - inflightBytes)
                : Long.MAX_VALUE,
            TelemetryEncoder::size);
    if (taken.isEmpty()) {
      readable = false;
      return 0;
    }
    int alone = firstAlone(taken);
    if (alone >= 0) {
      int count = Math.max(alone, 1);
      taken.subList(count, taken.size()).forEach(Envelope::giveBack);
      taken = taken.subList(0, count);
    }
    return transfer(own, List.copyOf(taken));
  }

  private boolean isBatching() {
    return !strictOrder && options.batchBytes() > 0 && batches.isTaken(host, clock);
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
    ByteBuffer encoded;
    if (messages.size() == 1) {
      encoded = TelemetryEncoder.one(messages.get(0).message());
      if (encoded.remaining() > TelemetryMessage.MAX_BYTES) {
        messages.get(0).failed(tooLarge(encoded.remaining()));
        return size;
      }
    } else {
      encoded = TelemetryEncoder.batch(messages);
    }
    Delivery delivery = own.send(encoded, messages.size() == 1 ? 0 : TelemetryEncoder.BATCH_FORMAT);
    delivery.setContext(new Transfer(messages, size));
    transfers++;
    scheduler.sent();
    batchesUnderWay += messages.size() > 1 ? 1 : 0;
    inflight += messages.size();
    inflightBytes += size;
    acknowledgements.owe(size);
    return size;
  }

  /** The hub counts the encoded message. */
  private static RejectedException tooLarge(int size) {
    return new RejectedException(
        "The message takes "
            + size
            + " bytes when encoded for AMQP, and the hub takes at most "
            + TelemetryMessage.MAX_BYTES
            + " (256 KB). Make it smaller, or send it by file upload.",
        Progress.NOT_SENT);
  }

  @Override
  public void updated(Delivery delivery) {
    DeliveryState state = delivery.getRemoteState();
    boolean outcome = Outcomes.isTerminal(state);
    if (!(delivery.getContext() instanceof Transfer transfer)
        || (!outcome && !delivery.remotelySettled())) {
      return;
    }
    done(delivery, transfer);
    delivery.settle();
    if (state instanceof Accepted) {
      if (transfer.isBatch()) {
        batches.taken(host);
      }
      transfer.messages.forEach(Envelope::accepted);
    } else if (state instanceof Rejected rejected) {
      rejected(transfer, AmqpError.of(rejected.getError()));
    } else {
      // Released, modified, or settled without an outcome: not taken. [AMQP 3.4.4, 3.4.5]
      refused(transfer.messages, failures.notTaken(state), false);
    }
    scheduler.add(this);
    if (inflight == 0) {
      owner.quiet();
    }
  }

  private void done(Delivery delivery, Transfer transfer) {
    delivery.setContext(null);
    transfers--;
    batchesUnderWay -= transfer.isBatch() ? 1 : 0;
    scheduler.settled();
    inflight -= transfer.messages.size();
    inflightBytes -= transfer.size;
    if (delivery.getLink().head() == delivery) {
      acknowledgements.paid(transfer.size);
    } else {
      acknowledgements.paidOutOfOrder(transfer.size);
    }
  }

  private void rejected(Transfer transfer, AmqpError said) {
    switch (said.kind()) {
      case THROTTLED, QUOTA_EXCEEDED, SUSPENDED, TEMPORARY, REJECTED, LOCK_LOST, PROTOCOL_ERROR ->
          refused(transfer.messages, said);
      case UNAUTHORIZED, TAKEN_OVER -> {
        readable = true;
        transfer.messages.forEach(Envelope::giveBack);
        owner.failed(failures.message(said));
      }
    }
  }

  private void refused(List<Envelope> messages, AmqpError said) {
    boolean namesMessage =
        said.kind() == Kind.REJECTED && said.error().scope() == Scope.THIS_MESSAGE;
    refused(messages, failures.message(said), namesMessage);
  }

  private void refused(List<Envelope> messages, HubException why, boolean namesMessage) {
    readable = true;
    if (messages.size() > 1 && !(why instanceof ThrottledException)) {
      batchRefused(why);
    }
    outbox.refused(messages, why, namesMessage);
  }

  private void batchRefused(HubException why) {
    if (batches.refused(host, clock)) {
      outbox.sendsBatches(false);
      log.info(
          "{} did not take a batch of telemetry; it gets single messages for an hour: {}",
          host,
          why.getMessage());
    }
  }

  private record Transfer(List<Envelope> messages, long size) {
    boolean isBatch() {
      return messages.size() > 1;
    }
  }
}
