package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.UndocumentedAmqpBehavior;
import dev.fairlead.localhub.UndocumentedBehavior;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.message.Message;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AmqpTwinAndMethodTest {

  private static final String TWIN = "/devices/dev-1/twin";
  private static final String METHODS = "/devices/dev-1/methods/devicebound";
  private static final String NOTIFICATIONS = "/notifications/twin/properties/desired";

  private final LocalHub hub = LocalHub.start();
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  /** The two links of the twin. */
  private static final class TwinPeer {
    private final AmqpPeer peer;
    private final Sender requests;
    private final Receiver answers;

    TwinPeer(AmqpPeer peer) throws IOException {
      this.peer = peer;
      this.requests = peer.sender(TWIN, AmqpPeer.pairProperties("twin:1"));
      this.answers = peer.receiver(TWIN, AmqpPeer.pairProperties("twin:1"), 100);
    }

    void send(String operation, @Nullable String resource, @Nullable String body, Object id)
        throws IOException {
      Message request = Proton.message();
      if (body != null) {
        request.setBody(new Data(new Binary(body.getBytes())));
      }
      request.setCorrelationId(id);
      if (resource == null) {
        AmqpPeer.annotated(request, "operation", operation);
      } else {
        AmqpPeer.annotated(request, "operation", operation, "resource", resource);
      }
      peer.start(requests, AmqpPeer.encode(request), 0).settle();
      peer.flush();
    }

    AmqpPeer.Received ask(String operation, @Nullable String resource, @Nullable String body)
        throws IOException {
      String id = operation + UUID.randomUUID();
      send(operation, resource, body, id);
      AmqpPeer.Received answer = peer.receive(answers);
      assertThat(answer.message().getCorrelationId()).isEqualTo(id);
      return answer;
    }
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "PATCH, /properties/reported, '[1]', 400",
        "PATCH, /properties/reported, '{', 400",
        "PATCH, /properties/desired, '{}', 400",
        "PUT, /properties/reported, '{}', 400",
        "POST, -, -, 400",
        "DELETE, -, -, 400"
      })
  void answersBadRequestsWithTheirError(
      String operation, @Nullable String resource, @Nullable String body, int status)
      throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      AmqpPeer.Received answer = new TwinPeer(peer).ask(operation, resource, body);
      assertThat(answer.annotation("status")).isEqualTo(status);
      assertThat(answer.text()).contains("\"errorCode\":400004").contains("trackingId");
    }
  }

  @Test
  void readsReportsAndRefusesAnOldBase() throws IOException {
    device.updateDesired("{\"a\":1}");
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      TwinPeer twin = new TwinPeer(peer);
      AmqpPeer.Received read = twin.ask("GET", null, null);
      assertThat(read.annotation("status")).isEqualTo(200);
      assertThat(read.text())
          .isEqualTo("{\"desired\":{\"a\":1,\"$version\":2},\"reported\":{\"$version\":1}}");
      AmqpPeer.Received reported = twin.ask("PATCH", "/properties/reported", "{\"b\":2}");
      assertThat(reported.annotation("status")).isEqualTo(200);
      assertThat(reported.annotation("version")).isEqualTo(2L);
      assertThat(device.twin().reported()).isEqualTo("{\"b\":2}");

      Message old = Proton.message();
      old.setBody(new Data(new Binary("{\"b\":3}".getBytes())));
      UUID id = UUID.randomUUID();
      old.setCorrelationId(id);
      AmqpPeer.annotated(
          old, "operation", "PATCH", "resource", "/properties/reported", "version", 1);
      peer.start(twin.requests, AmqpPeer.encode(old), 0).settle();
      AmqpPeer.Received refused = peer.receive(twin.answers);
      assertThat(refused.message().getCorrelationId()).isEqualTo(id);
      assertThat(refused.annotation("status")).isEqualTo(412);
    }
  }

  @Test
  void aReportCanBeAnsweredWith204() throws IOException {
    UndocumentedBehavior points =
        UndocumentedBehavior.builder()
            .amqp(UndocumentedAmqpBehavior.builder().reportStatus(204).build())
            .build();
    try (LocalHub other = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
      Device one = other.createDevice("dev-1");
      try (AmqpPeer peer = AmqpPeer.connected(other, one)) {
        assertThat(
                new TwinPeer(peer).ask("PATCH", "/properties/reported", "{}").annotation("status"))
            .isEqualTo(204);
      }
    }
  }

  @Test
  void echoesCorrelationIdsOfEveryType() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      TwinPeer twin = new TwinPeer(peer);
      for (Object id :
          new Object[] {
            "text", UUID.randomUUID(), UnsignedLong.valueOf(7), new Binary(new byte[] {1, 2, 3})
          }) {
        twin.send("GET", null, null, id);
        assertThat(peer.receive(twin.answers).message().getCorrelationId()).isEqualTo(id);
      }
    }
  }

  @Test
  void acceptsRequestsThatWereNotSettled() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      TwinPeer twin = new TwinPeer(peer);
      Message request = Proton.message();
      request.setCorrelationId("x");
      AmqpPeer.annotated(request, "operation", "GET");
      Delivery delivery = peer.start(twin.requests, AmqpPeer.encode(request), 0);
      peer.until(delivery::remotelySettled);
      assertThat(peer.receive(twin.answers).message().getCorrelationId()).isEqualTo("x");
    }
  }

  @Test
  void tellsOfDesiredPropertiesOnlyWhileSubscribed() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      TwinPeer twin = new TwinPeer(peer);
      device.updateDesired("{\"early\":1}");
      assertThat(twin.ask("PUT", NOTIFICATIONS, null).annotation("status")).isEqualTo(200);
      device.updateDesired("{\"a\":1,\"gone\":null}");
      AmqpPeer.Received told = peer.receive(twin.answers);
      assertThat(told.message().getCorrelationId()).isNull();
      assertThat(told.annotation("resource")).isEqualTo("/properties/desired");
      assertThat(told.annotation("version")).isEqualTo(3L);
      assertThat(told.text()).isEqualTo("{\"a\":1,\"gone\":null,\"$version\":3}");
      assertThat(twin.ask("DELETE", NOTIFICATIONS, null).annotation("status")).isEqualTo(200);
      device.updateDesired("{\"late\":1}");
      assertThat(twin.ask("GET", null, null).text()).contains("late");
    }
  }

  @Test
  void answersWaitForCreditAndTheirNumberIsBounded() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Receiver answers = peer.receiver(TWIN, AmqpPeer.pairProperties("twin:1"), 0);
      Sender requests = peer.sender(TWIN, AmqpPeer.pairProperties("twin:1"));
      for (int i = 0; i < 100; i++) {
        get(peer, requests, i);
      }
      answers.flow(100);
      for (int i = 0; i < 100; i++) {
        assertThat(peer.receive(answers).message().getCorrelationId()).isEqualTo("id-" + i);
      }
      for (int i = 0; i < 101; i++) {
        get(peer, requests, i);
      }
      assertThat(peer.detached(answers).getCondition().toString())
          .isEqualTo("amqp:resource-limit-exceeded");
    }
  }

  private static void get(AmqpPeer peer, Sender requests, int number) throws IOException {
    Message request = Proton.message();
    request.setCorrelationId("id-" + number);
    AmqpPeer.annotated(request, "operation", "GET");
    peer.start(requests, AmqpPeer.encode(request), 0).settle();
    peer.flush();
  }

  // --- methods

  private CompletableFuture<MethodResult> call(String payload, Duration responseTimeout) {
    return device.invokeMethod("reboot", payload, Duration.ZERO, responseTimeout);
  }

  @Test
  void withoutALinkForCallsADeviceIsNotOnline() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      peer.sender(METHODS, AmqpPeer.pairProperties("methods:1"));
      assertThatThrownBy(() -> call("{}", Duration.ofSeconds(10)).join())
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(LocalHubException.class)
          .hasMessageContaining("to connect");
    }
  }

  @Test
  void bringsCallsAndTakesAnswers() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Receiver calls = peer.receiver(METHODS, AmqpPeer.pairProperties("methods:1"), 10);
      Sender answers = peer.sender(METHODS, AmqpPeer.pairProperties("methods:1"));
      CompletableFuture<MethodResult> result = call("{\"in\":5}", Duration.ofSeconds(30));
      AmqpPeer.Received received = peer.receive(calls);
      assertThat(received.delivery().remotelySettled()).isTrue();
      assertThat(received.text()).isEqualTo("{\"in\":5}");
      assertThat(received.message().getApplicationProperties().getValue())
          .isEqualTo(Map.of("IoThub-methodname", "reboot"));
      Object id = received.message().getCorrelationId();
      assertThat(id).isInstanceOf(UUID.class);
      answer(peer, answers, UUID.randomUUID(), 500); // For an unknown call: dropped.
      answer(peer, answers, id.toString(), 501); // Not a UUID: dropped.
      answer(peer, answers, id, 200);
      peer.flush();
      assertThat(result.join()).isEqualTo(new MethodResult(200, "\"done\""));

      calls.close();
      peer.until(() -> calls.getRemoteState() == EndpointState.CLOSED);
      assertThatThrownBy(() -> call("", Duration.ofSeconds(60)).join())
          .hasCauseInstanceOf(LocalHubException.class)
          .hasMessageContaining("to connect");
    }
  }

  private static void answer(AmqpPeer peer, Sender link, Object id, int status) throws IOException {
    Message answer = AmqpPeer.message("\"done\"");
    answer.setCorrelationId(id);
    Map<String, Object> properties = new HashMap<>();
    properties.put("IoThub-status", status);
    answer.setApplicationProperties(new ApplicationProperties(properties));
    peer.start(link, AmqpPeer.encode(answer), 0).settle();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aCallWaitsForTheDeviceAndForCredit(int credit) throws IOException {
    CompletableFuture<MethodResult> result =
        device.invokeMethod("m", "1", Duration.ofSeconds(30), Duration.ofSeconds(30));
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Receiver calls = peer.receiver(METHODS, AmqpPeer.pairProperties("methods:1"), credit);
      Sender answers = peer.sender(METHODS, AmqpPeer.pairProperties("methods:1"));
      if (credit == 0) {
        calls.flow(1);
      }
      answer(peer, answers, peer.receive(calls).message().getCorrelationId(), 7);
      peer.flush();
      assertThat(result.join().status()).isEqualTo(7);
    }
  }

  @Test
  void modulesHaveTwinsAndMethodsOfTheirOwn() throws IOException {
    Device module = device.createModule("m");
    String path = AmqpPeer.path(module);
    module.updateDesired("{\"ofModule\":true}");
    try (AmqpPeer peer = AmqpPeer.connected(hub, module)) {
      Sender requests = peer.sender(path + "/twin", AmqpPeer.pairProperties("twin:1"));
      Receiver answers = peer.receiver(path + "/twin", AmqpPeer.pairProperties("twin:1"), 10);
      get(peer, requests, 1);
      assertThat(peer.receive(answers).text()).contains("ofModule");
      Receiver calls =
          peer.receiver(path + "/methods/devicebound", AmqpPeer.pairProperties("methods:1"), 10);
      Sender results =
          peer.sender(path + "/methods/devicebound", AmqpPeer.pairProperties("methods:1"));
      CompletableFuture<MethodResult> result =
          module.invokeMethod("m", "1", Duration.ZERO, Duration.ofSeconds(30));
      answer(peer, results, peer.receive(calls).message().getCorrelationId(), 200);
      peer.flush();
      assertThat(result.join().status()).isEqualTo(200);
    }
  }
}
