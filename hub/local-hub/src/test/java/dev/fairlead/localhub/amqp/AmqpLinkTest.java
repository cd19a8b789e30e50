package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.UndocumentedAmqpBehavior;
import dev.fairlead.localhub.UndocumentedAmqpBehavior.SecondLink;
import dev.fairlead.localhub.UndocumentedBehavior;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AmqpLinkTest {

  private static final String EVENTS = "/devices/dev-1/messages/events";

  private final LocalHub hub = LocalHub.start();
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/devices/dev-1",
        "/devices/dev-1/",
        "/devices/dev-1/messages/event",
        "/devices/dev-1/messages/devicebound",
        "/devices/dev-1/messages/events/more",
        "/devices//messages/events",
        "/twins/dev-1",
        "/devices/dev-1/modules/m",
        "amqps://localhost",
        "$management"
      })
  void unknownAddressesAreNotFound(String address) throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      ErrorCondition condition = peer.detached(peer.sender(address));
      assertThat(condition.getCondition().toString()).isEqualTo("amqp:not-found");
      assertThat(condition.getDescription()).contains("404006").contains("trackingId");
      assertThat(condition.getInfo().toString()).contains("com.microsoft:is-filtered=true");
      // Nothing else is affected.
      assertThat(peer.send(peer.sender(EVENTS), AmqpPeer.message("x")))
          .isInstanceOf(Accepted.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        EVENTS,
        "devices/dev-1/messages/events",
        "amqps://localhost/devices/dev-1/messages/events",
        "/devices/dev%2D1/messages/events",
        "/devices/dev-1/messages/Events"
      })
  void takesEveryFormOfAnAddress(String address) throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(address, null);
      assertThat(link.getRemoteTarget()).isNotNull();
      assertThat(peer.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
    }
  }

  @Test
  void anIdWithAPercentSignIsItself() throws IOException {
    Device odd = hub.createDevice("50%25#a");
    try (AmqpPeer peer = AmqpPeer.bare(AmqpPeer.tls(hub, null)).open()) {
      assertThat(
              peer.putToken(
                  "localhost/devices/50%25#a",
                  dev.fairlead.localhub.mqtt.RawPeer.token(
                      "localhost/devices/50%25#a",
                      odd.primaryKey(), java.time.Instant.now().plusSeconds(600))))
          .isEqualTo(200);
      for (String id : new String[] {"50%25#a", "50%2525%23a"}) {
        Sender link = peer.sender("/devices/" + id + "/messages/events");
        assertThat(peer.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      }
    }
  }

  @Test
  void withoutATokenNothingIsAttached() throws IOException {
    try (AmqpPeer peer = AmqpPeer.bare(AmqpPeer.tls(hub, null)).open()) {
      ErrorCondition condition = peer.detached(peer.sender(EVENTS));
      assertThat(condition.getCondition().toString()).isEqualTo("amqp:unauthorized-access");
      assertThat(device.connectionsSoFar()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"twin", "methods/devicebound"})
  void pairsNeedVersionAndCorrelationId(String node) throws IOException {
    String address = "/devices/dev-1/" + node;
    String argument = "com.microsoft:argument-error";
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      for (String missing :
          new String[] {"com.microsoft:api-version", "com.microsoft:channel-correlation-id"}) {
        Map<Symbol, Object> properties = new HashMap<>(AmqpPeer.pairProperties("twin:1"));
        properties.remove(Symbol.valueOf(missing));
        ErrorCondition condition = peer.detached(peer.sender(address, properties));
        assertThat(condition.getCondition().toString()).isEqualTo(argument);
        assertThat(condition.getDescription()).contains(missing);
      }
      Map<Symbol, Object> properties = new HashMap<>(AmqpPeer.pairProperties("twin:1"));
      properties.put(Symbol.valueOf("com.microsoft:api-version"), "yesterday");
      assertThat(peer.detached(peer.sender(address, properties)).getCondition().toString())
          .isEqualTo(argument);
    }
  }

  @Test
  void saysItsOwnSettleModesAndSizes() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender twin = peer.sender("/devices/dev-1/twin", AmqpPeer.pairProperties("twin:1"));
      assertThat(twin.getRemoteSenderSettleMode()).isEqualTo(SenderSettleMode.SETTLED);
      Receiver cloud = peer.receiver("/devices/dev-1/messages/deviceBound", 1);
      assertThat(cloud.getRemoteSenderSettleMode()).isEqualTo(SenderSettleMode.UNSETTLED);
      assertThat(peer.sender(EVENTS).getRemoteMaxMessageSize())
          .isEqualTo(UnsignedLong.valueOf(1024 * 1024));
    }
  }

  @Test
  void aSecondLinkStealsTheFirst() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender first = peer.sender(EVENTS);
      Sender second = peer.sender(EVENTS);
      assertThat(peer.detached(first).getCondition().toString()).isEqualTo("amqp:link:stolen");
      assertThat(peer.send(second, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
    }
  }

  @Test
  void aCounterpartWithAnotherCorrelationIdGoes() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender requests = peer.sender("/devices/dev-1/twin", AmqpPeer.pairProperties("twin:1"));
      Receiver answers =
          peer.receiver("/devices/dev-1/twin", AmqpPeer.pairProperties("twin:2"), 10);
      assertThat(peer.detached(requests).getCondition().toString()).isEqualTo("amqp:link:stolen");
      assertThat(answers.getRemoteState()).isEqualTo(EndpointState.ACTIVE);
    }
  }

  @Test
  void aSecondConnectionTakesOver() throws IOException {
    try (AmqpPeer first = AmqpPeer.connected(hub, device);
        AmqpPeer second = AmqpPeer.connected(hub, device)) {
      Sender old = first.sender(EVENTS);
      Sender fresh = second.sender(EVENTS);
      ErrorCondition condition = first.detached(old);
      assertThat(condition.getCondition().toString()).isEqualTo("amqp:link:stolen");
      assertThat(second.send(fresh, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      assertThat(device.connectionsSoFar()).isEqualTo(2);
      assertThat(device.isConnected()).isTrue();
    }
    await().until(() -> !device.isConnected());
  }

  @Test
  void orIsRefusedIfTheHubHasItSo() throws IOException {
    UndocumentedBehavior points =
        UndocumentedBehavior.builder()
            .amqp(UndocumentedAmqpBehavior.builder().secondLink(SecondLink.IS_REFUSED).build())
            .build();
    String conflict = "com.microsoft:link-creation-conflict";
    try (LocalHub strict = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
      Device one = strict.createDevice("dev-1");
      try (AmqpPeer first = AmqpPeer.connected(strict, one);
          AmqpPeer second = AmqpPeer.connected(strict, one)) {
        Sender old = first.sender(EVENTS);
        ErrorCondition condition = second.detached(second.sender(EVENTS));
        assertThat(condition.getCondition().toString()).isEqualTo(conflict);
        assertThat(condition.getDescription()).contains("409002");
        assertThat(first.detached(first.sender(EVENTS)).getCondition().toString())
            .isEqualTo(conflict);
        assertThat(first.send(old, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      }
    }
  }

  @Test
  void anIdentityIsConnectedWhileItHasLinks() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      assertThat(device.isConnected()).isFalse();
      Sender link = peer.sender(EVENTS);
      assertThat(device.isConnected()).isTrue();
      link.close();
      peer.until(() -> link.getRemoteState() == EndpointState.CLOSED);
      await().until(() -> !device.isConnected());
    }
  }

  @Test
  void theEndOfASessionIsTheEndOfItsLinksOnly() throws IOException {
    Device other = hub.createDevice("dev-2");
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      peer.putToken(hub, other);
      Session ending = peer.newSession();
      peer.sender(EVENTS);
      peer.newSession();
      Sender staying = peer.sender("/devices/dev-2/messages/events");
      ending.close();
      peer.until(() -> ending.getRemoteState() == EndpointState.CLOSED);
      await().until(() -> !device.isConnected());
      assertThat(peer.send(staying, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
    }
  }

  @Test
  void countsSessionsAndLinks() throws IOException {
    LocalHubOptions few = LocalHubOptions.defaults().amqpIdentities(1);
    try (LocalHub small = LocalHub.start(few)) {
      Device one = small.createDevice("dev-1");
      try (AmqpPeer peer = AmqpPeer.connected(small, one)) {
        for (int i = 0; i < 12; i++) {
          peer.newSession();
        }
        assertThat(peer.closed().getCondition().toString())
            .isEqualTo("amqp:resource-limit-exceeded");
      }
    }
  }

  @Test
  void aModuleHasInputsAndNoCloudMessages() throws IOException {
    Device module = device.createModule("m");
    try (AmqpPeer peer = AmqpPeer.connected(hub, module)) {
      String path = AmqpPeer.path(module);
      Receiver inputs = peer.receiver(path + "/messages/events", 10);
      Receiver cloud = peer.receiver(path + "/messages/devicebound", 10);
      assertThat(inputs.getRemoteState()).isEqualTo(EndpointState.ACTIVE);
      assertThat(cloud.getRemoteState()).isEqualTo(EndpointState.ACTIVE);
      Receiver wrong = peer.receiver("/devices/dev-1/messages/events", 10);
      assertThat(peer.detached(wrong).getCondition().toString()).isEqualTo("amqp:not-found");
    }
  }
}
