package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.CloudMessage;
import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.Route;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.auth.Credentials;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.Settlement;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.ScriptedTransport.Attempt;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The client's side of the transport SPI, against a transport that may do anything. */
class MisbehavingTransportTest extends MemoryCase {
  private final ScriptedTransport transport = new ScriptedTransport();

  private DeviceClientBuilder scripted() {
    return scripted(transport);
  }

  private DeviceClientBuilder scripted(TransportProvider provider) {
    return DeviceClient.builder()
        .host(InMemoryHub.HOST)
        .identity(DeviceIdentity.device("dev-1"))
        .credentials(Credentials.sharedAccessKey(device.key(), Duration.ofDays(300)))
        .time(time)
        .transport(provider);
  }

  private DeviceClient connected() {
    DeviceClient client = started(scripted());
    transport.attempt(1).succeed();
    awaitState(client, Connected.class);
    return client;
  }

  private static List<Envelope> take(Attempt by, int count) {
    CompletableFuture<List<Envelope>> taken = new CompletableFuture<>();
    by.onLoop(
        () ->
            taken.complete(
                by.context.outbox().take(count, Long.MAX_VALUE, TelemetryMessage::size)));
    return Await.result(taken);
  }

  private static UnreachableException lost() {
    return new UnreachableException("scripted loss", Stage.SESSION, Progress.MAYBE_SENT, null);
  }

  @Test
  void anOpeningThatThrowsIsAFailedOpening() {
    TransportProvider broken =
        new TransportProvider() {
          @Override
          public TransportOffer offer() {
            return new TransportOffer(
                "broken", List.of(InMemoryTransport.documented(Protocol.MQTT)));
          }

          @Override
          public Opening<TransportSession> open(Route route, SessionContext context) {
            throw new IllegalStateException("scripted");
          }
        };
    DeviceClient client = started(scripted(broken));
    ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
    assertThat(state.attempt()).isEqualTo(1);
    assertThat(state.failure()).hasRootCauseMessage("scripted");
  }

  @Test
  void anOpeningThatFailsWithAnythingIsAFailedOpening() {
    DeviceClient client = started(scripted());
    transport.attempt(1).opening.completeExceptionally(new OutOfMemoryError("scripted"));
    assertThat(awaitState(client, ConnectionState.Waiting.class).failure())
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void anOpeningThatIgnoresItsAbortIsLeftBehindAndItsLateSessionCut() {
    DeviceClient client = started(scripted().openTimeout(Duration.ofSeconds(30)));
    Attempt stuck = transport.attempt(1);
    time.advance(Duration.ofSeconds(30));
    awaitState(client, ConnectionState.Waiting.class);
    assertThat(stuck.aborted).hasValue(1);
    advanceToNextTry(client);
    transport.attempt(2).succeed();
    awaitState(client, Connected.class);
    stuck.succeed();
    Await.until("the late session is cut", () -> stuck.aborted.get() == 2);
    assertThat(client.state()).isInstanceOf(Connected.class);
    assertThat(take(stuck, 10)).isEmpty();
  }

  @Test
  void aSessionThatIgnoresItsCloseIsCutAndThenForgotten() {
    DeviceClient client = connected();
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    tickUntil("asked to close", () -> transport.attempt(1).closed.get() == 1);
    assertThat(closed).isNotDone();
    tickUntil("closed nevertheless", closed::isDone);
    assertThat(transport.attempt(1).aborted.get()).isPositive();
    assertThat(client.state()).isInstanceOf(ConnectionState.Closed.class);
  }

  @Test
  void aSessionThatEndsExceptionallyHasEnded() {
    DeviceClient client = connected();
    transport.attempt(1).ended.completeExceptionally(new IllegalStateException("scripted"));
    awaitState(client, ConnectionState.Waiting.class);
    advanceToNextTry(client);
    transport.attempt(2).succeed();
    awaitState(client, Connected.class);
  }

  @Test
  void aSessionThatEndsWithoutAReasonIsReplaced() {
    DeviceClient client = connected();
    transport.attempt(1).end();
    assertThat(awaitState(client, ConnectionState.Waiting.class).failure().getMessage())
        .isNotBlank();
  }

  @Test
  void aRequestToReopenClosesOnceAndOpensAtOnce() {
    DeviceClient client = connected();
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 4);
    Attempt first = transport.attempt(1);
    List<Envelope> taken = take(first, 2);
    first.context.requestReopen("scripted");
    first.context.requestReopen("scripted again");
    Await.until("asked to close", () -> first.closed.get() > 0);
    taken.get(0).accepted();
    Await.result(sent.get(0));
    first.end();
    Attempt second = transport.attempt(2); // no time has moved
    assertThat(first.closed).hasValue(1);
    second.succeed();
    awaitState(client, Connected.class);
    List<Envelope> rest = take(second, 10);
    assertThat(rest.stream().map(Envelope::sequence).toList())
        .containsExactly(
            taken.get(1).sequence(), taken.get(1).sequence() + 1, taken.get(1).sequence() + 2);
    rest.forEach(Envelope::accepted);
    sent.forEach(Await::result);
    first.context.requestReopen("too late");
    first.onLoop(() -> {});
    assertThat(second.closed).hasValue(0);
  }

