package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.HubException;
import dev.fairlead.RejectedException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What "open" means, and hubs that do not accept early links. */
class EarlyLinksTest extends ScriptedCase {
  private static final String TWIN = "/devices/dev-1/twin";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "amqp:unauthorized-access",
        "amqp:not-allowed",
        "amqp:not-found",
        "amqp:internal-error"
      })
  void aLinkRefusedBeforeItsTokenWasReadIsAskedForAgain(String condition) throws Exception {
    AtomicBoolean known = new AtomicBoolean();
    HubPeer peer =
        open(
            hub -> {
              hub.tokenStatus = audience -> null;
              hub.refuseAttach =
                  address ->
                      known.get() || address.equals("$cbs")
                          ? null
                          : HubPeer.condition(condition, "no token");
              hub.whenRefused =
                  () -> {
                    known.set(true);
                    hub.answerToken(200);
                  };
            });
    send(0, 1);
    awaitAccepted(1);
    assertThat(attaches(peer, TELEMETRY)).isEqualTo(2);
  }

  @Test
  void aLinkThatIsRefusedTwiceRefusesTheSession() throws Exception {
    assertThat(
            failure(
                opening(
                        hub ->
                            hub.refuseAttach =
                                address ->
                                    address.equals("$cbs")
                                        ? null
                                        : HubPeer.condition("amqp:not-allowed", "never"))
                    .outcome()))
        .isInstanceOf(RejectedException.class);
    assertThat(attaches(hub.peers().get(0), TELEMETRY)).isEqualTo(2);
  }

  /** The hub ends the session for the early links, and takes them after the token's answer. */
  @Test
  void aSessionEndedBeforeTheTokensAnswerBeginsAgainAndTheHubIsRemembered() throws Exception {
    HubPeer peer = open(this::endsSessionsEarly, Feed.CLOUD_MESSAGES);
    send(0, 1);
    awaitAccepted(1);
    assertThat(peer.look(() -> peer.ends)).isEqualTo(1);
    context.onLoop(session::abort);

    Opening<TransportSession> second = openAgain(Feed.CLOUD_MESSAGES);
    session = done(context.follow(second));
    HubPeer another = hub.peers().get(1);
    assertThat(another.look(() -> another.ends)).isZero();
    assertThat(another.frames())
        .startsWith("Open", "Begin", "Attach", "Attach", "Flow", "Transfer");
  }

  private void endsSessionsEarly(HubPeer peer) {
    peer.endEarly = HubPeer.condition("amqp:unauthorized-access", "no token");
    if (hub == null || hub.peers().isEmpty()) {
      // Otherwise the answer would be there before the links.
      peer.tokenStatus = audience -> null;
      peer.whenEnded = () -> peer.answerToken(200);
    }
  }

  /** The hub closes the connection: the token was not refused. */
  @Test
  void aConnectionClosedBeforeTheTokensAnswerIsOpenedInStrictOrderNextTime() throws Exception {
    AtomicBoolean strict = new AtomicBoolean();
    Opening<TransportSession> first =
        opening(
            peer -> {
              if (!strict.getAndSet(true)) {
                peer.tokenStatus = audience -> null;
              }
              peer.closeEarly = true;
              peer.endEarly = HubPeer.condition("amqp:unauthorized-access", "no token");
            });
    assertThat(failure(first.outcome()))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("before it answered the token");
    context.close();
    Opening<TransportSession> second = openAgain();
    session = done(context.follow(second));
    send(0, 1);
    awaitAccepted(1);
  }

  @Test
  void aTokenRefusedInStrictOrderIsStillARefusal() throws Exception {
    AtomicBoolean strict = new AtomicBoolean();
    Opening<TransportSession> first =
        opening(
            peer -> {
              peer.tokenStatus = audience -> strict.getAndSet(true) ? 401 : null;
              peer.closeEarly = true;
              peer.endEarly = HubPeer.condition("amqp:unauthorized-access", "no token");
            });
    assertThat(failure(first.outcome())).isInstanceOf(UnreachableException.class);
    context.close();
    Opening<TransportSession> second = openAgain();
    assertThat(failure(second.outcome())).isInstanceOf(UnauthorizedException.class);
  }

  // What is not part of "open".

  @Test
  void anUnansweredSubscriptionIsTriedAgainBesideTheOpenSession() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.answerTwin = false, Feed.DESIRED_PROPERTIES);
    send(0, 1);
    awaitAccepted(1);
    until(() -> peer.look(() -> peer.twinRequests.equals(List.of("PUT"))));
    settle();
    CompletableFuture<String> read = new CompletableFuture<>();
    context.onLoop(
        () -> session.twin().orElseThrow().get().whenComplete((text, why) -> read.complete(text)));
    advance(seconds(19));
    assertThat(peer.look(() -> List.copyOf(peer.twinRequests))).containsExactly("PUT");
    peer.act(() -> peer.answerTwin = true);
    advance(seconds(2));
    assertThat(done(read)).contains("desired");
    until(() -> !context.inbox().patches().isEmpty());
    // It began late: what changed in between is missing.
    assertThat(context.inbox().patches()).containsExactly("{\"$version\":9223372036854775807}");
    assertThat(peer.look(() -> List.copyOf(peer.twinRequests)))
        .containsExactlyInAnyOrder("PUT", "GET", "PUT");
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void theTwinIsReadAfterTheSubscriptionIsAnswered() throws Exception {
    HubPeer peer = open(hub -> hub.hold = false, Feed.DESIRED_PROPERTIES);
    CompletableFuture<String> read = new CompletableFuture<>();
    context.onLoop(
        () -> session.twin().orElseThrow().get().whenComplete((text, why) -> read.complete(text)));
    assertThat(done(read)).contains("desired");
    assertThat(peer.look(() -> List.copyOf(peer.twinRequests))).containsExactly("PUT", "GET");
    assertThat(context.inbox().patches()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/devices/dev-1/messages/devicebound",
        "/devices/dev-1/twin",
        "/devices/dev-1/methods/devicebound"
      })
  void aRefusedFeedIsAskedForAgainBesideTheOpenSession(String refused) throws Exception {
    useFakeTime();
    AtomicBoolean refuses = new AtomicBoolean(true);
    HubPeer peer =
        open(
            hub ->
                hub.refuseAttach =
                    address ->
                        address.equals(refused) && refuses.get()
                            ? HubPeer.condition("amqp:not-found", "not here")
                            : null,
            Feed.values());
    send(0, 1);
    awaitAccepted(1);
    advance(seconds(30));
    assertThat(peer.look(() -> peer.links.containsKey("from " + refused))).isFalse();
    refuses.set(false);
    advanceUntil(() -> peer.look(() -> peer.links.containsKey("from " + refused)));
    if (refused.equals(TWIN)) {
      advanceUntil(() -> peer.look(() -> peer.twinRequests.contains("PUT")));
    }
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void anUnansweredFeedIsAskedForAgainButNotWithoutBound() throws Exception {
    useFakeTime();
    HubPeer peer = open(hub -> hub.answerAttach = key -> !key.equals(CLOUD), Feed.CLOUD_MESSAGES);
    advance(Duration.ofMinutes(50));
    // Each link stays in the engine until the hub answers its DETACH.
    assertThat(attaches(peer, CLOUD)).isBetween(2L, 8L);
    send(0, 1);
    awaitAccepted(1);
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void aRefusedTwinFailsItsOperationsAndNotTheSession() throws Exception {
    HubPeer peer =
        open(
            hub ->
                hub.refuseAttach =
                    address ->
                        address.equals(TWIN)
                            ? HubPeer.condition("amqp:not-allowed", "this tier has no twin")
                            : null);
    CompletableFuture<Throwable> failed = new CompletableFuture<>();
    context.onLoop(
        () -> session.twin().orElseThrow().get().whenComplete((text, why) -> failed.complete(why)));
    Throwable why = done(failed);
    assertThat(why instanceof HubException ? why : why.getCause())
        .hasMessageContaining("this tier has no twin")
        .hasMessageContaining("was not sent");
    send(0, 1);
    awaitAccepted(1);
    assertThat(attaches(peer, "to " + TWIN)).isEqualTo(1);
  }

  // What it waits for.

  @Test
  void itSaysWhatItWaitsFor() throws Exception {
    Opening<TransportSession> opening =
        opening(
            hub -> {
              hub.hold = true;
              hub.tokenStatus = audience -> null;
              hub.answerAttach = key -> !key.equals(TELEMETRY);
            });
    until(() -> !hub.peers().isEmpty());
    HubPeer peer = hub.peers().get(0);
    until(() -> opening.step().equals("the answer to OPEN from localhost:" + hub.port()));
    peer.hold = false;
    peer.answer();
    until(() -> opening.step().equals("the hub's answer to the token"));
    until(() -> peer.look(() -> peer.tokens.size()) == 1);
    peer.act(() -> peer.answerToken(200));
    await()
        .untilAsserted(
            () -> assertThat(opening.step()).isEqualTo("the attach of the telemetry link"));
    opening.abort();
    failure(opening.outcome());
  }

  @Test
  void itSaysThatTheTokensLinksAreNotAttached() throws Exception {
    Opening<TransportSession> opening = opening(hub -> hub.answerAttach = key -> false);
    until(() -> opening.step().equals("the attach of the $cbs links"));
    opening.abort();
    failure(opening.outcome());
  }
}
