package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.qpid.proton.amqp.UnsignedInteger;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.amqp.transport.Disposition;
import org.apache.qpid.proton.amqp.transport.Role;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.impl.ProtocolTracer;
import org.apache.qpid.proton.engine.impl.TransportImpl;
import org.apache.qpid.proton.framing.TransportFrame;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AmqpFaultsTest {

  private static final String EVENTS = "/devices/dev-1/messages/events";

  private final ManualHubTime time = new ManualHubTime(Instant.now());
  private final LocalHub hub = LocalHub.start(LocalHubOptions.defaults().time(time));
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private static Message order(String operation) {
    return AmqpPeer.with(
        AmqpPeer.message("fault"),
        "AzIoTHub_FaultOperationType",
        operation,
        "AzIoTHub_FaultOperationCloseReason",
        "byebye",
        "AzIoTHub_FaultOperationDelayInSecs",
        "1",
        "AzIoTHub_FaultOperationDurationInSecs",
        "10");
  }

  private static String conditionOf(DeliveryState state) {
    assertThat(state).isInstanceOf(Rejected.class);
    return ((Rejected) state).getError().getCondition().toString();
  }

  /** All possible links. */
  private Map<AmqpPart, Link> attachAll(AmqpPeer peer) throws IOException {
    Map<AmqpPart, Link> links = new EnumMap<>(AmqpPart.class);
    links.put(AmqpPart.CBS_REQUESTS, peer.cbsRequests());
    links.put(AmqpPart.CBS_ANSWERS, peer.cbsAnswers());
    links.put(AmqpPart.TELEMETRY, peer.sender(EVENTS));
    links.put(AmqpPart.CLOUD_MESSAGES, peer.receiver("/devices/dev-1/messages/devicebound", 10));
    Map<org.apache.qpid.proton.amqp.Symbol, Object> twin = AmqpPeer.pairProperties("twin:1");
    links.put(AmqpPart.TWIN_REQUESTS, peer.sender("/devices/dev-1/twin", twin));
    links.put(AmqpPart.TWIN_ANSWERS, peer.receiver("/devices/dev-1/twin", twin, 10));
    String methods = "/devices/dev-1/methods/devicebound";
    links.put(AmqpPart.METHOD_ANSWERS, peer.sender(methods, AmqpPeer.pairProperties("methods:1")));
    links.put(
        AmqpPart.METHOD_CALLS, peer.receiver(methods, AmqpPeer.pairProperties("methods:1"), 10));
    return links;
  }

  @ParameterizedTest
  @CsvSource({
    "KillAmqpCBSLinkReq, CBS_REQUESTS",
    "KillAmqpCBSLinkResp, CBS_ANSWERS",
    "KillAmqpD2CLink, TELEMETRY",
    "KillAmqpC2DLink, CLOUD_MESSAGES",
    "KillAmqpTwinLinkReq, TWIN_REQUESTS",
    "KillAmqpTwinLinkResp, TWIN_ANSWERS",
    "KillAmqpMethodReqLink, METHOD_CALLS",
    "KillAmqpMethodRespLink, METHOD_ANSWERS"
  })
  void anOrderDetachesOneLinkAndNoOther(String operation, AmqpPart part) throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Map<AmqpPart, Link> links = attachAll(peer);
      Sender telemetry = (Sender) links.get(AmqpPart.TELEMETRY);
      assertThat(peer.send(telemetry, order(operation))).isInstanceOf(Accepted.class);
      time.advance(Duration.ofSeconds(2));
      Link killed = links.remove(part);
      assertThat(peer.detached(killed).getCondition().toString())
          .isEqualTo("amqp:link:detach-forced");
      assertThat(links.values()).allMatch(link -> link.getRemoteState() == EndpointState.ACTIVE);
      if (part == AmqpPart.TELEMETRY) {
        telemetry = peer.sender(EVENTS);
      }
      assertThat(peer.send(telemetry, AmqpPeer.message("after"))).isInstanceOf(Accepted.class);
    }
  }

  @Test
  void anOrderEndsTheSession() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      Session session = peer.session();
      peer.send(link, order("KillAmqpSession"));
      time.advance(Duration.ofSeconds(2));
      peer.until(() -> session.getRemoteState() == EndpointState.CLOSED);
      session.close();
      peer.newSession();
      assertThat(peer.send(peer.sender(EVENTS), AmqpPeer.message("after")))
          .isInstanceOf(Accepted.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"KillAmqpConnection", "ShutDownAmqp"})
  void anOrderClosesTheConnection(String operation) throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      peer.send(peer.sender(EVENTS), order(operation));
      time.advance(Duration.ofSeconds(2));
      assertThat(peer.closed().getCondition().toString()).isEqualTo("amqp:connection:forced");
      assertThat(peer.connection().getRemoteCondition().getDescription()).contains("400029");
      peer.awaitEnd();
    }
  }

  @Test
  void anOrderResetsTcp() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      peer.send(peer.sender(EVENTS), order("KillTcp"));
      time.advance(Duration.ofSeconds(2));
      peer.awaitEnd();
      assertThat(peer.connection().getRemoteState()).isEqualTo(EndpointState.ACTIVE);
    }
  }

  @Test
  void anOrderOfAnotherProtocolDoesNothing() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      peer.send(link, order("ShutDownMqtt"));
      time.advance(Duration.ofSeconds(2));
      assertThat(peer.send(link, AmqpPeer.message("after"))).isInstanceOf(Accepted.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "InvokeThrottling, com.microsoft:device-container-throttled, 429001",
    "InvokeMaxMessageQuota, amqp:resource-limit-exceeded, 403002",
    "InvokeAuthError, amqp:unauthorized-access, 401002"
  })
  void anOrderHasTelemetryRejectedForATime(String operation, String condition, String code)
      throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      peer.send(link, order(operation));
      time.advance(Duration.ofSeconds(2));
      for (int i = 0; i < 3; i++) {
        DeliveryState state = peer.send(link, AmqpPeer.message("during"));
        assertThat(conditionOf(state)).isEqualTo(condition);
        assertThat(((Rejected) state).getError().getDescription()).contains(code);
      }
      time.advance(Duration.ofSeconds(11));
      assertThat(peer.send(link, AmqpPeer.message("after"))).isInstanceOf(Accepted.class);
    }
    assertThat(hub.telemetry().count()).isEqualTo(2);
  }

  @Test
  void ordersCanComeFromATest() throws IOException {
    assertThat(device.injectFault("KillAmqpD2CLink", Duration.ZERO, Duration.ZERO)).isFalse();
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      assertThat(device.injectFault("KillAmqpD2CLink", Duration.ZERO, Duration.ZERO)).isTrue();
      time.advance(Duration.ofMillis(1));
      assertThat(peer.detached(link).getCondition().toString())
          .isEqualTo("amqp:link:detach-forced");
    }
  }

  @Test
  void ordersCanBeIgnored() throws IOException {
    LocalHubOptions deaf = LocalHubOptions.defaults().time(time).faultMessages(false);
    try (LocalHub other = LocalHub.start(deaf)) {
      Device one = other.createDevice("dev-1");
      try (AmqpPeer peer = AmqpPeer.connected(other, one)) {
        Sender link = peer.sender(EVENTS);
        peer.send(link, order("KillAmqpConnection"));
        time.advance(Duration.ofSeconds(2));
        assertThat(peer.send(link, AmqpPeer.message("after"))).isInstanceOf(Accepted.class);
      }
    }
  }

  // --- scripted

  @Test
  void settlesTheNthTelemetryAsTold() throws IOException {
    hub.faults().add(Fault.reject(403002).nth(2));
    hub.faults().add(Fault.release().nth(3));
    hub.faults().add(Fault.withhold().nth(2)); // The second stored message: m4.
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      List<Delivery> sent = new ArrayList<>();
      for (int i = 1; i <= 5; i++) {
        sent.add(peer.start(link, AmqpPeer.encode(AmqpPeer.message("m" + i)), 0));
      }
      assertThat(peer.outcome(sent.get(0))).isInstanceOf(Accepted.class);
      assertThat(conditionOf(peer.outcome(sent.get(1)))).isEqualTo("amqp:resource-limit-exceeded");
      assertThat(peer.outcome(sent.get(2))).isInstanceOf(Released.class);
      assertThat(peer.outcome(sent.get(4))).isInstanceOf(Accepted.class);
      assertThat(sent.get(3).getRemoteState()).isNull();
    }
    assertThat(hub.telemetry().received())
        .extracting(stored -> stored.bodyAsText())
        .containsExactly("m1", "m4", "m5");
  }

  @Test
  void acceptsLate() throws IOException {
    hub.faults().add(Fault.acknowledgeLate(Duration.ofMinutes(3)));
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      Delivery late = peer.start(link, AmqpPeer.encode(AmqpPeer.message("1")), 0);
      assertThat(peer.send(link, AmqpPeer.message("2"))).isInstanceOf(Accepted.class);
      time.advance(Duration.ofMinutes(2));
      assertThat(peer.send(link, AmqpPeer.message("3"))).isInstanceOf(Accepted.class);
      assertThat(late.getRemoteState()).isNull();
      time.advance(Duration.ofMinutes(1));
      assertThat(peer.outcome(late)).isInstanceOf(Accepted.class);
    }
    assertThat(hub.telemetry().received()).hasSize(3);
  }

  @Test
  void acceptsOutOfOrder() throws IOException {
    hub.faults().add(Fault.acknowledgeOutOfOrder());
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      List<UnsignedInteger> settled = dispositions(peer);
      Sender link = peer.sender(EVENTS);
      Delivery first = peer.start(link, AmqpPeer.encode(AmqpPeer.message("1")), 0);
      Delivery second = peer.start(link, AmqpPeer.encode(AmqpPeer.message("2")), 0);
      assertThat(peer.outcome(second)).isInstanceOf(Accepted.class);
      assertThat(peer.outcome(first)).isInstanceOf(Accepted.class);
      assertThat(settled).containsExactly(UnsignedInteger.ONE, UnsignedInteger.ZERO);
    }
  }

  @Test
  void acceptsTwice() throws IOException {
    hub.faults().add(Fault.duplicate());
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      List<UnsignedInteger> settled = dispositions(peer);
      Sender link = peer.sender(EVENTS);
      assertThat(peer.send(link, AmqpPeer.message("1"))).isInstanceOf(Accepted.class);
      assertThat(peer.send(link, AmqpPeer.message("2"))).isInstanceOf(Accepted.class);
      assertThat(settled)
          .containsExactly(UnsignedInteger.ZERO, UnsignedInteger.ZERO, UnsignedInteger.ONE);
    }
  }

  /** The deliveries, in the order of their dispositions. */
  private static List<UnsignedInteger> dispositions(AmqpPeer peer) {
    List<UnsignedInteger> found = new ArrayList<>();
    ((TransportImpl) peer.transport())
        .setProtocolTracer(
            new ProtocolTracer() {
              @Override
              public void receivedFrame(TransportFrame frame) {
                if (frame.getBody() instanceof Disposition disposition
                    && disposition.getRole() == Role.RECEIVER) {
                  found.add(disposition.getFirst());
                }
              }

              @Override
              public void sentFrame(TransportFrame frame) {}
            });
    return found;
  }

  @Test
  void answersPingsAndNothingElse() throws IOException {
    hub.faults().add(Fault.pingsOnly().afterAck());
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      assertThat(peer.send(link, AmqpPeer.message("1"))).isInstanceOf(Accepted.class);
      Delivery unanswered = peer.start(link, AmqpPeer.encode(AmqpPeer.message("2")), 0);
      for (int i = 0; i < 2; i++) {
        Session ping = peer.newSession();
        peer.until(() -> ping.getRemoteState() == EndpointState.ACTIVE);
        ping.close();
        peer.until(() -> ping.getRemoteState() == EndpointState.CLOSED);
      }
      assertThat(unanswered.getRemoteState()).isNull();
    }
    assertThat(hub.telemetry().received()).hasSize(2);
  }

  @Test
  void givesNoCredit() throws IOException {
    Faults.Armed armed = hub.faults().add(Fault.noCredit().device("dev-1"));
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender starved = peer.sender(EVENTS);
      assertThat(armed.isSpent()).isTrue();
      peer.putToken(hub, device); // Any credit that the hub granted has arrived before the answer.
      assertThat(starved.getCredit()).isZero();
      Sender fed = peer.sender(EVENTS);
      assertThat(peer.send(fed, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
    }
  }

  @Test
  void refusesTheAttach() throws IOException {
    hub.faults().add(Fault.reject(429001).onAttach());
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      assertThat(peer.detached(peer.sender(EVENTS)).getCondition().toString())
          .isEqualTo("com.microsoft:device-container-throttled");
      assertThat(device.isConnected()).isFalse();
      assertThat(peer.send(peer.sender(EVENTS), AmqpPeer.message("x")))
          .isInstanceOf(Accepted.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"5, 401", "3, 503"})
  void refusesATokenOnce(int code, int status) throws IOException {
    hub.faults().add(Fault.refuse(code).device("dev-1"));
    try (AmqpPeer peer = AmqpPeer.bare(AmqpPeer.tls(hub, null)).open()) {
      String token = AmqpPeer.token(hub, device, Instant.now().plusSeconds(600));
      assertThat(peer.putToken("localhost/devices/dev-1", token)).isEqualTo(status);
      assertThat(peer.detached(peer.sender(EVENTS)).getCondition().toString())
          .isEqualTo("amqp:unauthorized-access");
      assertThat(peer.putToken("localhost/devices/dev-1", token)).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ON_SASL", "ON_OPEN", "ON_TOKEN", "ON_CONNECT", "ON_ATTACH", "BEFORE_STORE"})
  void cutsAtEveryPhase(Fault.Moment moment) throws IOException {
    Faults.Armed armed = hub.faults().add(Fault.reset().at(moment));
    try (AmqpPeer peer = AmqpPeer.sasl(AmqpPeer.tls(hub, null), "ANONYMOUS")) {
      assertThatThrownBy(
              () -> {
                peer.open();
                peer.putToken(hub, device);
                peer.send(peer.sender(EVENTS), AmqpPeer.message("x"));
              })
          .isInstanceOf(AssertionError.class);
      assertThat(peer.hasEnded()).isTrue();
      assertThat(armed.strikes()).isEqualTo(1);
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ON_SASL", "ON_OPEN", "ON_TOKEN", "ON_CONNECT", "ON_ATTACH", "BEFORE_ACK"})
  void fallsSilentAtEveryPhase(Fault.Moment moment) throws IOException {
    hub.faults().add(Fault.stall().at(moment));
    try (AmqpPeer peer = AmqpPeer.sasl(AmqpPeer.tls(hub, null), "ANONYMOUS").patience(300)) {
      assertThatThrownBy(
              () -> {
                peer.open();
                peer.putToken(hub, device);
                peer.send(peer.sender(EVENTS), AmqpPeer.message("x"));
              })
          .isInstanceOf(SocketTimeoutException.class);
      assertThat(peer.hasEnded()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"corrupt", "garbage", "hugeLength"})
  void sendsWhatIsNoFrame(String kind) throws IOException {
    Fault fault =
        switch (kind) {
          case "corrupt" -> Fault.corrupt();
          case "garbage" -> Fault.garbage();
          default -> Fault.hugeLength();
        };
    hub.faults().add(fault);
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      assertThatThrownBy(() -> peer.send(link, AmqpPeer.message("x")))
          .isInstanceOfAny(AssertionError.class, RuntimeException.class);
    }
  }

  @Test
  void endsAPartAtAnyMomentOfTelemetry() throws IOException {
    hub.faults().add(Fault.detach(AmqpPart.TELEMETRY).beforeStore());
    hub.faults().add(Fault.detach(AmqpPart.SESSION).beforeAck());
    hub.faults().add(Fault.detach(AmqpPart.CONNECTION));
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender first = peer.sender(EVENTS);
      peer.start(first, AmqpPeer.encode(AmqpPeer.message("never stored")), 0);
      peer.detached(first);
      Sender second = peer.sender(EVENTS);
      Session session = peer.session();
      peer.start(second, AmqpPeer.encode(AmqpPeer.message("stored")), 0);
      peer.until(() -> session.getRemoteState() == EndpointState.CLOSED);
      session.close();
      peer.newSession();
      Sender third = peer.sender(EVENTS);
      Delivery last = peer.start(third, AmqpPeer.encode(AmqpPeer.message("accepted")), 0);
      assertThat(peer.outcome(last)).isInstanceOf(Accepted.class);
      peer.closed();
    }
    assertThat(hub.telemetry().received())
        .extracting(stored -> stored.bodyAsText())
        .containsExactly("stored", "accepted");
  }

  @Test
  void aFaultKnowsItsMoments() {
    assertThatThrownBy(() -> Fault.release().afterAck())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.noCredit().beforeStore())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.detach(AmqpPart.SESSION).onAttach())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.reset().onToken().device("dev-1"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.reject(429)).isInstanceOf(IllegalArgumentException.class);
  }
}