  @Test
  void aLeaseIsInertOnceItsSessionHasEnded() {
    DeviceClient client = connected();
    Attempt first = transport.attempt(1);
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 3);
    List<Envelope> taken = take(first, 3);
    first.end(lost());
    awaitState(client, ConnectionState.Waiting.class);
    taken.get(0).accepted();
    taken.get(1).failed(new RejectedException("scripted", Progress.MAYBE_SENT));
    taken.get(2).giveBack();
    assertThat(take(first, 10)).isEmpty();
    assertThat(client.outbox().waiting()).isEqualTo(3);
    assertThat(client.outbox().resent()).isEqualTo(3);
    advanceToNextTry(client);
    Attempt second = transport.attempt(2);
    second.succeed();
    List<Envelope> again = take(second, 10);
    assertThat(again).hasSize(1);
    taken.forEach(Envelope::accepted);
    first.onLoop(() -> {});
    assertThat(sent).noneMatch(CompletableFuture::isDone);
    again.forEach(Envelope::accepted);
    take(second, 10).forEach(Envelope::accepted);
    sent.forEach(Await::result);
  }

  @Test
  void whatIsGivenBackReturnsToItsPlace() {
    DeviceClient client = connected();
    Attempt session = transport.attempt(1);
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 6);
    List<Envelope> taken = take(session, 4);
    taken.get(2).giveBack();
    taken.get(0).giveBack();
    taken.get(3).giveBack();
    taken.get(1).accepted();
    taken.get(1).giveBack(); // the first outcome counts
    taken.get(1).failed(lost());
    List<Envelope> rest = take(session, 10);
    long first = taken.get(0).sequence();
    assertThat(rest.stream().map(Envelope::sequence).toList())
        .containsExactly(first, first + 2, first + 3, first + 4, first + 5);
    rest.forEach(Envelope::accepted);
    sent.forEach(Await::result);
    assertThat(client.outbox().accepted()).isEqualTo(6);
  }

  @Test
  void aSessionIsWokenWhenThereIsMore() {
    DeviceClient client = connected();
    Attempt session = transport.attempt(1);
    CompletableFuture<Void> woken = new CompletableFuture<>();
    session.onLoop(() -> session.context.outbox().whenReadable(() -> woken.complete(null)));
    assertThat(take(session, 1)).isEmpty();
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.result(woken);
    take(session, 1).get(0).accepted();
    Await.result(sent);
  }

  @Test
  void bytesBoundATakeByTheSessionsOwnMeasure() {
    DeviceClient client = connected();
    Attempt session = transport.attempt(1);
    sendAll(client, 0, 5);
    CompletableFuture<List<Integer>> sizes = new CompletableFuture<>();
    session.onLoop(
        () -> {
          List<Integer> counts = new ArrayList<>();
          counts.add(session.context.outbox().take(10, 2500, message -> 1000).size());
          counts.add(session.context.outbox().take(10, 10, message -> 1000).size());
          sizes.complete(counts);
        });
    assertThat(Await.result(sizes)).containsExactly(2, 1);
  }

  @Test
  void nothingReachesTheApplicationAfterTheEnd() {
    List<CloudMessage> got = new CopyOnWriteArrayList<>();
    DeviceClient client = started(scripted().onCloudMessage(got::add));
    Attempt first = transport.attempt(1);
    first.succeed();
    awaitState(client, Connected.class);
    first.onLoop(
        () -> first.context.inbox().cloudMessage(new byte[0], Map.of(), Map.of(), settlement()));
    Await.until("it has come", () -> got.size() == 1);
    first.end(lost());
    awaitState(client, ConnectionState.Waiting.class);
    first.onLoop(
        () -> first.context.inbox().cloudMessage(new byte[0], Map.of(), Map.of(), settlement()));
    advanceToNextTry(client);
    Attempt second = transport.attempt(2);
    second.succeed();
    awaitState(client, Connected.class);
    second.onLoop(
        () -> second.context.inbox().cloudMessage(new byte[0], Map.of(), Map.of(), settlement()));
    Await.until("the next has come", () -> got.size() == 2);
  }

  @Test
  void aRenewalByANewSessionShowsTheNewToken() {
    DeviceClient client = connected();
    time.advance(Duration.ofDays(260)); // 85 per cent of the token's life is over
    Await.until("asked to close", () -> transport.attempt(1).closed.get() == 1);
    transport.attempt(1).end();
    transport.attempt(2).succeed();
    awaitState(client, Connected.class);
    assertThat(transport.attempt(2).context.credential())
        .isNotEqualTo(transport.attempt(1).context.credential());
  }

  private static Settlement settlement() {
    return new Settlement() {
      @Override
      public CompletionStage<Void> complete() {
        return CompletableFuture.completedFuture(null);
      }

      @Override
      public CompletionStage<Void> abandon() {
        return complete();
      }

      @Override
      public CompletionStage<Void> reject() {
        return complete();
      }
    };
  }
}
