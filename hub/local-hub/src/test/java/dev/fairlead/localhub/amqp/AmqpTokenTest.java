package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.mqtt.RawPeer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmqpTokenTest {

  private static final String UNAUTHORIZED = "amqp:unauthorized-access";
  private static final String EVENTS = "/devices/dev-1/messages/events";

  private final ManualHubTime time = new ManualHubTime(Instant.parse("2030-01-01T00:00:00Z"));
  private final LocalHub hub =
      LocalHub.start(LocalHubOptions.defaults().time(time).amqpIdentities(3));
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private String token(Device whose, Duration life) {
    return AmqpPeer.token(hub, whose, time.now().plus(life));
  }

  private AmqpPeer opened() throws IOException {
    return AmqpPeer.bare(AmqpPeer.tls(hub, null)).open();
  }

  @ParameterizedTest
  @CsvSource({
    "get-token, servicebus.windows.net:sastoken, localhost/devices/dev-1, good",
    "put-token, jwt, localhost/devices/dev-1, good",
    "put-token, servicebus.windows.net:sastoken, localhost, good",
    "put-token, servicebus.windows.net:sastoken, localhost/twins/dev-1, good",
    "put-token, servicebus.windows.net:sastoken, localhost/devices/dev-1, nonsense"
  })
  void answersMalformedRequestsWith400(String operation, String type, String name, String body)
      throws IOException {
    try (AmqpPeer peer = opened()) {
      Message request = Proton.message();
      String good = token(device, Duration.ofHours(1));
      request.setBody(new AmqpValue(body.equals("good") ? good : body));
      AmqpPeer.with(request, "operation", operation, "type", type, "name", name);
      Map<String, Object> answer = peer.cbs(request).getApplicationProperties().getValue();
      assertThat(answer).containsEntry("status-code", 400).containsKey("status-description");
    }
  }

  @Test
  void refusesTokensThatProveNothing() throws IOException {
    Device other = hub.createDevice("dev-2");
    Device byCertificate = hub.createDevice("dev-x", DeviceAuth.signedByCa());
    String good = token(device, Duration.ofHours(1));
    try (AmqpPeer peer = opened()) {
      assertThat(peer.putToken("localhost/devices/dev-1", token(device, Duration.ofSeconds(-1))))
          .isEqualTo(401);
      assertThat(peer.putToken("localhost/devices/dev-2", good)).isEqualTo(401);
      assertThat(peer.putToken("localhost/devices/nobody", good)).isEqualTo(401);
      assertThat(peer.putToken("other.example.net/devices/dev-1", good)).isEqualTo(401);
      assertThat(peer.putToken("localhost/devices/dev-1", good.replace("sig=", "sig=AAAA")))
          .isEqualTo(401);
      String forCertificate =
          RawPeer.token("localhost/devices/dev-x", other.primaryKey(), time.now().plusSeconds(600));
      assertThat(peer.putToken("localhost" + AmqpPeer.path(byCertificate), forCertificate))
          .isEqualTo(401);
      device.setEnabled(false);
      assertThat(peer.putToken("localhost/devices/dev-1", good)).isEqualTo(401);
      assertThat(peer.detached(peer.sender(EVENTS)).getCondition().toString())
          .isEqualTo(UNAUTHORIZED);
    }
  }

  @Test
  void saysWhyInADescription() throws IOException {
    try (AmqpPeer peer = opened()) {
      Message request = Proton.message();
      request.setBody(new AmqpValue(token(device, Duration.ofSeconds(-1))));
      AmqpPeer.with(
          request,
          "operation",
          "put-token",
          "type",
          "servicebus.windows.net:sastoken",
          "name",
          "localhost/devices/dev-1");
      assertThat(peer.cbs(request).getApplicationProperties().getValue().get("status-description"))
          .asString()
          .contains("401003")
          .contains("expired at");
    }
  }

  @Test
  void takesAModulesTokenUnderTheNameOfItsDevice() throws IOException {
    Device module = device.createModule("m");
    try (AmqpPeer peer = opened()) {
      assertThat(peer.putToken("localhost/devices/dev-1", token(module, Duration.ofHours(1))))
          .isEqualTo(200);
      Sender link = peer.sender("/devices/dev-1/modules/m/messages/events");
      assertThat(peer.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      assertThat(peer.detached(peer.sender(EVENTS)).getCondition().toString())
          .isEqualTo(UNAUTHORIZED);
    }
  }

  @Test
  void hasAsManyTokensAsItMayHave() throws IOException {
    try (AmqpPeer peer = opened()) {
      for (int i = 0; i < 3; i++) {
        Device one = hub.createDevice("many-" + i);
        assertThat(peer.putToken("localhost/devices/many-" + i, token(one, Duration.ofHours(1))))
            .isEqualTo(200);
      }
      String fourth = token(device, Duration.ofHours(1));
      assertThat(peer.putToken("localhost/devices/dev-1", fourth)).isEqualTo(403);
      Device again = hub.device("many-1").orElseThrow();
      assertThat(peer.putToken("localhost/devices/many-1", token(again, Duration.ofHours(2))))
          .isEqualTo(200); // A renewal does not add an identity.
    }
  }

  @Test
  void hasFewerTokensOverWebSockets() throws IOException {
    try (LocalHub few = LocalHub.start(LocalHubOptions.defaults().amqpWebSocketIdentities(1));
        AmqpPeer peer = AmqpPeer.bare(AmqpPeer.webSocket(few, null)).open()) {
      peer.putToken(few, few.createDevice("first"));
      Device second = few.createDevice("second");
      String token = AmqpPeer.token(few, second, Instant.now().plusSeconds(600));
      assertThat(peer.putToken("localhost/devices/second", token)).isEqualTo(403);
    }
  }

  @Test
  void hasOnePairOfTokenLinks() throws IOException {
    try (AmqpPeer peer = opened()) {
      peer.putToken("localhost/devices/dev-1", token(device, Duration.ofHours(1)));
      String notAllowed = "amqp:not-allowed";
      assertThat(peer.detached(peer.sender("$cbs", null)).getCondition().toString())
          .isEqualTo(notAllowed);
      Receiver second = peer.receiver("$cbs", Map.of(), 1);
      assertThat(peer.detached(second).getCondition().toString()).isEqualTo(notAllowed);
      peer.putToken("localhost/devices/dev-1", token(device, Duration.ofHours(1)));
    }
  }

  @Test
  void detachesWhenTheTokenEndsAndNotWhenItWasRenewed() throws IOException {
    Device renewing = hub.createDevice("dev-2");
    try (AmqpPeer peer = opened()) {
      peer.putToken("localhost/devices/dev-1", token(device, Duration.ofMinutes(5)));
      peer.putToken("localhost/devices/dev-2", token(renewing, Duration.ofMinutes(5)));
      Sender doomed = peer.sender(EVENTS);
      Sender saved = peer.sender("/devices/dev-2/messages/events");
      peer.putToken("localhost/devices/dev-2", token(renewing, Duration.ofMinutes(60)));
      time.advance(Duration.ofMinutes(6));
      assertThat(peer.detached(doomed).getCondition().toString()).isEqualTo(UNAUTHORIZED);
      assertThat(peer.send(saved, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      assertThat(peer.detached(peer.sender(EVENTS)).getCondition().toString())
          .isEqualTo(UNAUTHORIZED);
      assertThat(device.isConnected()).isFalse();
      peer.putToken("localhost/devices/dev-1", token(device, Duration.ofMinutes(60)));
      assertThat(peer.send(peer.sender(EVENTS), AmqpPeer.message("x")))
          .isInstanceOf(Accepted.class);
    }
  }

  @Test
  void aPlainConnectionEndsWithItsToken() throws IOException {
    String token = token(device, Duration.ofMinutes(5));
    try (AmqpPeer peer =
        AmqpPeer.plain(AmqpPeer.tls(hub, null), "dev-1@sas.localhost", token).open()) {
      peer.sender(EVENTS);
      time.advance(Duration.ofMinutes(6));
      assertThat(peer.closed().getCondition().toString()).isEqualTo(UNAUTHORIZED);
    }
  }

  @Test
  void newKeysDisablingAndDeletingDetach() throws IOException {
    try (AmqpPeer peer = opened()) {
      peer.putToken("localhost/devices/dev-1", token(device, Duration.ofHours(1)));
      Sender first = peer.sender(EVENTS);
      device.regenerateKeys();
      assertThat(peer.detached(first).getCondition().toString()).isEqualTo(UNAUTHORIZED);
      assertThat(peer.detached(peer.sender(EVENTS)).getCondition().toString())
          .isEqualTo(UNAUTHORIZED);

      peer.putToken("localhost/devices/dev-1", token(device, Duration.ofHours(1)));
      Sender second = peer.sender(EVENTS);
      device.setEnabled(false);
      String notFound = "amqp:not-found";
      assertThat(peer.detached(second).getCondition().toString()).isEqualTo(notFound);
      device.setEnabled(true);

      peer.putToken("localhost/devices/dev-1", token(device, Duration.ofHours(1)));
      Sender third = peer.sender(EVENTS);
      hub.deleteDevice("dev-1");
      assertThat(peer.detached(third).getCondition().toString()).isEqualTo(notFound);
    }
    await().until(() -> hub.connectionCount() == 0);
  }
}
