package dev.fairlead.tck;

import static dev.fairlead.Protocol.HTTPS;
import static dev.fairlead.Protocol.MQTT;
import static dev.fairlead.Protocol.MQTT_WS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.ConnectionState.Unauthorized;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.auth.Credentials;
import dev.fairlead.spi.Credential;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Routes on which the hub may refuse a good certificate: see docs/adr/0013. */
class DoubtfulRoutesTest extends MemoryCase {
  /** The credentials that the in-memory hub accepts, as if for a CA-signed certificate. */
  private record AsCertificate(Credentials inside) implements Credentials {
    @Override
    public CompletionStage<Credential> issue(Audience audience, Instant now) {
      return inside.issue(audience, now);
    }

    @Override
    public CredentialKind kind() {
      return CredentialKind.X509_CA;
    }

    @Override
    public boolean renewable() {
      return false;
    }
  }

  private DeviceClientBuilder certified(Protocol... protocols) {
    return builder(protocols)
        .credentials(
            new AsCertificate(Credentials.sharedAccessKey(device.key(), Duration.ofDays(300))));
  }

  private void refuseOn(Protocol... protocols) {
    for (Protocol protocol : protocols) {
      hub.faults()
          .add(
              InMemoryFault.fail(
                      Point.OPEN, new UnauthorizedException("scripted", Progress.NOT_SENT))
                  .on(route(protocol))
                  .always());
    }
  }

  @Test
  void aCertificateRefusedWhereThatIsDoubtfulIsShownOnTheNextRoute() {
    refuseOn(MQTT_WS);
    DeviceClient client = opened(certified(MQTT_WS, HTTPS));
    assertThat(client.state().route()).contains(route(HTTPS));
    assertThat(hub.attempts()).containsExactly(route(MQTT_WS), route(HTTPS));
    assertThat(client.plan().routes()).containsExactly(route(HTTPS), route(MQTT_WS));
  }

  @Test
  void aCertificateRefusedOnTheLastRouteIsRefused() {
    refuseOn(MQTT_WS, HTTPS);
    DeviceClient client = started(certified(MQTT_WS, HTTPS));
    for (int walk = 1; walk <= 3; walk++) {
      Unauthorized state = awaitState(client, Unauthorized.class);
      assertThat(hub.attempts()).hasSize(2 * walk);
      assertThat(Duration.between(time.now(), state.next()))
          .isBetween(Duration.ofMinutes(1), Duration.ofMinutes(15));
      int next = 2 * (walk + 1);
      advanceToNextTry(client);
      Await.until(
          "every route was tried again",
          () -> hub.attempts().size() == next && client.state() instanceof Unauthorized);
    }
  }

  /** A refusal over plain TLS is certain: other routes would be refused as well. */
  @Test
  void aCertificateRefusedOnTheFirstRouteIsShownOnNoOther() {
    refuseOn(MQTT);
    DeviceClient client = started(certified(MQTT, MQTT_WS));
    awaitState(client, Unauthorized.class);
    assertThat(hub.attempts()).containsExactly(route(MQTT));
    advanceToNextTry(client);
    Await.until("tried again", () -> hub.attempts().size() == 2);
    assertThat(hub.attempts()).containsOnly(route(MQTT));
  }

  /** A blocked port says nothing about the certificate, and may be open at the next walk. */
  @Test
  void afterARefusalTheBetterRoutesAreTriedAgain() {
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(MQTT)));
    refuseOn(MQTT_WS);
    DeviceClient client = started(certified(MQTT, MQTT_WS));
    awaitState(client, Unauthorized.class);
    List<Route> first = hub.attempts();
    assertThat(first).containsExactly(route(MQTT), route(MQTT_WS));
    tickUntil("connected", () -> client.state() instanceof Connected);
    assertThat(client.state().route()).contains(route(MQTT));
  }
}
