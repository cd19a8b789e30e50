package dev.fairlead.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Opening;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What is said of an opening that took too long. */
class OpeningsTest {
  private static final Endpoint HUB = new Endpoint("hub.example.net", 8883, Trust.platform());
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private record Waiting(String step) implements Opening<String> {
    @Override
    public CompletionStage<String> outcome() {
      return new CompletableFuture<>();
    }

    @Override
    public void abort() {}
  }

  @Test
  void theNetworkIsBlamedForWhatItWasAsked() {
    UnreachableException failure =
        Openings.overdue("MQTT", HUB, LIMIT, new Waiting("the TLS handshake with 10.0.0.1:8883"));
    assertThat(failure)
        .hasMessageContaining("it waited for the TLS handshake with 10.0.0.1:8883. Something")
        .hasMessageContaining("Check the network");
  }

  @Test
  void aSlowMachineIsNotTakenForASlowNetwork() {
    for (String step :
        new String[] {
          "this machine to begin the connection to hub.example.net:8883",
          "a shared connection, which waits for this machine to set up TLS"
        }) {
      UnreachableException failure = Openings.overdue("MQTT", HUB, LIMIT, new Waiting(step));
      assertThat(failure.stage()).isEqualTo(Stage.OPEN);
      assertThat(failure)
          .hasMessageContaining("it waited for " + step + ". This machine was too slow")
          .hasMessageContaining("openTimeout");
      assertThat(failure.getMessage()).doesNotContain("Check the network", "drops packets");
    }
  }

  @Test
  void aSourceIsNotBlamedWhereThereIsNone() {
    assertThat(Openings.withoutCredential("MQTT", HUB, LIMIT, false))
        .hasMessageContaining("Check the source");
    assertThat(Openings.withoutCredential("MQTT", HUB, LIMIT, true))
        .hasMessageContaining("this machine to sign a token. This machine was too slow");
  }
}
