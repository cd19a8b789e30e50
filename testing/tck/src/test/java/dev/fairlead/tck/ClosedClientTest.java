package dev.fairlead.tck;

import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ClientClosedException;
import dev.fairlead.DeviceClient;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The errors of a closed client state that it is closed, that nothing was sent, and what to do. */
class ClosedClientTest extends MemoryCase {
  @Test
  void everyCallSaysThatTheClientIsClosed() {
    DeviceClient client = opened(builder(MQTT));
    closed(client);

    saysSo(client.open());
    saysSo(client.send(text("m")));
    saysSo(client.getTwin());
    saysSo(client.updateReportedProperties("{}"));
    saysSo(client.close(Duration.ZERO).thenCompose(done -> client.open()));
  }

  @Test
  void aClientThatWasNeverOpenedSaysItToo() {
    DeviceClient client = built(builder(MQTT));
    closed(client);

    saysSo(client.open());
    saysSo(client.getTwin());
  }

  /** Both calls share one outcome, which is better than to refuse the second. */
  @Test
  void openingTwiceIsOneOpening() {
    DeviceClient client = built(builder(MQTT));
    CompletableFuture<Void> first = client.open();
    CompletableFuture<Void> second = client.open();
    Await.result(first);
    Await.result(second);
    Await.result(client.open());
    assertThat(hub.openConnections()).isEqualTo(1);
  }

  private void closed(DeviceClient client) {
    CompletableFuture<Void> closing = client.close(Duration.ZERO);
    tickUntil("closed", closing::isDone);
  }

  private static void saysSo(CompletableFuture<?> future) {
    assertThat(Await.failure(future))
        .isInstanceOf(ClientClosedException.class)
        .hasMessageContaining("The client is closed")
        .hasMessageContaining("Build a new one")
        .extracting(failure -> ((HubException) failure).progress())
        .isEqualTo(Progress.NOT_SENT);
  }
}
