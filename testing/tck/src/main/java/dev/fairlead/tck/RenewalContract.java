package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.auth.Credentials;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Renewing a token, on the open connection or with a new one, loses and reorders nothing. */
public abstract class RenewalContract extends ContractCase {
  /** Called by subclasses. */
  protected RenewalContract() {}

  @Test
  final void aSessionRenewsOrAsksToBeOpenedAgain() {
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext context = context(outbox);
    TransportSession session = openSession(context);
    for (int i = 0; i < 100; i++) {
      outbox.add(message(i));
    }
    Renewal answer = Await.result(renew(context, session));
    if (answer == Renewal.NEEDS_REOPEN) {
      context.onLoop(session::close);
      assertThat(Await.result(session.ended())).isEmpty();
      context = context(outbox);
      openSession(context);
    }
    for (int i = 100; i < 200; i++) {
      outbox.add(message(i));
    }
    Await.until("all are accepted", () -> outbox.accepted().size() == 200);
    assertThat(outbox.accepted()).isSorted();
    assertComplete(200);
    // A graceful renewal sends nothing twice.
    assertThat(hub().telemetry()).hasSize(200);
    assertThat(hub().connectionsSoFar()).isEqualTo(answer == Renewal.RENEWED ? 1 : 2);
    assertThat(context.serialLoop().thrown()).isEmpty();
  }

  @Test
  final void renewingAnEndedSessionDoesNotHang() {
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext context = context(outbox);
    TransportSession session = openSession(context);
    loseConnection(outbox);
    Await.result(session.ended());
    CompletableFuture<Boolean> answered = new CompletableFuture<>();
    renew(context, session).whenComplete((value, failure) -> answered.complete(true));
    assertThat(Await.result(answered)).isTrue();
  }

  /** Two hours of a client in fake time, with continuous telemetry. */
  @Test
  final void aClientRenewsInTimeAndLosesNothing() {
    FakeTime time = new FakeTime(Instant.now());
    DeviceClient client =
        open(
            harness()
                .client()
                .time(time)
                .credentials(
                    Credentials.sharedAccessKey(harness().target().key(), Duration.ofHours(1))));
    for (int minute = 0; minute < 120; minute++) {
      time.advance(
          Duration.ofMinutes(1)); // at 51 a renewal starts, and these are sent at the same time
      List<CompletableFuture<Void>> sent = sendAll(client, minute * 3, minute * 3 + 3);
      Await.until(
          "all are acknowledged",
          () -> {
            client
                .state()
                .nextTry()
                .ifPresent(next -> time.advance(untilAtLeastZero(time.now(), next)));
            return sent.stream().allMatch(CompletableFuture::isDone);
          });
      awaitAll(sent);
    }
    assertComplete(360);
  }

  private static Duration untilAtLeastZero(Instant now, Instant next) {
    return now.isBefore(next) ? Duration.between(now, next) : Duration.ZERO;
  }

  private CompletionStage<Renewal> renew(RecordingContext context, TransportSession session) {
    Credential fresh = RecordingContext.tokenFor(harness().target(), Duration.ofHours(2));
    CompletableFuture<Renewal> answer = new CompletableFuture<>();
    context
        .loop()
        .execute(
            () ->
                session
                    .renew(fresh)
                    .whenComplete(
                        (value, failure) -> {
                          if (failure == null) {
                            answer.complete(value);
                          } else {
                            answer.completeExceptionally(failure);
                          }
                        }));
    return answer;
  }
}
