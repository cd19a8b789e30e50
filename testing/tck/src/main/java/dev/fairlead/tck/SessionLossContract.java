package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.HubException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.ContractFault.When;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The connection is lost at every point: no message is lost, and the session ends once. */
public abstract class SessionLossContract extends ContractCase {
  private static final int MESSAGES = 60;

  /** Called by subclasses. */
  protected SessionLossContract() {}

  @ParameterizedTest
  @CsvSource({
    "BEFORE_STORE, 1", "BEFORE_STORE, 2", "BEFORE_STORE, 30",
    "BEFORE_ACK, 1", "BEFORE_ACK, 2", "BEFORE_ACK, 30",
    "AFTER_ACK, 1", "AFTER_ACK, 2", "AFTER_ACK, 30"
  })
  final void nothingIsLostOrReorderedByACut(When when, int nth) {
    DeviceClient client = open(harness().client());
    hub().arm(ContractFault.cut(when).atOccasion(nth));
    sendAllAsOccasions(client, 0, MESSAGES);
    assertComplete(MESSAGES);
    assertThat(hub().connectionsSoFar()).isGreaterThanOrEqualTo(2);
    // Only messages that were put back after they may have been sent may be at the hub twice.
    assertThat((long) hub().telemetry().size() - MESSAGES)
        .isLessThanOrEqualTo(client.outbox().resent());
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_STORE", "BEFORE_ACK", "AFTER_ACK"})
  final void nothingIsLostOrReorderedBySilence(When when) {
    DeviceClient client = open(harness().client());
    hub().arm(ContractFault.silence(when).atOccasion(5));
    sendAllAsOccasions(client, 0, MESSAGES);
    assertComplete(MESSAGES);
  }

  @Test
  final void nothingIsLostByManyCutsInARow() {
    DeviceClient client = open(harness().client());
    for (int i = 1; i <= 8; i++) {
      hub()
          .arm(
              ContractFault.cut(i % 2 == 0 ? When.BEFORE_ACK : When.BEFORE_STORE)
                  .atOccasion(i * 9));
    }
    sendAllAsOccasions(client, 0, 200);
    assertComplete(200);
  }

  @ParameterizedTest
  @EnumSource(names = {"ON_ACCEPT", "ON_CONNECT"})
  final void aCutWhileOpeningIsTriedAgain(When when) {
    hub().arm(ContractFault.cut(when).times(3));
    DeviceClient client = open(harness().client());
    awaitAll(sendAll(client, 0, 5));
    assertComplete(5);
  }

  @Test
  final void aCutWhileIdleIsNoticedAndMended() {
    DeviceClient client = open(harness().client());
    awaitAll(sendAll(client, 0, 5));
    hub().cut();
    if (harness().pushes()) {
      Await.until("a second connection", () -> hub().connectionsSoFar() >= 2);
    } else {
      Await.until("the connection is closed", () -> hub().openConnections() == 0);
    }
    awaitAll(sendAll(client, 5, 10));
    assertThat(hub().connectionsSoFar()).isGreaterThanOrEqualTo(2);
    assertComplete(10);
  }

  @Test
  final void aHubThatGoesOffTheNetIsFoundAgain() {
    DeviceClient client = open(harness().client());
    awaitAll(sendAll(client, 0, 5));
    hub().setReachable(false);
    List<CompletableFuture<Void>> waiting = sendAll(client, 5, 25);
    Await.until("the loss shows", () -> client.state().cause().isPresent());
    assertThat(waiting).noneMatch(CompletableFuture::isDone);
    hub().setReachable(true);
    awaitAll(waiting);
    assertComplete(25);
  }

  // --- the session's own promises ---

  @Test
  final void aCutEndsTheSessionOnceWithAReason() {
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext context = context(outbox);
    TransportSession session = openSession(context);
    loseConnection(outbox);
    assertThat(Await.result(session.ended())).get().isInstanceOf(HubException.class);
    context.onLoop(session::close);
    context.onLoop(session::abort);
    assertNothingLeftOf(context);
    assertThat(context.ends()).hasSize(1);
  }

  @Test
  final void closingEndsTheSessionOnceWithoutAReason() {
    RecordingContext context = context(new ScriptedOutbox());
    TransportSession session = openSession(context);
    context.onLoop(session::close);
    context.onLoop(session::close);
    assertThat(Await.result(session.ended())).isEmpty();
    context.onLoop(session::abort);
    hub().cut();
    assertNothingLeftOf(context);
    assertThat(context.ends()).hasSize(1);
  }

  @Test
  final void abortingEndsTheSessionOnce() {
    RecordingContext context = context(new ScriptedOutbox());
    TransportSession session = openSession(context);
    context.onLoop(session::abort);
    Await.result(session.ended());
    context.onLoop(session::abort);
    assertNothingLeftOf(context);
    assertThat(context.ends()).hasSize(1);
  }

  @Test
  final void closingWaitsForAcknowledgementsUnderWay() {
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext context = context(outbox);
    TransportSession session = openSession(context);
    for (int i = 0; i < 200; i++) {
      outbox.add(message(i));
    }
    Await.until("some are in flight", () -> !outbox.accepted().isEmpty());
    context.onLoop(session::close);
    assertThat(Await.result(session.ended())).isEmpty();
    // All messages in flight were acknowledged before the end, so the hub has no duplicates.
    assertThat(hub().telemetry()).hasSize(outbox.accepted().size());
  }

  @Test
  final void closingASilentConnectionEndsAllTheSame() {
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext context = context(outbox);
    TransportSession session = openSession(context);
    hub().arm(ContractFault.silence(When.BEFORE_ACK));
    outbox.add(message(0));
    Await.until("the hub has it", () -> !hub().telemetry().isEmpty());
    context.onLoop(session::close);
    Await.result(session.ended());
    assertNothingLeftOf(context);
    assertThat(context.ends()).hasSize(1);
    assertThat(outbox.accepted()).isEmpty();
  }

  @Test
  final void aRevokedLeaseIsInert() {
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext first = context(outbox);
    TransportSession old = openSession(first);
    hub().arm(ContractFault.cut(When.BEFORE_ACK).atOccasion(harness().pushes() ? 10 : 1));
    for (int i = 0; i < 100; i++) {
      outbox.add(message(i));
    }
    assertThat(Await.result(old.ended())).isPresent();
    assertThat(outbox.accepted()).hasSizeLessThan(100);
    RecordingContext second = context(outbox);
    openSession(second);
    Await.until("the new session sends the rest", () -> outbox.accepted().size() == 100);
    assertThat(outbox.accepted()).doesNotHaveDuplicates();
    assertComplete(100);
    assertThat(first.serialLoop().thrown()).isEmpty();
    assertThat(second.serialLoop().thrown()).isEmpty();
  }

  @Test
  final void nothingArrivesAfterTheEnd() {
    needs(dev.fairlead.Capability.CLOUD_MESSAGES);
    RecordingContext context = context(new ScriptedOutbox(), Feed.CLOUD_MESSAGES);
    TransportSession session = openSession(context);
    for (int i = 0; i < 20; i++) {
      hub().sendCloudMessage("m" + i, Map.of());
    }
    Await.until("some have come", () -> !context.inbox().cloudMessages().isEmpty());
    context.onLoop(session::abort);
    Await.result(session.ended());
    assertNothingLeftOf(context);
    assertThat(context.inbox().misuse()).isEmpty();
  }

  @Test
  final void twinOperationsFailWhenTheSessionEnds() {
    needs(dev.fairlead.Capability.TWIN);
    DeviceClient client = open(harness().client());
    hub().setReachable(false);
    Await.until("the loss shows", () -> client.state().cause().isPresent());
    assertThat(Await.failure(client.getTwin())).isInstanceOf(UnreachableException.class);
    assertThat(Await.failure(client.updateReportedProperties("{\"a\":1}")))
        .isInstanceOf(UnreachableException.class);
  }

  private void assertNothingLeftOf(RecordingContext context) {
    Await.until("no connection is left", () -> hub().openConnections() == 0);
    Await.until("no timer is left", () -> context.serialLoop().pending() == 0);
    assertThat(context.serialLoop().thrown()).isEmpty();
  }
}
