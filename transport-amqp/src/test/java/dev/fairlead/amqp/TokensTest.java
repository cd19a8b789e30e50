package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Many tokens at a slow hub, and what a refusal means. */
class TokensTest extends ScriptedCase {
  private static final int DEVICES = 150;

  private HubPeer peer;

  private List<CompletableFuture<TransportSession>> attachAll() throws Exception {
    List<CompletableFuture<TransportSession>> sessions = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      Opening<TransportSession> opening = attaching(contextOf("dev-" + i));
      sessions.add(opening.outcome().toCompletableFuture());
    }
    peer = hub.peers().get(0);
    // As many as the hub gives credit for.
    until(() -> peer.look(() -> peer.tokens.size()) == 100);
    settle();
    return sessions;
  }

  private static long failed(List<CompletableFuture<TransportSession>> sessions) {
    return sessions.stream().filter(CompletableFuture::isCompletedExceptionally).count();
  }

  private static long opened(List<CompletableFuture<TransportSession>> sessions) {
    return sessions.stream()
        .filter(each -> each.isDone() && !each.isCompletedExceptionally())
        .count();
  }

  /** The hub works through them: one answer each 15 s is in time. */
  @Test
  void aTokensTimeBeginsWhenItIsSentAndAgainWithEachAnswer() throws Exception {
    useFakeTime();
    hub = new ScriptedHub(made -> made.tokenStatus = audience -> null);
    connect();
    List<CompletableFuture<TransportSession>> sessions = attachAll();
    for (int i = 0; i < DEVICES; i++) {
      advance(seconds(15));
      peer.act(() -> peer.answerToken(200));
      int count = i + 1;
      until(() -> opened(sessions) == count);
    }
    assertThat(failed(sessions)).isZero();
  }

  @Test
  void whenNothingIsAnsweredWhatIsQueuedFailsUnsent() throws Exception {
    useFakeTime();
    hub = new ScriptedHub(made -> made.tokenStatus = audience -> null);
    connect();
    List<CompletableFuture<TransportSession>> sessions = attachAll();
    peer.act(() -> peer.answerToken(200));
    until(() -> opened(sessions) == 1);
    settle();
    advance(seconds(19));
    assertThat(failed(sessions)).isZero();
    // And the time that this number of tokens takes on a slow connection.
    advance(seconds(15));
    assertThat(failed(sessions)).isEqualTo(DEVICES - 1);
    int sent = peer.look(() -> peer.tokens.size());
    long unsent = 0;
    for (CompletableFuture<TransportSession> each : sessions.subList(1, DEVICES)) {
      HubException why = failure(each);
      if (why.progress() == Progress.NOT_SENT) {
        unsent++;
        assertThat(why).hasMessageContaining("was not sent");
      }
    }
    assertThat(unsent).isEqualTo(DEVICES - sent);
  }

  @Test
  void anUnknownDeviceIsARefusedCredential() throws Exception {
    assertThat(failure(opening(made -> made.tokenStatus = audience -> 404).outcome()))
        .isInstanceOf(UnauthorizedException.class)
        .hasMessageContaining("dev-1")
        .hasMessageContaining("status 404");
  }
}
