package dev.fairlead.localhub.https;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.TelemetryRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HTTP/1.1 itself: framing, limits, and what hostile clients send. */
class HttpConnectionTest {

  private final LocalHub hub = LocalHub.start();
  private final Device device = hub.createDevice("dev-1");
  private final String token = HttpDevice.token("localhost/devices/dev-1", device.primaryKey());

  @AfterEach
  void stop() {
    hub.close();
  }

  private String head(String more) {
    return "POST /devices/dev-1/messages/events?api-version=2021-04-12 HTTP/1.1\r\n"
        + "Host: localhost\r\nAuthorization: "
        + token
        + "\r\n"
        + more
        + "\r\n";
  }

  private String event(String body) {
    return head("Content-Length: " + body.length() + "\r\n") + body;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "both lengths | Content-Length: 3~Transfer-Encoding: chunked~ | 400",
        "both lengths, the other way round | Transfer-Encoding: chunked~Content-Length: 3~ | 400",
        "two lengths | Content-Length: 3~Content-Length: 4~ | 400",
        "two lengths in one | Content-Length: 3, 4~ | 400",
        "a negative length | Content-Length: -3~ | 400",
        "a signed length | Content-Length: +3~ | 400",
        "a length that is no number | Content-Length: 0x3~ | 400",
        "a length beyond every number | Content-Length: 99999999999999999999~ | 400",
        "an unknown coding | Transfer-Encoding: gzip, chunked~ | 501",
        "chunked twice | Transfer-Encoding: chunked~Transfer-Encoding: chunked~ | 501",
        "chunked, disguised | Transfer-Encoding: xchunked~ | 501",
        "a second host | Host: other~Content-Length: 3~ | 400",
        "a name with a space | Content-Length : 3~ | 400",
        "an expectation | Expect: miracles~Content-Length: 3~ | 417"
      })
  void refusesFramingThatTwoReadersCouldReadDifferently(String name, String lines, int status)
      throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(head(lines.replace("~", "\r\n")) + "abc" + event("smuggled"));
      assertThat(raw.read()).as(name).startsWith("HTTP/1.1 " + status + " ");
      raw.expectEnd();
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void refusesALargeBodyByItsHead() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(head("Content-Length: 1000000000\r\n"));
      assertThat(raw.read())
          .startsWith("HTTP/1.1 413 ")
          .containsIgnoringCase("iothub-errorcode: MessageTooLarge")
          .containsIgnoringCase("connection: close");
      raw.expectEnd();
    }
  }

  @Test
  void readsOnSoThatAClientThatIsStillSendingSeesTheAnswer() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(head("Content-Length: 600000\r\n"));
      for (int i = 0; i < 60; i++) {
        raw.write(new byte[10_000]);
      }
      assertThat(raw.read()).startsWith("HTTP/1.1 413 ");
    }
  }

  @Test
  void tellsAClientThatAsksFirst() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(head("Content-Length: 2\r\nExpect: 100-continue\r\n"));
      assertThat(raw.read()).startsWith("HTTP/1.1 100 ");
      raw.write("ok");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      raw.write(head("Content-Length: 300000\r\nExpect: 100-continue\r\n"));
      assertThat(raw.read()).startsWith("HTTP/1.1 413 ");
    }
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(
          head("Content-Length: 2\r\nExpect: 100-continue\r\n").replace("dev-1/mess", "x/mess"));
      assertThat(raw.read()).startsWith("HTTP/1.1 404 ");
    }
    assertThat(hub.telemetry().count()).isEqualTo(1);
  }

  @Test
  void boundsHeadsAndLines() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(event("first"));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      raw.write(head("X: " + "x".repeat(17_000) + "\r\nContent-Length: 0\r\n"));
      assertThat(raw.read()).startsWith("HTTP/1.1 431 ");
      raw.expectEnd();
    }
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write("GET /" + "x".repeat(17_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(raw.read()).startsWith("HTTP/1.1 414 ");
      raw.expectEnd();
    }
  }

  @Test
  void keepsTheConnectionForOneRequestAfterTheOther() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      for (int i = 0; i < 3; i++) {
        raw.write(event("a" + i));
        assertThat(raw.read()).startsWith("HTTP/1.1 204 ").doesNotContainIgnoringCase("close");
        raw.write(event("x").replace("dev-1/messages/events?", "dev-1/messages/nothing?"));
        assertThat(raw.read()).startsWith("HTTP/1.1 404 ").doesNotContainIgnoringCase("close");
      }
      raw.write(head("Content-Length: 1\r\nConnection: close\r\n") + "z");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ").containsIgnoringCase("connection: close");
      raw.expectEnd();
    }
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("a0", "a1", "a2", "z");
  }

  @Test
  void answersPipelinedRequestsInTheirOrder() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      StringBuilder burst = new StringBuilder();
      for (int i = 0; i < 100; i++) {
        burst.append(i % 2 == 0 ? event("m" + i) : event("x").replace("events?", "nothing?"));
      }
      raw.write(burst.toString());
      for (int i = 0; i < 100; i++) {
        assertThat(raw.read()).startsWith("HTTP/1.1 " + (i % 2 == 0 ? 204 : 404) + " ");
      }
    }
    assertThat(hub.telemetry().count()).isEqualTo(50);
  }

  @Test
  void readsARequestThatComesByteByByte() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      String chunked =
          head("Transfer-Encoding: chunked\r\n")
              + "2\r\nab\r\n1;ext=1\r\nc\r\n0\r\nTrailer: x\r\n\r\n";
      for (byte b : (event("whole") + chunked).getBytes(StandardCharsets.ISO_8859_1)) {
        raw.write(new byte[] {b});
      }
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
    }
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("whole", "abc");
  }

  @Test
  void readsARequestSplitAnywhere() throws IOException {
    byte[] request = event("body").getBytes(StandardCharsets.ISO_8859_1);
    try (RawHttp raw = RawHttp.dial(hub)) {
      for (int at = 1; at < request.length; at++) {
        raw.write(java.util.Arrays.copyOfRange(request, 0, at));
        raw.write(java.util.Arrays.copyOfRange(request, at, request.length));
        assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      }
    }
    assertThat(hub.telemetry().count()).isEqualTo(request.length - 1);
  }

  @Test
  void survivesChunksThatAreNone() throws IOException {
    for (String chunks :
        new String[] {
          "zz\r\nabc\r\n", "-1\r\nabc\r\n", "FFFFFFFFFFFFFFFF\r\n", "3\r\nabcdef\r\n"
        }) {
      try (RawHttp raw = RawHttp.dial(hub)) {
        raw.write(head("Transfer-Encoding: chunked\r\n") + chunks);
        assertThat(raw.read()).as(chunks).matches("(?s)HTTP/1.1 4(00|13) .*");
        raw.expectEnd();
      }
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void survivesNoise() throws IOException {
    Random random = new Random(42);
    byte[] good = event("x").getBytes(StandardCharsets.ISO_8859_1);
    for (int round = 0; round < 200; round++) {
      byte[] bytes = good.clone();
      int flips = 1 + random.nextInt(20);
      for (int i = 0; i < flips; i++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      if (round % 10 == 0) {
        random.nextBytes(bytes);
      }
      try (RawHttp raw = RawHttp.dial(hub)) {
        raw.write(bytes);
      }
    }
    HttpDevice http = HttpDevice.of(hub, device);
    assertThat(http.post(http.events(), "still there", java.util.Map.of()).statusCode())
        .isEqualTo(204);
  }

  /** Every request of a mutated stream is answered or the connection ends; nothing hangs. */
  @Test
  void endsOrAnswersWhateverComes() throws IOException {
    Random random = new Random(7);
    String[] parts = {
      "Content-Length: 1\r\n",
      "Content-Length: 0\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Expect: 100-continue\r\n",
      "Connection: close\r\n",
      "Connection: Upgrade\r\n",
      "\r\n",
      "0\r\n\r\n",
      "1\r\nx\r\n",
      "GET / HTTP/1.1\r\n",
      "Host: localhost\r\n",
      ": \r\n",
      "\u0000",
      " ",
      "x".repeat(500)
    };
    for (int round = 0; round < 150; round++) {
      StringBuilder stream = new StringBuilder(round % 2 == 0 ? head("") : "");
      for (int i = random.nextInt(12); i >= 0; i--) {
        stream.append(parts[random.nextInt(parts.length)]);
      }
      try (RawHttp raw = RawHttp.dial(hub)) {
        raw.write(stream + "\r\n\r\n\r\nGARBAGE\r\n\r\n" + "GARBAGE\r\n\r\n");
        raw.expectEnd();
      }
    }
  }

  /** The amount read is bounded, however many requests a client sends without reading answers. */
  @Test
  void doesNotServeAClientThatDoesNotRead() throws Exception {
    String ask = head("").replace("POST", "GET").replace("events?", "nothing?");
    byte[] burst = ask.repeat(200).getBytes(StandardCharsets.ISO_8859_1);
    Thread flood;
    try (RawHttp raw = RawHttp.dial(hub)) {
      flood =
          new Thread(
              () -> {
                try {
                  while (true) {
                    raw.write(burst);
                  }
                } catch (IOException e) {
                  // Expected: the test closes the connection.
                }
              });
      flood.setDaemon(true);
      flood.start();
      // Without a bound the count would grow forever.
      AtomicLong before = new AtomicLong(-1);
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(500))
          .until(() -> before.getAndSet(hub.https().count()) == hub.https().count());
      assertThat(hub.https().count()).isPositive();
      raw.abort();
    }
    flood.join();
  }

  @Test
  void closesAConnectionThatIsSilent() throws IOException {
    LocalHubOptions impatient =
        LocalHubOptions.defaults().idleBeforeConnect(Duration.ofMillis(200));
    try (LocalHub other = LocalHub.start(impatient);
        RawHttp raw = RawHttp.dial(other)) {
      raw.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(raw.read()).startsWith("HTTP/1.1 404 ");
      raw.expectEnd();
    }
  }

  @Test
  void goesOfflineWithItsPort() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(event("x"));
      assertThat(raw.read()).startsWith("HTTP/1.1 204 ");
      hub.goOffline(dev.fairlead.localhub.HubPort.HTTPS);
      raw.expectEnd();
    }
  }
}
