package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.MethodReply;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.Test;

/** A live hub that never sends one thing that it owes. */
class UnansweredTest extends ScriptedCase {
  private static final String TWIN_OUT = "to /devices/dev-1/twin";

  @Test
  void dispositionsThatNeverComeEndTheSession() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.outcome = bodies -> null);
    send(0, 5);
    until(() -> peer.look(() -> peer.undecided.stream().mapToInt(each -> 1).sum()) > 0);
    settle();
    advance(seconds(119));
    assertThat(context.ends()).isEmpty();
    advance(seconds(1));
    assertThat(end())
        .hasMessageContaining("the acknowledgement of 5 messages within 2 min")
        .isInstanceOfSatisfying(
            UnreachableException.class,
            failure -> assertThat(failure.stage()).isEqualTo(Stage.SESSION));
    assertThat(outbox.accepted()).isEmpty();
    assertThat(outbox.failures()).isEmpty();
  }

  /** Others are acknowledged continuously: that is no progress for this one. */
  @Test
  void oneDispositionThatNeverComesEndsTheSession() throws Exception {
    useFakeTime(
        AmqpOptions.builder()
            .ping(java.time.Duration.ofHours(1), java.time.Duration.ofHours(1))
            .batchBytes(0));
    open(
        hub ->
            hub.outcome =
                bodies ->
                    new String(bodies.get(0), StandardCharsets.UTF_8).equals("2")
                        ? null
                        : Accepted.getInstance());
    send(0, 10);
    awaitAccepted(9);
    for (int i = 0; i < 11; i++) {
      advance(seconds(10));
      send(10 + i, 11 + i);
      awaitAccepted(10 + i);
    }
    assertThat(context.ends()).isEmpty();
    advance(seconds(10));
    assertThat(end()).hasMessageContaining("the acknowledgement of 1 message within 2 min");
  }

  @Test
  void creditThatNeverComesAttachesTheLinkAgainAndThenEndsTheSession() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.credit = 0);
    send(0, 3);
    settle();
    settle();
    advance(seconds(119));
    assertThat(attaches(peer, TELEMETRY)).isEqualTo(1);
    advance(seconds(1));
    until(() -> attaches(peer, TELEMETRY) == 2);
    advance(seconds(119));
    assertThat(context.ends()).isEmpty();
    advance(seconds(1));
    assertThat(end()).hasMessageContaining("credit on the telemetry link");
  }

  @Test
  void creditThatComesWithTheSecondLinkIsUsed() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.credit = 0);
    send(0, 3);
    settle();
    settle();
    peer.act(() -> peer.credit = 100);
    advance(seconds(120));
    awaitAccepted(3);
    advance(seconds(240));
    assertThat(attaches(peer, TELEMETRY)).isEqualTo(2);
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void noCreditIsNoMatterWhileNothingWaits() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.credit = 0);
    advance(seconds(600));
    assertThat(attaches(peer, TELEMETRY)).isEqualTo(1);
    assertThat(context.ends()).isEmpty();
    peer.act(() -> ((Receiver) peer.links.get(TELEMETRY)).flow(10));
    send(0, 1);
    awaitAccepted(1);
  }

  @Test
  void aSecondAttachThatIsNotAnsweredEndsTheSession() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> {});
    peer.act(() -> peer.answerAttach = key -> false);
    peer.detach(TELEMETRY, HubPeer.condition("amqp:link:detach-forced", "busy"));
    advanceUntil(() -> attaches(peer, TELEMETRY) == 2);
    send(0, 1);
    advance(seconds(20));
    assertThat(end())
        .hasMessageContaining("the answer to ATTACH of the telemetry link within 20 s");
    assertThat(outbox.failures()).isEmpty();
  }

  @Test
  void anUnansweredTwinOperationFailsAndEndsNothing() throws Exception {
    useFakeTime();
    open(hub -> hub.answerTwin = false);
    CompletableFuture<String> read = readTwin();
    HubPeer peer = hub.peers().get(0);
    until(() -> peer.look(() -> peer.twinRequests.contains("GET")));
    advance(seconds(20));
    assertThat(failure(read)).hasMessageContaining("did not answer the twin operation");
    peer.act(() -> peer.answerTwin = true);
    assertThat(done(readTwin())).contains("desired");
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void aTwinOperationFailsUnsentIfItsLinksAreNotAnswered() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.answerAttach = key -> !key.endsWith("/twin"));
    CompletableFuture<String> read = readTwin();
    until(() -> attaches(peer, TWIN_OUT) == 1);
    advance(seconds(20));
    assertThat(failure(read))
        .hasMessageContaining("was not sent")
        .satisfies(why -> assertThat(why.progress()).isEqualTo(Progress.NOT_SENT));
    peer.act(() -> peer.answerAttach = key -> true);
    assertThat(done(readTwin())).contains("desired");
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void aTwinOperationFailsUnsentIfThereIsNoCredit() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> {});
    peer.act(() -> peer.credit = 0);
    CompletableFuture<String> read = readTwin();
    until(() -> peer.look(() -> peer.links.containsKey(TWIN_OUT)));
    settle();
    settle();
    advanceUntil(read::isDone);
    assertThat(failure(read)).hasMessageContaining("credit on the twin links");
    assertThat(context.ends()).isEmpty();
  }

  private CompletableFuture<String> readTwin() {
    CompletableFuture<String> read = new CompletableFuture<>();
    context.onLoop(
        () ->
            session
                .twin()
                .orElseThrow()
                .get()
                .whenComplete(
                    (text, failure) -> {
                      if (failure == null) {
                        read.complete(text);
                      } else {
                        read.completeExceptionally(
                            failure instanceof java.util.concurrent.CompletionException
                                ? failure.getCause()
                                : failure);
                      }
                    }));
    return read;
  }

  @Test
  void anAnswerToAMethodFailsIfThereIsNoCredit() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.credit = 0, Feed.DIRECT_METHODS);
    until(() -> peer.look(() -> peer.links.containsKey("from /devices/dev-1/methods/devicebound")));
    Message call = HubPeer.message("{}");
    call.setCorrelationId("1");
    call.setApplicationProperties(new ApplicationProperties(Map.of("IoThub-methodname", "reboot")));
    peer.act(() -> peer.send("/devices/dev-1/methods/devicebound", "t", call, true));
    until(() -> !context.inbox().calls().isEmpty());
    MethodReply reply = context.inbox().calls().get(0).reply();
    CompletableFuture<Void> answered =
        context
            .serialLoop()
            .call(() -> reply.respond(MethodResponse.of(200)))
            .toCompletableFuture();
    advanceUntil(answered::isDone);
    assertThat(failure(answered)).hasMessageContaining("credit on the links for direct methods");
  }
}
