package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.MethodResponse;
import dev.fairlead.RejectedException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.tck.RecordingContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Opening, telemetry, loss and recovery, tokens, twin and methods, step by step. */
class SessionTest extends ScriptedCase {
  @Test
  void opensSendsAndCloses() throws Exception {
    HubPeer peer = open(hub -> {});
    send(0, 100);
    awaitAccepted(100);
    assertThat(peer.telemetry).hasSize(100).first().isEqualTo("0");
    context.onLoop(session::close);
    assertThat(done(session.ended())).isEqualTo(Optional.empty());
    assertThat(peer.look(peer::closed)).isTrue();
  }

  // Round trips.

  /**
   * After TLS: OPEN, BEGIN and the token's links in one flight, the token and all that needs it in
   * the next.
   */
  @Test
  void opensInTwoFlights() throws Exception {
    Opening<TransportSession> opening =
        opening(hub -> hub.hold = true, Feed.CLOUD_MESSAGES, Feed.DIRECT_METHODS);
    until(() -> !hub.peers().isEmpty());
    HubPeer peer = hub.peers().get(0);
    List<String> first = List.of("Open", "Begin", "Attach", "Attach", "Flow");
    until(() -> peer.frames().equals(first));
    peer.answer();
    List<String> second =
        List.of("Transfer", "Begin", "Attach", "Attach", "Attach", "Attach", "Flow", "Flow");
    until(() -> peer.frames().size() == first.size() + second.size());
    assertThat(peer.frames().subList(first.size(), first.size() + second.size())).isEqualTo(second);
    peer.hold = false;
    peer.answer();
    session = done(context.follow(opening));
  }

  // Telemetry.

  @Test
  void whatWaitsGoesOutTogetherAndInOrder() throws Exception {
    send(0, 500);
    HubPeer peer = open(hub -> {});
    awaitAccepted(500);
    assertThat(peer.look(() -> List.copyOf(peer.telemetry)))
        .isEqualTo(IntStream.range(0, 500).mapToObj(Integer::toString).toList());
    assertThat(peer.look(() -> peer.formats.size())).isLessThan(50);
    assertThat(outbox.accepted()).isSorted();
  }

