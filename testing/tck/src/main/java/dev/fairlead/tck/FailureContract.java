package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.ContractFault.When;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Every failure is classified by its source, states a remedy, and is visible in the client's state.
 */
public abstract class FailureContract extends ContractCase {
  /** Called by subclasses. */
  protected FailureContract() {}

  @Test
  final void aDisabledDeviceIsUnauthorized() {
    hub().setEnabled(false);
    assertThat(openingFailure()).isInstanceOf(UnauthorizedException.class);
  }

  @Test
  final void aRefusedCredentialIsUnauthorized() {
    hub().arm(ContractFault.unauthorized());
    assertThat(openingFailure()).isInstanceOf(UnauthorizedException.class);
  }

  @Test
  final void aHubThatIsNotAvailableIsNoMatterOfTheCredential() {
    hub().arm(ContractFault.unavailable());
    assertThat(openingFailure()).isNotInstanceOf(UnauthorizedException.class);
  }

  @Test
  final void aHubOffTheNetIsUnreachableAndNothingWasSent() {
    hub().setReachable(false);
    HubException failure = openingFailure();
    assertThat(failure).isInstanceOf(UnreachableException.class);
    assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT);
  }

  @Test
  final void aConnectionCutWhileOpeningIsUnreachable() {
    hub().arm(ContractFault.cut(When.ON_ACCEPT));
    assertThat(openingFailure()).isInstanceOf(UnreachableException.class);
  }

  @Test
  final void refusedCredentialsShowAndMend() {
    hub().setEnabled(false);
    DeviceClient client = start(harness().client());
    CompletableFuture<Void> opening = client.open();
    CompletableFuture<Void> sent = client.send(message(0));
    Await.until("the refusal shows", () -> client.state() instanceof ConnectionState.Unauthorized);
    // Read the state once, because the client continues.
    ConnectionState state = awaitState(client, ConnectionState.Unauthorized.class);
    assertThat(state.route()).contains(harness().route());
    assertThat(state.attempt()).isPositive();
    assertThat(state.cause()).get().isInstanceOf(UnauthorizedException.class);
    assertThat(state.nextTry()).isPresent();
    assertThat(opening).isNotDone();
    assertThat(sent).isNotDone();
    hub().setEnabled(true);
    Await.result(opening);
    Await.result(sent);
    assertComplete(1);
  }

  @Test
  final void anUnreachableHubShowsAndMends() {
    hub().setReachable(false);
    DeviceClient client = start(harness().client());
    CompletableFuture<Void> opening = client.open();
    ConnectionState state = awaitState(client, ConnectionState.Waiting.class);
    assertThat(state.attempt()).isPositive();
    assertThat(state.cause())
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class, cause -> assertThat(cause.getMessage()).isNotBlank());
    assertThat(state.nextTry()).isPresent();
    assertThat(opening).isNotDone();
    hub().setReachable(true);
    Await.result(opening);
    assertThat(client.state().route()).contains(harness().route());
  }

  @Test
  final void disablingADeviceOnAnOpenConnectionIsNoticedAndMends() {
    DeviceClient client = open(harness().client());
    hub().setEnabled(false);
    CompletableFuture<Void> sent = client.send(message(0));
    awaitState(client, ConnectionState.Unauthorized.class);
    hub().setEnabled(true);
    Await.result(sent);
    assertComplete(1);
  }

  private static ConnectionState awaitState(
      DeviceClient client, Class<? extends ConnectionState> type) {
    CompletableFuture<ConnectionState> seen = new CompletableFuture<>();
    Await.until(
        "the state is " + type.getSimpleName(),
        () -> {
          ConnectionState now = client.state();
          return type.isInstance(now) && seen.complete(now);
        });
    return Await.result(seen);
  }

  private HubException openingFailure() {
    RecordingContext context = context(new ScriptedOutbox());
    Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
    Throwable failure = Await.failure(opening.outcome());
    assertThat(failure).isInstanceOf(HubException.class);
    assertThat(failure.getMessage())
        .isNotBlank()
        .doesNotContain(harness().target().key().reveal())
        .doesNotContain("SharedAccessSignature");
    return (HubException) failure;
  }
}
