package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.MethodResponse;
import dev.fairlead.RejectedException;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session against a hub whose every step the test decides. */
@Timeout(60)
class SessionTest {
  private final ScriptedOutbox outbox = new ScriptedOutbox();
  private ScriptedHub hub;
  private RecordingContext context;
  private TransportSession session;
  private AmqpOptions options = AmqpOptions.builder().ping(seconds(2), seconds(2)).build();

  @AfterEach
  void nothingIsLeft() throws Exception {
    if (session != null) {
      context.onLoop(session::abort);
    }
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(() -> context.serialLoop().pending() == 0 && threads() == 0);
    assertThat(context.serialLoop().thrown()).isEmpty();
    context.close();
    hub.close();
  }

  private static Duration seconds(int count) {
    return Duration.ofSeconds(count);
  }

  static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("AMQP "))
        .count();
  }

  static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  static HubException failure(CompletionStage<?> stage) throws Exception {
    try {
      done(stage);
    } catch (ExecutionException e) {
      return (HubException) e.getCause();
    }
    throw new AssertionError("It should have failed.");
  }

  private Opening<TransportSession> opening(Consumer<HubPeer> setUp, Feed... feeds)
      throws Exception {
    hub =
        ScriptedHub.speaking(
            socket -> {
              HubPeer peer = new HubPeer(socket);
              setUp.accept(peer);
              return peer;
            });
    context = new RecordingContext(target(), Set.of(feeds), outbox, false);
    AmqpTransport transport = new AmqpTransport(options);
    return transport.open(transport.offer().routes().get(0).route(), context);
  }

  private Target target() {
    return new Target(
        "scripted.hub.test",
        DeviceIdentity.device("dev-1"),
        Secret.of("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
        new Endpoint("localhost", hub.port(), ScriptedHub.trust()));
  }

  private HubPeer open(Consumer<HubPeer> setUp, Feed... feeds) throws Exception {
    Opening<TransportSession> opening = opening(setUp, feeds);
    session = done(context.follow(opening));
    return hub.peers().get(0);
  }

  private void send(int from, int to) {
    for (int i = from; i < to; i++) {
      outbox.add(TelemetryMessage.of(Integer.toString(i).getBytes(StandardCharsets.UTF_8)));
    }
  }

  private void awaitAccepted(int count) {
    await().pollInterval(Duration.ofMillis(2)).until(() -> outbox.accepted().size() == count);
  }

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

  private static final String TELEMETRY = "to /devices/dev-1/messages/events";
  private static final String CLOUD = "from /devices/dev-1/messages/devicebound";

  private void until(Callable<Boolean> condition) {
    await().pollInterval(Duration.ofMillis(2)).until(condition);
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
  void aRefusedBatchGoesOutOneByOneAndOnlyTheGuiltyFails() throws Exception {
    send(0, 100);
    HubPeer peer =
        open(
            hub ->
                hub.outcome =
                    bodies ->
                        bodies.stream()
                                .anyMatch(b -> new String(b, StandardCharsets.UTF_8).equals("42"))
                            ? HubPeer.rejected("amqp:not-allowed", "bad")
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
    awaitAccepted(10);
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
    awaitAccepted(3);
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

  // Loss and healing.

  @Test
  void aLostLinkIsAttachedAgainAndItsMessagesGoOutAgain() throws Exception {
    AtomicBoolean hold = new AtomicBoolean(true);
    HubPeer peer = open(hub -> hub.outcome = bodies -> hold.get() ? null : Accepted.getInstance());
    send(0, 5);
    until(() -> !peer.look(() -> peer.formats.isEmpty()));
    hold.set(false);
    peer.detach(TELEMETRY, HubPeer.condition("amqp:link:detach-forced", "busy"));
    awaitAccepted(5);
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
    "amqp:link:stolen, UnreachableException",
    "amqp:unauthorized-access, UnauthorizedException",
    "amqp:not-found, RejectedException",
    "com.microsoft:link-creation-conflict, UnreachableException",
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
    assertThat(done(session.ended())).get().asString().contains("the line is dead");
    assertThat(outbox.accepted()).isEmpty();
  }

  @Test
  void aQuietConnectionShowsThatItLives() throws Exception {
    HubPeer peer = open(hub -> hub.idleTimeout(400));
    until(() -> peer.seen("EmptyFrame") >= 3);
    assertThat(context.ends()).isEmpty();
  }

  /** It answers the ping, an empty session, and so it lives. */
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
  void aLinkRefusedBeforeItsTokenWasReadIsAskedForAgain() throws Exception {
    AtomicBoolean known = new AtomicBoolean();
    HubPeer peer =
        open(
            hub -> {
              hub.tokenStatus = audience -> null;
              hub.refuseAttach =
                  address ->
                      known.get() || address.equals("$cbs")
                          ? null
                          : HubPeer.condition("amqp:unauthorized-access", "no token");
              hub.whenRefused =
                  () -> {
                    known.set(true);
                    hub.answerToken(200);
                  };
            });
    send(0, 1);
    awaitAccepted(1);
    assertThat(peer.look(() -> peer.attachOrder.stream().filter(TELEMETRY::equals).count()))
        .isEqualTo(2);
  }

  @Test
  void aTokenIsRenewedOnTheLiveSession() throws Exception {
    HubPeer peer = open(hub -> {});
    CompletableFuture<TransportSession.Renewal> renewed = new CompletableFuture<>();
    context.onLoop(
        () ->
            session
                .renew(RecordingContext.tokenFor(target(), Duration.ofHours(2)))
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
                .renew(RecordingContext.tokenFor(target(), Duration.ofHours(2)))
                .whenComplete((answer, failure) -> renewed.complete(answer)));
    assertThat(done(renewed)).isEqualTo(TransportSession.Renewal.RENEWED);
    assertThat(context.ends()).isEmpty();
    assertThat(peer.look(() -> peer.tokens.size())).isEqualTo(2);
  }

  // Cloud-to-device messages.

  private CloudMessage cloudMessage(HubPeer peer, String tag) {
    int before = context.inbox().cloudMessages().size();
    peer.act(
        () -> peer.send("/devices/dev-1/messages/devicebound", tag, HubPeer.message(tag), false));
    until(() -> context.inbox().cloudMessages().size() == before + 1);
    return context.inbox().cloudMessages().get(before);
  }

  @ParameterizedTest
  @EnumSource(names = {"FIRST", "SECOND"})
  void eachOutcomeIsTold(ReceiverSettleMode mode) throws Exception {
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
    assertThat(failure(cloudMessage(peer, "a").complete())).isInstanceOf(RejectedException.class);
  }

  @Test
  void noMoreComeThanTheApplicationSettles() throws Exception {
    HubPeer peer = open(hub -> {}, Feed.CLOUD_MESSAGES);
    CloudMessage first = cloudMessage(peer, "0");
    for (int i = 1; i < 50; i++) {
      cloudMessage(peer, Integer.toString(i));
    }
    assertThat(peer.look(() -> peer.links.get(CLOUD).getCredit())).isZero();
    done(first.complete());
    until(() -> peer.look(() -> peer.links.get(CLOUD).getCredit()) == 1);
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
    assertThat(peer.look(() -> List.copyOf(peer.twinRequests))).containsExactly("PUT");
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
      done(context.inbox().calls().get(before).reply().respond(new MethodResponse(299, "[1]")));
      until(() -> peer.look(() -> peer.methodAnswers.containsKey(id)));
      Message answer = peer.look(() -> peer.methodAnswers.get(id));
      assertThat(answer.getApplicationProperties().getValue()).containsEntry("IoThub-status", 299);
      assertThat(new String(HubPeer.body(answer), StandardCharsets.UTF_8)).isEqualTo("[1]");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/devices/dev-1/messages/events",
        "/devices/dev-1/messages/devicebound",
        "/devices/dev-1/twin",
        "/devices/dev-1/methods/devicebound"
      })
  void aRefusedLinkRefusesTheSession(String refused) throws Exception {
    assertThat(
            failure(
                opening(
                        hub ->
                            hub.refuseAttach =
                                address ->
                                    address.equals(refused)
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
