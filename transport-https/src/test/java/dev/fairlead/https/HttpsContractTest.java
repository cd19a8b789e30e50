package dev.fairlead.https;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.tck.LocalHubHarness;
import dev.fairlead.tck.TransportContract;
import dev.fairlead.tck.TransportHarness;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;

class HttpsContractTest extends TransportContract {
  @TempDir static Path state;

  @Override
  protected TransportHarness newHarness() {
    HttpsOptions options =
        HttpsOptions.builder()
            .answerTimeout(Duration.ofSeconds(2))
            .polls(PollSchedule.development(Duration.ofMillis(20)).stateDirectory(state))
            .build();
    return LocalHubHarness.start(
        new HttpsTransport(options), new Route(Protocol.HTTPS, Carrier.HTTP, 443));
  }
}
