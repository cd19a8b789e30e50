package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.Outcomes.progressOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.texts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.OutboxLimits;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A message at the head of the window when the hub cuts the line, again and again. */
class OutboxCutsTest {
  private final OutboxRig rig = new OutboxRig(OutboxLimits.defaults());
  private CompletableFuture<Void> head = rig.send("head");

  private void endSession(int taking, boolean cutByHub) {
    Lease lease = rig.outbox.lease();
    take(lease, taking);
    lease.revoke(cutByHub);
  }

  @Test
  void takesTheHeadOfFiveCutsForTheReason() {
    CompletableFuture<Void> second = rig.send("second");
    for (int cut = 1; cut < Outbox.CUTS_THAT_CONDEMN; cut++) {
      endSession(2, true);
      assertThat(head).isNotDone();
    }

    endSession(2, true);

    assertThat(failureOf(head))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("5 times")
        .hasMessageContaining("4 bytes");
    assertThat(progressOf(head)).isEqualTo(Progress.MAYBE_SENT);
    assertThat(second).as("it was never the head").isNotDone();
    assertThat(texts(take(rig.outbox.lease(), 9))).containsExactly("second");
  }

  @Test
  void doesNotCountLossesThatAreNotTheHubs() {
    for (int loss = 0; loss < 50; loss++) {
      endSession(1, false);
    }

    assertThat(head).isNotDone();
  }

  @Test
  void doesNotCountSessionsThatHeldNothing() {
    for (int cut = 0; cut < 50; cut++) {
      endSession(0, true);
    }

    assertThat(head).isNotDone();
  }

  @Test
  void countsTheFirstUnacknowledgedOnly() {
    CompletableFuture<Void> second = rig.send("second");
    for (int cut = 0; cut < Outbox.CUTS_THAT_CONDEMN - 1; cut++) {
      endSession(2, true);
    }
    Lease lease = rig.outbox.lease();
    take(lease, 2).get(0).accepted();
    lease.revoke(true);

    assertThat(head).isCompletedWithValue(null);
    assertThat(second).as("this was its first cut as head").isNotDone();
    for (int cut = 0; cut < Outbox.CUTS_THAT_CONDEMN - 1; cut++) {
      assertThat(second).isNotDone();
      endSession(1, true);
    }
    assertThat(second).isCompletedExceptionally();
  }

  @Test
  void countsOverTheWholeStayOfAMessage() {
    for (int cut = 0; cut < Outbox.CUTS_THAT_CONDEMN; cut++) {
      endSession(1, false);
      endSession(1, true);
    }

    assertThat(head).isCompletedExceptionally();
  }
}