  @Test
  void aRefusedBatchIsHalvedUntilOnlyTheGuiltyFails() throws Exception {
    send(0, 100);
    HubPeer peer =
        open(
            hub ->
                hub.outcome =
                    bodies ->
                        bodies.stream()
                                .anyMatch(b -> new String(b, StandardCharsets.UTF_8).equals("42"))
                            ? HubPeer.rejected("amqp:link:message-size-exceeded", "bad")
                            : Accepted.getInstance());
    awaitAccepted(99);
    assertThat(outbox.failures()).singleElement().isInstanceOf(RejectedException.class);
    assertThat(peer.look(() -> List.copyOf(peer.telemetry)))
        .isEqualTo(
            IntStream.range(0, 100).filter(i -> i != 42).mapToObj(Integer::toString).toList());
    send(100, 300);
    awaitAccepted(299);
    assertThat(outbox.accepted()).isSorted();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "com.microsoft:device-container-throttled",
        "amqp:resource-limit-exceeded",
        "amqp:internal-error"
      })
  void whatIsRefusedForNowWaitsAndGoesOutAgain(String condition) throws Exception {
    AtomicInteger refusals = new AtomicInteger(2);
    HubPeer peer =
        open(
            hub ->
                hub.outcome =
                    bodies ->
                        refusals.getAndDecrement() > 0
                            ? HubPeer.rejected(condition, "later")
                            : Accepted.getInstance());
    send(0, 10);
    until(() -> !outbox.refusals().isEmpty());
    awaitAcceptedIfAskedAgain(10);
    assertThat(outbox.refusals()).hasSize(2);
    assertThat(outbox.failures()).isEmpty();
    assertThat(peer.look(() -> List.copyOf(peer.telemetry))).doesNotHaveDuplicates().hasSize(10);
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void whatIsReleasedGoesOutAgain() throws Exception {
    AtomicInteger releases = new AtomicInteger(1);
    open(
        hub ->
            hub.outcome =
                bodies ->
                    releases.getAndDecrement() > 0
                        ? Released.getInstance()
                        : Accepted.getInstance());
    send(0, 3);
    awaitAcceptedIfAskedAgain(3);
    assertThat(outbox.accepted()).containsExactlyInAnyOrder(0L, 1L, 2L);
  }

  @Test
  void aRefusedCredentialEndsTheSession() throws Exception {
    open(hub -> hub.outcome = bodies -> HubPeer.rejected("amqp:unauthorized-access", "expired"));
    send(0, 1);
    assertThat(done(session.ended())).get().isInstanceOf(UnauthorizedException.class);
    assertThat(outbox.failures()).isEmpty();
    assertThat(outbox.accepted()).isEmpty();
  }

  @Test
  void creditIsKeptTo() throws Exception {
    List<Integer> unsettled = new CopyOnWriteArrayList<>();
    HubPeer peer =
        open(
            hub -> {
              hub.credit = 3;
              hub.replenish = false;
              hub.outcome =
                  bodies -> {
                    unsettled.add(bodies.size());
                    return null;
                  };
            });
    for (int i = 0; i < 4; i++) {
      send(i, i + 1);
      int sent = i + 1;
      if (i < 3) {
        until(() -> unsettled.size() == sent);
      }
    }
    context.onLoop(() -> {});
    assertThat(unsettled).hasSize(3);
    peer.act(() -> ((Receiver) peer.links.get(TELEMETRY)).flow(1));
    until(() -> unsettled.size() == 4);
  }

  // Loss and recovery.

  @Test
  void aLostLinkIsAttachedAgainAndItsMessagesGoOutAgain() throws Exception {
    AtomicBoolean hold = new AtomicBoolean(true);
    HubPeer peer = open(hub -> hub.outcome = bodies -> hold.get() ? null : Accepted.getInstance());
    send(0, 5);
    until(() -> !peer.look(() -> peer.formats.isEmpty()));
    hold.set(false);
    peer.detach(TELEMETRY, HubPeer.condition("amqp:link:detach-forced", "busy"));
    awaitAccepted(5);
    assertThat(outbox.losses()).hasSize(1);
    assertThat(outbox.accepted()).isSorted();
    assertThat(context.ends()).isEmpty();
    assertThat(peer.look(() -> peer.attachOrder.stream().filter(TELEMETRY::equals).count()))
        .isEqualTo(2);
    assertThat(hub.peers()).hasSize(1);
  }

  @Test
  void aLinkThatIsLostAgainAndAgainEndsTheSession() throws Exception {
    HubPeer peer = open(hub -> {});
    for (int i = 0; i < 6; i++) {
      until(() -> peer.look(() -> peer.links.containsKey(TELEMETRY)));
      peer.detach(TELEMETRY, HubPeer.condition("amqp:link:detach-forced", "busy"));
    }
    assertThat(done(session.ended())).get().isInstanceOf(UnreachableException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "amqp:link:stolen, TakenOverException",
    "amqp:unauthorized-access, UnauthorizedException",
    "amqp:not-found, RejectedException",
    "com.microsoft:link-creation-conflict, TakenOverException",
    "amqp:decode-error, UnreachableException"
  })
  void aLinkLostForGoodEndsTheSession(String condition, String failure) throws Exception {
    HubPeer peer = open(hub -> {});
    peer.detach(TELEMETRY, HubPeer.condition(condition, "why"));
    assertThat(done(session.ended()).orElseThrow().getClass().getSimpleName()).isEqualTo(failure);
  }

  @Test
  void anEndedSessionAndAClosedConnectionEndIt() throws Exception {
    HubPeer peer = open(hub -> {});
    peer.endSession(TELEMETRY, HubPeer.condition("amqp:internal-error", "why"));
    assertThat(done(session.ended()))
        .get()
        .isInstanceOf(UnreachableException.class)
        .asString()
        .contains("internal-error");
  }

  @Test
  void aClosedConnectionSaysWhy() throws Exception {
    HubPeer peer = open(hub -> {});
    peer.closeConnection(HubPeer.condition("amqp:connection:forced", "upgrade"));
    assertThat(done(session.ended())).get().asString().contains("amqp:connection:forced");
  }

  @Test
  void aSilentHubIsNoticedWhileSomethingWaits() throws Exception {
    HubPeer peer = open(hub -> {});
    peer.act(() -> peer.silent = true);
    send(0, 1);
    assertThat(done(session.ended())).get().asString().contains("The connection is dead");
    assertThat(outbox.accepted()).isEmpty();
  }

  @Test
  void aQuietConnectionShowsThatItLives() throws Exception {
    HubPeer peer = open(hub -> hub.idleTimeout(400));
    until(() -> peer.seen("EmptyFrame") >= 3);
    assertThat(context.ends()).isEmpty();
  }

  /** It answers the ping, an empty session, and so it is alive. */
  @Test
  void aHubThatIsOnlySlowIsLeftItsTime() throws Exception {
    HubPeer peer = open(hub -> hub.outcome = bodies -> null);
    send(0, 1);
    until(() -> peer.look(() -> peer.sessions) >= 4); // tokens', the device's, two pings
    assertThat(context.ends()).isEmpty();
    until(() -> peer.look(() -> peer.ends) >= 2);
  }

  // Tokens.

  @Test
  void aRefusedTokenRefusesTheSession() throws Exception {
    assertThat(failure(opening(hub -> hub.tokenStatus = audience -> 401).outcome()))
        .isInstanceOf(UnauthorizedException.class)
        .hasMessageContaining("told so")
        .hasMessageNotContaining("SharedAccessSignature");
  }

  @Test
  void aTokenIsRenewedOnTheLiveSession() throws Exception {
    HubPeer peer = open(hub -> {});
    CompletableFuture<TransportSession.Renewal> renewed = new CompletableFuture<>();
    context.onLoop(
        () ->
            session
                .renew(RecordingContext.tokenFor(target("dev-1"), Duration.ofHours(2)))
                .whenComplete((answer, failure) -> renewed.complete(answer)));
    assertThat(done(renewed)).isEqualTo(TransportSession.Renewal.RENEWED);
    assertThat(peer.look(() -> peer.tokens.size())).isEqualTo(2);
    assertThat(peer.tokens).allMatch(each -> each.startsWith("scripted.hub.test/devices/dev-1 "));
    send(0, 1);
    awaitAccepted(1);
  }

  @Test
  void lostTokenLinksAreAttachedAgainForTheNextToken() throws Exception {
    HubPeer peer = open(hub -> {});
    peer.detach("to $cbs", HubPeer.condition("amqp:link:detach-forced", "busy"));
    until(() -> peer.seen("Detach") == 2);
    aTokenIsRenewed(peer);
  }

  private void aTokenIsRenewed(HubPeer peer) throws Exception {
    CompletableFuture<TransportSession.Renewal> renewed = new CompletableFuture<>();
    context.onLoop(
        () ->
            session
                .renew(RecordingContext.tokenFor(target("dev-1"), Duration.ofHours(2)))
                .whenComplete((answer, failure) -> renewed.complete(answer)));
    assertThat(done(renewed)).isEqualTo(TransportSession.Renewal.RENEWED);
    assertThat(context.ends()).isEmpty();
    assertThat(peer.look(() -> peer.tokens.size())).isEqualTo(2);
  }

  // Twin and methods.

  @Test
  void theTwinsLinksAreAskedForWhenWanted() throws Exception {
    HubPeer peer = open(hub -> {});
    assertThat(peer.look(() -> peer.attachOrder)).noneMatch(each -> each.endsWith("/twin"));
    CompletableFuture<String> read = new CompletableFuture<>();
    CompletableFuture<Long> reported = new CompletableFuture<>();
    context.onLoop(
        () -> {
          TwinLink twin = session.twin().orElseThrow();
          twin.get().whenComplete((text, failure) -> read.complete(text));
          twin.report("{}").whenComplete((version, failure) -> reported.complete(version));
        });
    assertThat(done(read)).contains("desired");
    assertThat(done(reported)).isEqualTo(7);
  }

  @Test
  void afterTheTwinsLinksWereLostTheClientIsToldToReadIt() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.DESIRED_PROPERTIES);
    until(() -> peer.look(() -> peer.twinRequests.equals(List.of("PUT"))));
    peer.detach("from /devices/dev-1/twin", HubPeer.condition("amqp:internal-error", "why"));
    until(() -> !context.inbox().patches().isEmpty());
    assertThat(context.inbox().patches()).containsExactly("{\"$version\":9223372036854775807}");
    assertThat(peer.look(() -> List.copyOf(peer.twinRequests))).containsExactly("PUT", "PUT");
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void anAnswerCarriesTheCallsIdWithItsType() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.DIRECT_METHODS);
    for (Object id : List.of(UUID.randomUUID(), "text", UnsignedLong.valueOf(7))) {
      Message call = HubPeer.message("{}");
      call.setCorrelationId(id);
      call.setApplicationProperties(
          new ApplicationProperties(Map.of("IoThub-methodname", "reboot")));
      int before = context.inbox().calls().size();
      peer.act(() -> peer.send("/devices/dev-1/methods/devicebound", id.toString(), call, true));
      until(() -> context.inbox().calls().size() == before + 1);
      MethodReply reply = context.inbox().calls().get(before).reply();
      done(context.serialLoop().call(() -> reply.respond(new MethodResponse(299, "[1]"))));
      until(() -> peer.look(() -> peer.methodAnswers.containsKey(id)));
      Message answer = peer.look(() -> peer.methodAnswers.get(id));
      assertThat(answer.getApplicationProperties().getValue()).containsEntry("IoThub-status", 299);
      assertThat(new String(HubPeer.body(answer), StandardCharsets.UTF_8)).isEqualTo("[1]");
    }
  }

  @Test
  void aRefusedTelemetryLinkRefusesTheSession() throws Exception {
    assertThat(
            failure(
                opening(
                        hub ->
                            hub.refuseAttach =
                                address ->
                                    address.endsWith("/messages/events")
                                        ? HubPeer.condition(
                                            "amqp:not-found",
                                            "{\"errorCode\":404006,\"message\":\"No such address.\"}")
                                        : null,
                        Feed.values())
                    .outcome()))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("No such address.");
  }
}
