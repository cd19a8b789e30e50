package dev.fairlead.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.StoredOutcome;
import dev.fairlead.StoredOutcomeListener;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.threads.HeldExecutor;
import dev.fairlead.threads.ManualLoop;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OutcomeMailboxTest {
  private static final HubException EXPIRED =
      new RejectedException("It has expired.", Progress.NOT_SENT);

  private final HeldExecutor executor = new HeldExecutor();
  private final List<Long> heard = new ArrayList<>();

  private OutcomeMailbox mailbox(@Nullable StoredOutcomeListener listener) {
    return new OutcomeMailbox(executor, listener, new FailureLog(new ManualLoop()));
  }

  private static StoredOutcome outcome(long number, int size, @Nullable HubException failure) {
    return new StoredOutcome(
        number,
        Optional.of(TelemetryMessage.of(new byte[size])),
        Optional.of(Instant.EPOCH),
        Optional.ofNullable(failure));
  }

  @Test
  void aSlowListenerReceivesTheOldestAndFailuresHaveMoreRoom() {
    OutcomeMailbox mailbox = mailbox(outcome -> heard.add(outcome.number()));
    int most = OutcomeMailbox.MOST;
    for (int i = 0; i < most; i++) {
      mailbox.add(outcome(i, 1, null));
    }
    for (int i = most; i < 2 * most; i++) {
      mailbox.add(outcome(i, 1, EXPIRED));
    }

    executor.runAll();

    assertThat(heard)
        .containsExactlyElementsOf(
            LongStream.concat(
                    LongStream.range(0, most / 2), LongStream.range(most, most + most / 2))
                .boxed()
                .toList());
    mailbox.add(outcome(7, 1, null));
    executor.runAll();
    assertThat(heard).endsWith(7L);
  }

  @Test
  void largeMessagesDoNotFillTheHeap() {
    OutcomeMailbox mailbox = mailbox(outcome -> heard.add(outcome.number()));
    int size = 200_000;
    for (int i = 0; i < 1_000; i++) {
      mailbox.add(outcome(i, size, EXPIRED));
    }

    executor.runAll();

    assertThat(heard).hasSizeBetween(2, OutcomeMailbox.MOST_BYTES / size);
  }

  @Test
  void passesOnAfterTheListenerHasReceivedWhatWasAddedBefore() {
    OutcomeMailbox mailbox = mailbox(outcome -> heard.add(outcome.number()));
    mailbox.add(outcome(1, 1, EXPIRED));
    mailbox.whenPassedOn(() -> heard.add(-1L));
    assertThat(heard).isEmpty();

    executor.runAll();

    assertThat(heard).containsExactly(1L, -1L);
  }

  @Test
  void aListenerThatThrowsReceivesTheNextOne() {
    OutcomeMailbox mailbox =
        mailbox(
            outcome -> {
              heard.add(outcome.number());
              throw new AssertionError("expected by the test");
            });
    mailbox.add(outcome(1, 1, null));
    mailbox.add(outcome(2, 1, null));

    executor.runAll();

    assertThat(heard).containsExactly(1L, 2L);
  }

  @Test
  void withoutAListenerNothingIsQueued() {
    OutcomeMailbox mailbox = mailbox(null);
    mailbox.add(outcome(1, 1, EXPIRED));
    mailbox.whenPassedOn(() -> heard.add(-1L));

    assertThat(heard).containsExactly(-1L);
    assertThat(executor.runAll()).isFalse();
  }
}
