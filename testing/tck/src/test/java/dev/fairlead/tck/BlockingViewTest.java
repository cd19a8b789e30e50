package dev.fairlead.tck;

import static dev.fairlead.Protocol.HTTPS;
import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceClient;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.auth.Credentials;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The blocking methods. */
class BlockingViewTest extends MemoryCase {
  @Test
  void theVerbsWaitForTheirOutcome() {
    DeviceClient client = built(builder(MQTT));
    var blocking = client.blocking(Await.LIMIT);
    blocking.open();
    blocking.send(text("m0"));
    assertThat(received()).containsExactly("m0");
    long version = blocking.updateReportedProperties(Map.of("a", 1));
    assertThat(blocking.getTwin().reported().version()).isEqualTo(version);
    assertThat(blocking.updateReportedProperties("{\"a\":2}")).isEqualTo(version + 1);
  }

  @Test
  void failuresAreThrownAsTheyAre() {
    DeviceClient client = opened(builder(HTTPS));
    assertThatThrownBy(() -> client.blocking(Await.LIMIT).getTwin())
        .isInstanceOf(UnsupportedException.class);
    DeviceClient mqtt = opened(builder(MQTT));
    assertThatThrownBy(() -> mqtt.blocking(Await.LIMIT).updateReportedProperties("{\"a b\":1}"))
        .isInstanceOf(RejectedException.class);
  }

  @Test
  void aTimeOutIsUnreachableAndTheMessageGoesOn() {
    hub.setReachable(false);
    DeviceClient client =
        started(builder(MQTT).credentials(Credentials.sharedAccessKey(device.key(), NEVER)));
    assertThatThrownBy(() -> client.blocking(Duration.ofMillis(20)).send(text("m0")))
        .isInstanceOf(UnreachableException.class);
    hub.setReachable(true);
    tickUntil("it arrives nevertheless", () -> received().contains("m0"));
  }

  @Test
  void anInterruptIsKept() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    CompletableFuture<Boolean> kept = new CompletableFuture<>();
    Thread waiting =
        new Thread(
            () -> {
              try {
                client.blocking(Await.LIMIT).open();
                kept.complete(false);
              } catch (UnreachableException e) {
                kept.complete(Thread.currentThread().isInterrupted());
              }
            },
            "tck-waits");
    waiting.start();
    Await.until("it waits", () -> waiting.getState() == Thread.State.TIMED_WAITING);
    waiting.interrupt();
    assertThat(Await.result(kept)).isTrue();
  }

  @Test
  void failuresCarryTheCallersStack() {
    DeviceClient client = opened(builder(HTTPS));
    assertThatThrownBy(() -> client.blocking(Await.LIMIT).getTwin())
        .satisfies(
            failure -> {
              StringWriter text = new StringWriter();
              failure.printStackTrace(new PrintWriter(text));
              assertThat(text.toString()).contains(getClass().getName());
            });
  }
}
