package dev.fairlead.localhub.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.SentMessage;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpsFaultsTest {

  private final ManualHubTime time = new ManualHubTime(Instant.parse("2030-01-01T00:00:00Z"));
  private final LocalHub hub = LocalHub.start(LocalHubOptions.defaults().time(time));
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private String request(Device of, String line, String headers, String body) {
    return line.replace("ID", "/devices/" + of.deviceId() + "/messages")
        + "?api-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
        + HttpDevice.token(
            "localhost/devices/" + of.deviceId(),
            of.primaryKey(),
            Instant.parse("2030-01-02T00:00:00Z"),
            "")
        + "\r\n"
        + headers
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private String event(String body) {
    return request(device, "POST ID/events", "", body);
  }

  private String receive() {
    return request(device, "GET ID/deviceBound", "", "");
  }

  private String answerTo(String request) throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(request);
      return raw.read();
    }
  }

  @Test
  void theFirstRequestOnAConnectionIsTheConnect() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(event("1") + event("2"));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      hub.faults().add(Fault.refuse(5));
      raw.write(event("3"));
      assertThat(raw.read()).as("the device has connected already").startsWith("HTTP/1.1 204 ");
    }
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    assertThat(answerTo(event("4"))).startsWith("HTTP/1.1 401 ");
    hub.faults().add(Fault.refuse(3));
    assertThat(answerTo(event("5"))).startsWith("HTTP/1.1 503 ");
    assertThat(answerTo(event("6"))).startsWith("HTTP/1.1 204 ");
    assertThat(device.connectionsSoFar()).isGreaterThanOrEqualTo(2);
    assertThat(hub.telemetry().received())
        .extracting(dev.fairlead.localhub.TelemetryRecord::bodyAsText)
        .containsExactly("1", "2", "3", "6");
  }

  @Test
  void answersLateAndInOrder() throws Exception {
    Faults.Armed armed = hub.faults().add(Fault.acknowledgeLate(Duration.ofMinutes(3)));
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(event("1") + event("2") + receive());
      await().until(armed::isSpent);
      raw.limit(50);
      assertThatThrownBy(raw::read).isInstanceOf(SocketTimeoutException.class);
      assertThat(hub.telemetry().received()).as("the second message is delayed").hasSize(1);
      raw.limit(60_000);
      time.advance(Duration.ofMinutes(3));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      hub.faults().add(Fault.acknowledgeLate(Duration.ofMinutes(1)).onAnswer());
      raw.write(receive());
      await().until(hub.faults()::isIdle);
      raw.limit(50);
      assertThatThrownBy(raw::read).isInstanceOf(SocketTimeoutException.class);
      raw.limit(60_000);
      time.advance(Duration.ofMinutes(1));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
    }
    assertThat(hub.telemetry().received()).hasSize(2);
  }

  @Test
  void answersTwice() throws IOException {
    hub.faults().add(Fault.duplicate());
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(event("1"));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
    }
    assertThat(hub.telemetry().received()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void takesAMessageAndNeverAnswers(boolean pingsOnly) throws IOException {
    Fault fault = pingsOnly ? Fault.pingsOnly() : Fault.withhold();
    Faults.Armed armed = hub.faults().add(fault);
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(event("1"));
      await().until(armed::isSpent);
      raw.limit(50);
      assertThatThrownBy(raw::read).isInstanceOf(SocketTimeoutException.class);
    }
    assertThat(hub.telemetry().received()).hasSize(1);
  }

  @Test
  void answersAStatusAndDoesNothing() throws IOException {
    hub.faults().add(Fault.answer(503).nth(2));
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(event("1") + event("2") + event("3"));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      assertThat(raw.read()).startsWith("HTTP/1.1 503 ").endsWith("\r\n\r\n");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
    }
    assertThat(hub.telemetry().received())
        .extracting(dev.fairlead.localhub.TelemetryRecord::bodyAsText)
        .containsExactly("1", "3");
  }

  @Test
  void answersWithHeadersAndABodyOfItsOwn() throws IOException {
    hub.faults().add(Fault.answer(429, Map.of("Retry-After", "7"), "<html>slow down</html>"));
    assertThat(answerTo(event("1")))
        .startsWith("HTTP/1.1 429 ")
        .containsIgnoringCase("\r\nRetry-After: 7\r\n")
        .endsWith("\r\n\r\n<html>slow down</html>");
    hub.faults().add(Fault.answer(307, Map.of("Location", "https://elsewhere.example/"), ""));
    assertThat(answerTo(event("1")))
        .startsWith("HTTP/1.1 307 ")
        .containsIgnoringCase("\r\nLocation: https://elsewhere.example/\r\n");
    hub.faults().add(Fault.answer(200, Map.of("ETag", "no token"), "\u0000not what was sent"));
    assertThat(answerTo(receive())).startsWith("HTTP/1.1 200 ").contains("\u0000not what");
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void rejectsWithAnErrorOfTheHub() throws IOException {
    hub.faults().add(Fault.reject(403002));
    hub.faults().add(Fault.reject(429001).onRequest().nth(2));
    assertThat(answerTo(event("1")))
        .startsWith("HTTP/1.1 403 ")
        .contains("ErrorCode:IotHubQuotaExceeded;");
    assertThat(answerTo(receive()))
        .startsWith("HTTP/1.1 429 ")
        .contains("ErrorCode:ThrottlingException;");
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void anAnswerMayBeWrongThoughAllIsDone() throws IOException {
    hub.faults().add(Fault.answer(500).beforeAck());
    assertThat(answerTo(event("stored"))).startsWith("HTTP/1.1 500 ");
    assertThat(hub.telemetry().count()).isEqualTo(1);

    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    hub.faults().add(Fault.drop().onAnswer());
    assertThatThrownBy(() -> answerTo(receive())).isInstanceOf(EOFException.class);
    assertThat(sent.state()).as("locked nevertheless").isEqualTo(DeliveryState.INVISIBLE);
  }

  @Test
  void cutsWhereItIsTold() throws IOException {
    device.sendCloudMessage(CloudToDeviceMessage.of("0123456789"));
    for (Fault fault :
        new Fault[] {
          Fault.drop().onRequest(),
          Fault.drop().afterHeaders(),
          Fault.drop().midBody(),
          Fault.drop().midPacket(),
          Fault.drop().midPacket().nth(2)
        }) {
      Faults.Armed armed = hub.faults().add(fault);
      assertThatThrownBy(() -> answerTo(receive()))
          .as(fault.toString())
          .isInstanceOf(EOFException.class);
      assertThat(armed.isSpent()).as(fault.toString()).isTrue();
      time.advance(
          Duration.ofSeconds(60)); // The lock has expired, and the message is in the queue again.
    }
    assertThat(answerTo(receive())).startsWith("HTTP/1.1 200 ").endsWith("0123456789");
    hub.faults().add(Fault.reset().midBody());
    time.advance(Duration.ofSeconds(60));
    assertThatThrownBy(() -> answerTo(receive()))
        .isInstanceOfAny(SocketException.class, EOFException.class);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.Moment.class,
      names = {"ON_REQUEST", "ON_ANSWER", "AFTER_HEADERS", "MID_BODY"})
  void fallsSilentWhereItIsTold(Fault.Moment moment) throws IOException {
    device.sendCloudMessage(CloudToDeviceMessage.of("0123456789"));
    hub.faults().add(Fault.stall().at(moment));
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.limit(300);
      raw.write(receive());
      StringBuilder seen = new StringBuilder();
      assertThatThrownBy(() -> raw.readInto(seen)).isInstanceOf(SocketTimeoutException.class);
      switch (moment) {
        case AFTER_HEADERS -> assertThat(seen).contains("\r\n\r\n").endsWith("\r\n");
        case MID_BODY -> assertThat(seen).endsWith("\r\n\r\n01234");
        default -> assertThat(seen).isEmpty();
      }
      raw.write(receive());
      assertThatThrownBy(raw::read).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void theDateMayBeWrong() throws IOException {
    assertThat(answerTo(event("x"))).containsIgnoringCase("date: Tue, 1 Jan 2030 00:00:00 GMT\r\n");
    hub.faults().add(Fault.shiftDate(Duration.ofMinutes(-10)).always());
    assertThat(answerTo(event("x")))
        .containsIgnoringCase("date: Mon, 31 Dec 2029 23:50:00 GMT\r\n");
    assertThat(answerTo(event("x").replace("sig=", "sig=A")))
        .as("on a refusal, too")
        .startsWith("HTTP/1.1 401 ")
        .containsIgnoringCase("date: Mon, 31 Dec 2029 23:50:00 GMT\r\n");
  }

  @Test
  void aFaultKeepsToItsDevice() throws IOException {
    hub.faults().add(Fault.answer(503).device("dev-1").always());
    Device other = hub.createDevice("dev-2");
    assertThat(answerTo(request(other, "POST ID/events", "", "x"))).startsWith("HTTP/1.1 204 ");
    assertThat(answerTo(event("x"))).startsWith("HTTP/1.1 503 ");
  }

  @Test
  void killsTcpWhenAMessageAsksForIt() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(
          request(
              device,
              "POST ID/events",
              "iothub-app-AzIoTHub_FaultOperationType: KillTcp\r\n"
                  + "iothub-app-AzIoTHub_FaultOperationDelayInSecs: 5\r\n",
              "x"));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      raw.write(event("before"));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      time.advance(Duration.ofSeconds(5));
      assertThatThrownBy(raw::read).isInstanceOfAny(SocketException.class, EOFException.class);
    }
  }

  @Test
  void refusesFaultsThatCannotStrike() {
    assertThatThrownBy(() -> Fault.answer(100)).hasMessageContaining("200 to 599");
    assertThatThrownBy(() -> Fault.reject(429)).hasMessageContaining("six-digit");
    assertThatThrownBy(() -> Fault.answer(500).midPacket()).hasMessageContaining("MID_PACKET");
    assertThatThrownBy(() -> Fault.shiftDate(Duration.ZERO).onRequest())
        .hasMessageContaining("ON_REQUEST");
  }
}
