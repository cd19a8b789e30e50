package dev.fairlead.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.ManualTime;
import dev.fairlead.OutboxLimits;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.HeldExecutor;
import dev.fairlead.threads.ManualLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** An outbox with time that stands still, whose futures complete before a call returns. */
final class OutboxRig implements Outbox.Environment {
  final ManualLoop loop;
  final ManualTime time;
  final Outbox outbox;
  final HeldExecutor threads = new HeldExecutor();
  volatile boolean mayBlock = true;
  boolean closed;

  /** Whether another session was asked for. */
  boolean replaced;

  @Nullable String note;

  /** Of messages without a future. */
  final List<StoredOutcome> outcomes = new ArrayList<>();

  /** What waits for the listener; null while the listener is fast. */
  @Nullable List<Runnable> slowListener;

  OutboxRig(OutboxLimits limits) {
    this(limits, null);
  }

  OutboxRig(OutboxLimits limits, @Nullable OutboxStore store) {
    this(limits, false, store);
  }

  OutboxRig(OutboxLimits limits, boolean strictOrder, @Nullable OutboxStore store) {
    this(new ManualLoop(), limits, strictOrder, store);
  }

  OutboxRig(
      ManualLoop loop, OutboxLimits limits, boolean strictOrder, @Nullable OutboxStore store) {
    this(
        loop,
        new Outbox.Rules(limits, strictOrder, Optional.empty(), List.of(), Optional.empty()),
        store);
  }

  OutboxRig(ManualLoop loop, Outbox.Rules rules, @Nullable OutboxStore store) {
    this.loop = loop;
    time = loop.time;
    outbox =
        new Outbox(
            rules,
            time,
            this,
            store == null
                ? null
                : new StoreCalls(
                    store,
                    DeviceIdentity.device("d"),
                    "hub",
                    loop,
                    new ForeignCalls(loop, threads),
                    threads));
  }

  /** An outbox that has read what its store held. */
  static OutboxRig settled(ManualLoop loop, OutboxLimits limits, OutboxStore store) {
    OutboxRig rig = new OutboxRig(loop, limits, false, store);
    rig.settle();
    return rig;
  }

  static Outbox.Rules rules(OutboxLimits limits) {
    return new Outbox.Rules(limits, false, Optional.empty(), List.of(), Optional.empty());
  }

  static Outbox.Rules rules(OutboxLimits limits, Budget budget) {
    return new Outbox.Rules(limits, false, Optional.of(budget), List.of(), Optional.empty());
  }

  static Outbox.Rules rules(RateGate... gates) {
    return new Outbox.Rules(
        OutboxLimits.defaults(), false, Optional.empty(), List.of(gates), Optional.empty());
  }

  static Outbox.Rules rules(Batching batching) {
    return new Outbox.Rules(
        OutboxLimits.defaults(), false, Optional.empty(), List.of(), Optional.of(batching));
  }

  /** Lets the store be asked what is due, and its answers arrive. */
  void settle() {
    loop.run();
    while (threads.runAll()) {
      loop.run();
    }
  }

  void close() {
    outbox.close(() -> closed = true);
    settle();
  }

  @Override
  public <T> CompletableFuture<T> newFuture() {
    return new CompletableFuture<>();
  }

  @Override
  public Executor completions() {
    return Runnable::run;
  }

  @Override
  public boolean mayBlock() {
    return mayBlock;
  }

  @Override
  public void replaceSession(String why) {
    replaced = true;
  }

  @Override
  public void outcome(StoredOutcome outcome) {
    outcomes.add(outcome);
  }

  @Override
  public void whenOutcomesPassedOn(Runnable task) {
    if (slowListener == null) {
      task.run();
    } else {
      slowListener.add(task);
    }
  }

  @Override
  public void heldUp(@Nullable String why) {
    note = why;
  }

  CompletableFuture<Void> send(String text) {
    return outbox.offer(message(text));
  }

  CompletableFuture<Void> send(int bytes) {
    return outbox.offer(TelemetryMessage.of(new byte[bytes]));
  }

  void sendAll(String... texts) {
    Arrays.stream(texts).forEach(this::send);
  }

  /** Sends m0, m1, and so on; each is stored before the next one. */
  List<CompletableFuture<Void>> sendOneByOne(int count) {
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sent.add(send("m" + i));
      settle();
    }
    return sent;
  }

  /** Takes and acknowledges everything, one message at a time; returns the texts. */
  List<String> deliverAll(Lease lease) {
    List<String> texts = new ArrayList<>();
    List<Envelope> taken = take(lease, 1);
    while (!taken.isEmpty()) {
      texts.addAll(texts(taken));
      taken.get(0).accepted();
      settle();
      taken = take(lease, 1);
    }
    return texts;
  }

  static TelemetryMessage message(String text) {
    return TelemetryMessage.of(text.getBytes(UTF_8));
  }

  static List<Envelope> take(Lease lease, int count) {
    return lease.take(count, Long.MAX_VALUE, TelemetryMessage::size);
  }

  static Envelope takeOne(Lease lease) {
    return take(lease, 1).get(0);
  }

  static List<String> texts(List<Envelope> envelopes) {
    return envelopes.stream().map(envelope -> text(envelope.message())).toList();
  }

  static String text(TelemetryMessage message) {
    return new String(message.body(), UTF_8);
  }
}
