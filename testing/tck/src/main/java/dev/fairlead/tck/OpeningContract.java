package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.HubException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.ContractFault.When;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An opening can be aborted at every moment, and never hangs. */
public abstract class OpeningContract extends ContractCase {
  private static final int MOMENTS = 60;

  /** Called by subclasses. */
  protected OpeningContract() {}

  @Test
  final void abortedAtOnceItFailsAndLeavesNothing() {
    RecordingContext context = context(new ScriptedOutbox());
    Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
    opening.abort();
    opening.abort();
    assertEndedEitherWay(opening);
    assertNothingLeft();
  }

  /**
   * Aborts at moments spread over the time that an opening takes. The moments are the subject of
   * the test, so they are spread evenly; the outcome does not depend on them.
   */
  @Test
  final void abortedAtEveryMomentItLeavesNothing() {
    long usual = usualOpeningNanos();
    for (int moment = 0; moment < MOMENTS; moment++) {
      RecordingContext context = context(new ScriptedOutbox(), feeds());
      long until = System.nanoTime() + usual * 5 / 4 * moment / MOMENTS;
      Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
      while (System.nanoTime() - until < 0) {
        Thread.onSpinWait();
      }
      opening.abort();
      assertEndedEitherWay(opening);
      assertThat(context.inbox().misuse()).isEmpty();
      assertThat(context.serialLoop().thrown()).isEmpty();
      context.close();
    }
    assertNothingLeft();
  }

  @Test
  final void aClientClosedAtEveryMomentLeavesNothing() {
    long usual = usualOpeningNanos();
    for (int moment = 0; moment < MOMENTS; moment++) {
      DeviceClient client = harness().client().build();
      long until = System.nanoTime() + usual * 5 / 4 * moment / MOMENTS;
      CompletableFuture<Void> opening = client.open();
      CompletableFuture<Void> sent = client.send(message(moment));
      while (System.nanoTime() - until < 0) {
        Thread.onSpinWait();
      }
      Await.result(client.close(Duration.ZERO));
      assertThat(opening).isDone();
      assertThat(sent).isDone();
      assertThat(client.state()).isInstanceOf(ConnectionState.Closed.class);
    }
    assertNothingLeft();
  }

  @ParameterizedTest
  @EnumSource(names = {"ON_ACCEPT", "ON_CONNECT"})
  final void aBlackHoleIsLeftByAborting(When when) {
    HubSide.Armed hole = hub().arm(ContractFault.silence(when));
    RecordingContext context = context(new ScriptedOutbox(), feeds());
    Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
    Await.until("the connection is silent", () -> hole.strikes() > 0);
    opening.abort();
    assertThat(Await.failure(opening.outcome())).isInstanceOf(HubException.class);
    assertNothingLeft();
  }

  @Test
  final void theStepSaysWhatASilentHubOwes() {
    String accepted = stepAtSilence(When.ON_ACCEPT);
    String connecting = stepAtSilence(When.ON_CONNECT);
    assertThat(connecting).isNotEqualTo(accepted);
  }

  /** The step that the client would report if it aborted the opening now. */
  private String stepAtSilence(When when) {
    HubSide.Armed silence = hub().arm(ContractFault.silence(when));
    RecordingContext context = context(new ScriptedOutbox(), feeds());
    Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
    assertThat(opening.step()).isNotBlank();
    Await.until("the hub is silent", () -> silence.strikes() > 0);
    String step = opening.step();
    assertThat(step).isNotBlank().isEqualTo(step.strip()).doesNotEndWith(".");
    opening.abort();
    Await.failure(opening.outcome());
    assertThat(opening.step()).isNotBlank();
    return step;
  }

  @ParameterizedTest
  @EnumSource(names = {"ON_ACCEPT", "ON_CONNECT"})
  final void aBlackHoleIsLeftWhenTheTimeIsUp(When when) {
    hub().arm(ContractFault.silence(when));
    DeviceClient client = open(harness().client().openTimeout(Duration.ofSeconds(1)));
    Await.result(client.send(message(0)));
    assertComplete(1);
  }

  @Test
  final void aClientInABlackHoleCloses() {
    HubSide.Armed hole = hub().arm(ContractFault.silence(When.ON_ACCEPT).times(100));
    DeviceClient client = start(harness().client());
    Await.until("the connection is silent", () -> hole.strikes() > 0);
    client.close();
    assertNothingLeft();
  }

  @Test
  final void nobodyListening() {
    hub().setReachable(false);
    RecordingContext context = context(new ScriptedOutbox());
    Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
    assertThat(Await.failure(opening.outcome()))
        .isInstanceOfSatisfying(
            UnreachableException.class, failure -> assertThat(failure.getMessage()).isNotBlank());
    opening.abort();
    assertNothingLeft();
  }

  @Test
  final void abortingAnOpenSessionCutsIt() {
    RecordingContext context = context(new ScriptedOutbox());
    Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
    TransportSession session = Await.result(context.follow(opening));
    opening.abort();
    Await.result(session.ended());
    assertThat(context.ends()).hasSize(1);
    assertNothingLeft();
  }

  @Test
  final void openingTwiceIsOpeningOnce() {
    DeviceClient client = open(harness().client());
    Await.result(client.open());
    assertThat(hub().connectionsSoFar()).isEqualTo(1);
  }

  private Feed[] feeds() {
    return Set.of(Feed.values()).toArray(Feed[]::new);
  }

  private long usualOpeningNanos() {
    openingNanos(); // the first one loads classes
    // The quickest of a few, because one that the machine delayed would stretch all the moments.
    return Math.min(openingNanos(), Math.min(openingNanos(), openingNanos()));
  }

  private long openingNanos() {
    long start = System.nanoTime();
    RecordingContext context = context(new ScriptedOutbox(), feeds());
    TransportSession session = openSession(context);
    long taken = System.nanoTime() - start;
    context.onLoop(session::abort);
    Await.result(session.ended());
    return taken;
  }

  private static void assertEndedEitherWay(Opening<TransportSession> opening) {
    CompletableFuture<Boolean> ended = new CompletableFuture<>();
    opening
        .outcome()
        .whenComplete(
            (session, failure) -> {
              if (session == null) {
                ended.complete(failure != null);
              } else {
                session.ended().whenComplete((reason, thrown) -> ended.complete(thrown == null));
              }
            });
    assertThat(Await.result(ended)).isTrue();
  }
}
