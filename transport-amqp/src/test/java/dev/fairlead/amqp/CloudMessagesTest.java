package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.CloudMessage;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.SharedConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.engine.Delivery;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Cloud-to-device messages: credit, settlements and their confirmations. */
class CloudMessagesTest extends ScriptedCase {
  private int credit(HubPeer peer) {
    return peer.look(() -> peer.links.get(CLOUD).getCredit());
  }

  @ParameterizedTest
  @EnumSource(names = {"FIRST", "SECOND"})
  void eachOutcomeReachesTheHub(ReceiverSettleMode mode) throws Exception {
    HubPeer peer = open(hub -> hub.cloudMode = mode, Feed.CLOUD_MESSAGES);
    done(cloudMessage(peer, "a").complete());
    done(cloudMessage(peer, "b").abandon());
    done(cloudMessage(peer, "c").reject());
    until(() -> peer.look(() -> peer.settled.size()) == 3);
    assertThat(peer.settled.get("a")).isInstanceOf(Accepted.class);
    assertThat(peer.settled.get("b")).isInstanceOf(Released.class);
    assertThat(peer.settled.get("c")).isInstanceOf(Rejected.class);
  }

  @Test
  void aLostLockShows() throws Exception {
    HubPeer peer =
        open(
            hub -> hub.settlement = HubPeer.rejected("com.microsoft:message-lock-lost", "late"),
            Feed.CLOUD_MESSAGES);
    assertThat(failure(cloudMessage(peer, "a").complete()))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("lock");
  }

  // Credit.

  @Test
  void theHubGetsCreditForWhatTheHandlerGetsToSoon() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.CLOUD_MESSAGES);
    until(() -> credit(peer) == 10);
    context.inbox().setRoom(0);
    settle();
    for (int i = 0; i < 10; i++) {
      cloudMessage(peer, "m" + i);
    }
    assertThat(credit(peer)).isZero();
    context.inbox().setRoom(3);
    until(() -> credit(peer) == 3);
  }

  @Test
  void noMoreComeThanTheHubQueuesForADevice() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.CLOUD_MESSAGES);
    until(() -> credit(peer) == 10);
    List<CloudMessage> held = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      until(() -> credit(peer) > 0);
      held.add(cloudMessage(peer, "m" + i));
    }
    settle();
    assertThat(credit(peer)).isZero();
    done(held.get(0).complete());
    until(() -> credit(peer) == 1);
  }

  // Confirmations.

  /** The hub may never confirm, as the edge hub does after a lost lock. */
  @Test
  void anUnconfirmedSettlementFailsAndItsPlaceIsFreeAgain() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.confirm = false, Feed.CLOUD_MESSAGES);
    List<CompletableFuture<Void>> settlements = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      until(() -> credit(peer) > 0);
      settlements.add(cloudMessage(peer, "m" + i).complete().toCompletableFuture());
    }
    until(() -> peer.look(() -> peer.settled.size()) == 50);
    assertThat(credit(peer)).isZero();
    advance(seconds(19));
    assertThat(settlements).noneMatch(CompletableFuture::isDone);
    advance(seconds(1));
    for (CompletableFuture<Void> each : settlements) {
      assertThat(failure(each))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("did not confirm the settlement within 20 s");
    }
    until(() -> credit(peer) >= 5);
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void aDeadConnectionIsNoticedWhileASettlementWaits() throws Exception {
    useFakeTime(AmqpOptions.builder());
    HubPeer peer = open(hub -> {}, Feed.CLOUD_MESSAGES);
    CloudMessage message = cloudMessage(peer, "a");
    peer.act(() -> peer.silent = true);
    CompletableFuture<Void> settlement = message.complete().toCompletableFuture();
    settle();
    advance(seconds(10));
    assertThat(end()).hasMessageContaining("not even an answer to a ping");
    assertThat(end()).hasMessageContaining("the settlement of a C2D message");
    assertThat(failure(settlement)).isInstanceOf(UnreachableException.class);
  }

  @Test
  void aMessageThatComesSettledNeedsNoSettlement() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.CLOUD_MESSAGES);
    for (int i = 0; i < 60; i++) {
      until(() -> credit(peer) > 0);
      CloudMessage message = cloudMessage(peer, "m" + i, true);
      if (i % 2 == 0) {
        done(message.complete());
      } else {
        assertThat(failure(message.abandon())).isInstanceOf(RejectedException.class);
      }
    }
    assertThat(peer.look(() -> peer.settled.size())).isZero();
  }

  @Test
  void aMessageThatTheHubTakesBackCannotBeSettled() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.CLOUD_MESSAGES);
    CloudMessage message = cloudMessage(peer, "a");
    peer.act(
        () -> {
          Delivery taken = peer.links.get(CLOUD).head();
          taken.disposition(Released.getInstance());
          taken.settle();
        });
    cloudMessage(peer, "b");
    assertThat(failure(message.complete()))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("taken the message back");
  }

  @Test
  void aMessageOfALostLinkCannotBeSettled() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.CLOUD_MESSAGES);
    CloudMessage message = cloudMessage(peer, "a");
    peer.detach(CLOUD, HubPeer.condition("amqp:link:detach-forced", "busy"));
    until(() -> peer.look(() -> peer.links.containsKey(CLOUD)));
    assertThat(failure(message.complete())).isInstanceOf(UnreachableException.class);
    done(cloudMessage(peer, "b").complete());
  }

  /** What came in part counts no longer when its link is gone. */
  @Test
  void halvesOfMessagesOnLostLinksDoNotAddUp() throws Exception {
    hub = new ScriptedHub(peer -> {});
    SharedConnection connection = connect();
    for (int i = 0; i < 20; i++) {
      session = attach("dev-1", Feed.CLOUD_MESSAGES);
      HubPeer peer = hub.peers().get(0);
      int attached = i + 1;
      until(
          () ->
              peer.look(() -> peer.links.containsKey(CLOUD)) && attaches(peer, CLOUD) == attached);
      peer.act(() -> peer.sendHalf(CLOUD_ADDRESS, "half", 900 * 1024));
      // Behind the half on the same connection.
      send(i, i + 1);
      awaitAccepted(attached);
      context.onLoop(session::abort);
    }
    assertThat(connection.ended().toCompletableFuture()).isNotDone();
  }
}
