package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Capability;
import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceClient;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.tck.ContractFault.When;
import dev.fairlead.tck.SentCloudMessage.State;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Cloud-to-device messages: at least once, in order, and settled only as the application decides.
 */
public abstract class CloudMessageContract extends ContractCase {
  /** Called by subclasses. */
  protected CloudMessageContract() {}

  @BeforeEach
  final void onlyWhereDeclared() {
    needs(Capability.CLOUD_MESSAGES);
  }

  @Test
  final void messagesComeWholeAndInOrder() {
    List<CloudMessage> got = new CopyOnWriteArrayList<>();
    Map<String, String> properties =
        harness().carriesAnyText()
            ? Map.of("a", "1", "b c", "x=y&z", "empty", "")
            : Map.of("a", "1", "B-c", "x!y|z", "empty", "");
    SentCloudMessage first = hub().sendCloudMessage("wartend ü", properties);
    open(
        harness()
            .client()
            .onCloudMessage(
                message -> {
                  got.add(message);
                  message.complete();
                }));
    for (int i = 0; i < 20; i++) {
      hub().sendCloudMessage("m" + i, Map.of());
    }
    Await.until("all have come", () -> got.size() == 21);
    assertThat(got.get(0).text()).isEqualTo("wartend ü");
    assertThat(got.get(0).properties()).containsAllEntriesOf(properties);
    for (int i = 0; i < 20; i++) {
      assertThat(got.get(i + 1).text()).isEqualTo("m" + i);
    }
    Await.until("it is completed", () -> first.state() == State.COMPLETED);
  }

  @Test
  final void whatIsNotSettledComesAgain() {
    List<CloudMessage> got = new CopyOnWriteArrayList<>();
    SentCloudMessage sent = hub().sendCloudMessage("keep", Map.of());
    open(harness().client().onCloudMessage(got::add));
    Await.until("it has come", () -> got.size() == 1);
    letComeAgain();
    Await.until("it has come again", () -> got.size() == 2);
    assertThat(sent.state()).isEqualTo(State.INVISIBLE);
    Await.result(got.get(1).complete());
    Await.until("it is completed", () -> sent.state() == State.COMPLETED);
  }

  @Test
  final void whatIsCompletedDoesNotComeAgain() {
    List<String> got = new CopyOnWriteArrayList<>();
    open(
        harness()
            .client()
            .onCloudMessage(
                message -> {
                  got.add(message.text());
                  message.complete();
                }));
    SentCloudMessage sent = hub().sendCloudMessage("once", Map.of());
    Await.until("it is completed", () -> sent.state() == State.COMPLETED);
    hub().cut();
    SentCloudMessage last = hub().sendCloudMessage("last", Map.of());
    Await.until("the last is completed", () -> last.state() == State.COMPLETED);
    assertThat(got).containsExactly("once", "last");
  }

  @Test
  final void settlingTwiceIsRefused() {
    List<CloudMessage> got = new CopyOnWriteArrayList<>();
    hub().sendCloudMessage("one", Map.of());
    open(harness().client().onCloudMessage(got::add));
    Await.until("it has come", () -> got.size() == 1);
    Await.result(got.get(0).complete());
    assertThat(Await.failure(got.get(0).complete())).isInstanceOf(RejectedException.class);
  }

  @Test
  final void settlingAfterTheSessionIsRefusedAndTheMessageComesAgain() {
    List<CloudMessage> got = new CopyOnWriteArrayList<>();
    SentCloudMessage sent = hub().sendCloudMessage("late", Map.of());
    DeviceClient client = open(harness().client().onCloudMessage(got::add));
    Await.until("it has come", () -> got.size() == 1);
    hub().setReachable(false);
    Await.until("the loss shows", () -> client.state().cause().isPresent());
    hub().setReachable(true);
    letComeAgain();
    Await.until("it has come again", () -> got.size() == 2);
    assertThat(Await.failure(got.get(0).complete())).isInstanceOf(UnreachableException.class);
    assertThat(sent.state()).isEqualTo(State.INVISIBLE);
    Await.result(got.get(1).complete());
    Await.until("it is completed", () -> sent.state() == State.COMPLETED);
  }

  @Test
  final void aSettlementEndsAlthoughTheHubIsSilent() {
    List<CloudMessage> got = new CopyOnWriteArrayList<>();
    hub().sendCloudMessage("settled", Map.of());
    open(harness().client().onCloudMessage(got::add));
    Await.until("it has come", () -> !got.isEmpty());
    HubSide.Armed silence = hub().arm(ContractFault.silence(When.MID_DELIVERY));
    hub().sendCloudMessage("never whole", Map.of());
    Await.until("the hub is silent", () -> silence.strikes() > 0);
    CompletableFuture<Void> settled = got.get(0).complete().toCompletableFuture();
    // Whether the settlement is confirmed depends on whether the protocol has an answer to it.
    Await.until("the settlement has an outcome", settled::isDone);
  }

  @Test
  final void aHandlerThatThrowsDoesNotComplete() {
    AtomicInteger calls = new AtomicInteger();
    SentCloudMessage sent = hub().sendCloudMessage("bad luck", Map.of());
    open(
        harness()
            .client()
            .onCloudMessage(
                message -> {
                  if (calls.incrementAndGet() == 1) {
                    throw new IllegalStateException("a bug in the handler");
                  }
                  message.complete();
                }));
    Await.until("it was handed over", () -> calls.get() >= 1);
    if (!harness().capabilities().contains(Capability.ABANDON)) {
      assertThat(sent.state()).isNotEqualTo(State.COMPLETED);
      letComeAgain();
    }
    Await.until("it has come again", () -> sent.state() == State.COMPLETED);
    assertThat(calls).hasValue(2);
  }

  @Test
  final void aHandlerThatNeverReturnsHoldsUpNothingElse() throws Exception {
    CountDownLatch leave = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(1);
    SentCloudMessage stuck = hub().sendCloudMessage("stuck", Map.of());
    DeviceClient client =
        open(
            harness()
                .client()
                .onCloudMessage(
                    message -> {
                      inside.countDown();
                      leave.await();
                    }));
    try {
      Await.until("the handler hangs", () -> inside.getCount() == 0);
      awaitAll(sendAll(client, 0, 50));
      assertComplete(50);
      if (harness().capabilities().contains(Capability.TWIN)) {
        Await.result(client.getTwin());
      }
      assertThat(stuck.state()).isNotEqualTo(State.COMPLETED);
    } finally {
      leave.countDown();
    }
  }

  /**
   * Unsettled messages are delivered again: on the next connection, or when the lock has expired.
   */
  private void letComeAgain() {
    if (harness().pushes()) {
      hub().cut();
    } else {
      hub().letLocksExpire();
    }
  }

  @Test
  final void aMessageIsSettledLaterFromAnyThread() {
    List<CloudMessage> got = new CopyOnWriteArrayList<>();
    open(harness().client().onCloudMessage(got::add));
    SentCloudMessage[] sent = new SentCloudMessage[10];
    for (int i = 0; i < sent.length; i++) {
      sent[i] = hub().sendCloudMessage("m" + i, Map.of());
    }
    Await.until("all have come", () -> got.size() == sent.length);
    for (int i = sent.length - 1; i >= 0; i--) { // against the order of arrival
      got.get(i).complete();
    }
    for (SentCloudMessage each : sent) {
      Await.until("each is completed", () -> each.state() == State.COMPLETED);
    }
  }
}
