package dev.fairlead.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.ClientClosedException;
import dev.fairlead.ManualTime;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Outcomes;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Timeout;

/**
 * Senders that wait for room, one session after another on a thread of its own, and a transport
 * that acknowledges on yet another, all at the same time.
 */
@Timeout(120)
class OutboxHammerTest implements Outbox.Environment {
  private static final int SENDERS = 4;
  private static final int WINDOW = 16;

  private final ExecutorService completions = Executors.newSingleThreadExecutor();
  private final ExecutorService wire = Executors.newSingleThreadExecutor();
  private final ExecutorService senders = Executors.newFixedThreadPool(SENDERS);
  private final Outbox outbox =
      new Outbox(
          OutboxRig.rules(
              OutboxLimits.builder().maxMessages(40).overflow(OverflowPolicy.BLOCK).build()),
          new ManualTime(),
          this,
          null);
  private final Queue<CompletableFuture<Void>> futures = new ConcurrentLinkedQueue<>();

  @Override
  public <T> CompletableFuture<T> newFuture() {
    return new CompletableFuture<>();
  }

  @Override
  public Executor completions() {
    return completions;
  }

  @Override
  public boolean mayBlock() {
    return true;
  }

  @Override
  public void replaceSession(String why) {}

  @Override
  public void outcome(StoredOutcome outcome) {}

  @Override
  public void whenOutcomesPassedOn(Runnable task) {
    task.run();
  }

  @Override
  public void heldUp(@Nullable String note) {}

  @AfterEach
  void endThreads() throws InterruptedException {
    for (ExecutorService executor : List.of(senders, wire, completions)) {
      executor.shutdownNow();
      assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private CompletableFuture<Void> sendFromAllThreads(int each) {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int sender = 0; sender < SENDERS; sender++) {
      all.add(
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < each; i++) {
                  futures.add(outbox.offer(TelemetryMessage.of(new byte[8])));
                }
              },
              senders));
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
  }

  @RepeatedTest(5)
  void losesNothingAndKeepsTheOrder(RepetitionInfo repetition) throws Exception {
    int each = 1_000;
    long total = SENDERS * (long) each;
    CompletableFuture<Void> sent = sendFromAllThreads(each);
    Sessions sessions = new Sessions(repetition.getCurrentRepetition(), total);

    sessions.runUntilAllAccepted();

    sent.get(30, TimeUnit.SECONDS);
    CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
    assertThat(sessions.firstReceipts)
        .as("the hub sees each for the first time in the order of their numbers")
        .containsExactlyElementsOf(LongStream.rangeClosed(1, total).boxed().toList());
    OutboxStatus end = outbox.status();
    assertThat(end.accepted()).isEqualTo(total);
    assertThat(end.waiting() + end.underWay() + end.bytes() + end.failed()).isZero();
    assertThat(sessions.receipts - total)
        .as("what the hub has twice was counted as resent")
        .isLessThanOrEqualTo(end.resent());
    assertThat(sessions.count).as("sessions were lost on the way").isGreaterThan(10);
  }

  @RepeatedTest(50)
  void leavesNoFutureOpenWhenClosedInTheMiddle(RepetitionInfo repetition) throws Exception {
    CompletableFuture<Void> sent = sendFromAllThreads(50);
    Sessions sessions = new Sessions(repetition.getCurrentRepetition(), Long.MAX_VALUE);
    int enough = new Random(repetition.getCurrentRepetition()).nextInt(150);
    CompletableFuture<Void> closing =
        CompletableFuture.runAsync(
            () -> {
              await()
                  .pollInterval(Duration.ofMillis(1))
                  .until(() -> outbox.status().accepted() >= enough);
              outbox.close(() -> {});
              sessions.over = true;
              sessions.signal.release();
            },
            command -> new Thread(command, "closer").start());

    sessions.runUntilAllAccepted();

    closing.get(30, TimeUnit.SECONDS);
    sent.get(30, TimeUnit.SECONDS);
    assertThat(futures).hasSize(SENDERS * 50);
    await().until(() -> futures.stream().allMatch(CompletableFuture::isDone));
    assertThat(futures.stream().filter(CompletableFuture::isCompletedExceptionally))
        .allSatisfy(
            failed ->
                assertThat(Outcomes.failureOf(failed)).isInstanceOf(ClientClosedException.class));
    OutboxStatus end = outbox.status();
    assertThat(end.accepted() + end.failed()).isEqualTo(SENDERS * 50);
    assertThat(end.waiting() + end.underWay() + end.bytes()).isZero();
  }

  /** One session after another, each lost sooner or later, at any point of its work. */
  private final class Sessions {
    private final Random random;
    private final long total;
    private final Semaphore signal = new Semaphore(0);
    private final List<Long> firstReceipts = new ArrayList<>();
    private long receipts;
    private int count;
    private volatile boolean over;

    Sessions(long seed, long total) {
      random = new Random(seed);
      this.total = total;
    }

    void runUntilAllAccepted() throws InterruptedException {
      while (!finished()) {
        count++;
        Lease lease = outbox.lease();
        lease.whenReadable(signal::release);
        AtomicInteger inFlight = new AtomicInteger();
        boolean alive = true;
        while (alive && !finished()) {
          alive = work(lease, inFlight);
        }
        lease.revoke(SessionEnd.PLANNED, null);
      }
    }

    private boolean finished() {
      return over || outbox.status().accepted() == total;
    }

    /** Sends what there is room for; false if the session is lost. */
    private boolean work(Lease lease, AtomicInteger inFlight) throws InterruptedException {
      int room = WINDOW - inFlight.get();
      List<Envelope> taken = lease.take(room, Long.MAX_VALUE, TelemetryMessage::size);
      int reaching = random.nextInt(8) == 0 ? random.nextInt(taken.size() + 1) : taken.size();
      for (Envelope envelope : taken.subList(0, reaching)) {
        receipts++;
        if (firstReceipts.isEmpty()
            || firstReceipts.get(firstReceipts.size() - 1) < envelope.sequence()) {
          firstReceipts.add(envelope.sequence());
        }
        inFlight.incrementAndGet();
        wire.execute(
            () -> {
              envelope.accepted();
              inFlight.decrementAndGet();
              signal.release();
            });
      }
      if (reaching < taken.size()) {
        if (random.nextBoolean()) {
          return false;
        }
        List<Envelope> rest = new ArrayList<>(taken.subList(reaching, taken.size()));
        Collections.shuffle(rest, random);
        rest.forEach(Envelope::giveBack);
        return true;
      }
      if (taken.size() < room || room == 0) {
        assertThat(finished() || signal.tryAcquire(60, TimeUnit.SECONDS))
            .as("no wake-up came, with " + outbox.status())
            .isTrue();
        signal.drainPermits();
      }
      return true;
    }
  }
}
