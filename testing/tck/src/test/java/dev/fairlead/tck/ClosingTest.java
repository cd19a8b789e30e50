package dev.fairlead.tck;

import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.UnreachableException;
import dev.fairlead.auth.Credentials;
import dev.fairlead.tck.memory.InMemoryHub;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** How long closing waits for unsent messages. */
class ClosingTest extends MemoryCase {
  @Test
  void aSecondCloseMakesTheWaitShorter() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    CompletableFuture<Void> sent = client.send(text("m0"));
    CompletableFuture<Void> patient = client.close(Duration.ofHours(1));
    awaitState(client, ConnectionState.Waiting.class);
    assertThat(patient).isNotDone();
    CompletableFuture<Void> hasty = client.close(Duration.ZERO);
    Await.result(hasty); // no time has moved
    Await.result(patient);
    assertThat(Await.failure(sent)).isNotNull();
    assertThat(time.pending()).isZero();
  }

  @Test
  void aSecondCloseDoesNotMakeTheWaitLonger() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    assertThat(client.send(text("m0"))).isNotNull();
    CompletableFuture<Void> closed = client.close(Duration.ofSeconds(30));
    assertThat(client.close(Duration.ofHours(1))).isNotNull();
    atRest(client);
    for (int i = 0; i < 20; i++) {
      time.advance(Duration.ofSeconds(1));
      atRest(client);
    }
    assertThat(closed).isNotDone();
    time.advance(Duration.ofSeconds(10));
    Await.result(closed);
  }

  @Test
  void anEmptyOutboxEndsTheWait() {
    DeviceClient client = opened(builder(MQTT));
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.result(client.close(Duration.ofHours(1)));
    Await.result(sent);
    assertThat(client.state()).isInstanceOf(ConnectionState.Closed.class);
  }

  @Test
  void whatIsQueuedIsSentByASessionThatComesWhileClosing() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    CompletableFuture<Void> sent = client.send(text("m0"));
    CompletableFuture<Void> closed = client.close(Duration.ofHours(1));
    awaitState(client, ConnectionState.Waiting.class);
    hub.setReachable(true);
    tickUntil("sent", sent::isDone);
    Await.result(sent);
    Await.result(closed);
  }

  @Test
  void whileASessionIsReopenedTheStateAndTheTwinSaySo() {
    ScriptedTransport transport = new ScriptedTransport();
    DeviceClient client =
        started(
            DeviceClient.builder()
                .host(InMemoryHub.HOST)
                .identity(DeviceIdentity.device("dev-1"))
                .credentials(Credentials.sharedAccessKey(device.key()))
                .time(time)
                .transport(transport));
    ScriptedTransport.Attempt first = transport.attempt(1);
    first.succeed();
    awaitState(client, ConnectionState.Connected.class);
    first.context.requestReopen("scripted");
    awaitState(client, ConnectionState.Connecting.class);
    assertThat(Await.failure(client.getTwin()))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("a new session with the hub is being opened");
    first.end();
    transport.attempt(2).succeed();
    awaitState(client, ConnectionState.Connected.class);
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    Await.until("asked to close", () -> transport.attempt(2).closed.get() == 1);
    transport.attempt(2).end();
    Await.result(closed);
  }
}
