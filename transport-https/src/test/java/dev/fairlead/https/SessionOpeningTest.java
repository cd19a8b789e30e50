package dev.fairlead.https;

import static dev.fairlead.https.http.ScriptedServer.answer;
import static dev.fairlead.https.http.ScriptedServer.noContent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.https.http.ScriptedServer;
import dev.fairlead.https.http.ScriptedServer.Asked;
import dev.fairlead.peers.PeerConnection;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportSession;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a session opens, or fails to open. */
class SessionOpeningTest extends SessionCase {
  /** The hub's actual answer is undocumented: after each of these the credential is valid. */
  @ParameterizedTest
  @CsvSource({
    "204, -",
    "400, IotHubFormatError",
    "400, ArgumentInvalid",
    "400, SomethingNew",
    "405, SomethingNew",
    "413, MessageTooLarge",
    "415, GenericUnsupportedMediaType",
    "500, ServerError",
    "501, SomethingNew",
    "502, SomethingNew"
  })
  void theProofIsTakenOrItsContentRefused(int status, String name) {
    ScriptedServer hub = hub(request -> status == 204 ? noContent() : error(status, name));
    open(hub);
    assertThat(hub.asked()).hasSize(1);
    Asked proof = hub.asked().get(0);
    assertThat(proof.line()).isEqualTo("POST " + EVENTS + " HTTP/1.1");
    assertThat(proof.text()).isEqualTo("[]");
    assertThat(proof.field("Host")).isEqualTo("hub.example.net");
    assertThat(proof.field("Authorization")).startsWith("SharedAccessSignature sr=");
  }

  @ParameterizedTest
  @CsvSource({
    "401, IotHubUnauthorizedAccess, UnauthorizedException",
    "403, DeviceDisabled, UnauthorizedException",
    "404, DeviceNotFound, UnauthorizedException",
    "429, ThrottlingException, ThrottledException",
    "403, IotHubQuotaExceeded, QuotaExceededException",
    "400, InvalidProtocolVersion, UnreachableException",
    "408, SomethingSlow, UnreachableException",
    "404, SomethingNew, RejectedException",
    "403, OperationNotAvailableInCurrentTier, RejectedException",
    "503, ServerBusy, UnreachableException"
  })
  void aRefusedProofIsNoSession(int status, String name, String type) {
    ScriptedServer hub = hub(request -> error(status, name));
    Throwable failure = failure(opening(hub, Feed.CLOUD_MESSAGES));
    assertThat(failure.getClass().getSimpleName()).isEqualTo(type);
    assertThat(hub.asked()).hasSize(1);
    assertThat(asked.get()).as("no poll was asked for").isNull();
  }

  /**
   * A page of a captive portal, or another server, does not count as a hub that accepted the
   * device.
   */
  @ParameterizedTest
  @ValueSource(ints = {200, 201, 302, 400, 401, 404, 413, 429, 500, 503})
  void aStrangerIsNoHub(int status) {
    ScriptedServer stranger =
        hub(request -> answer(status, "Content-Type: text/plain\r\n", "hello"));
    assertThat(failure(opening(stranger))).isInstanceOf(UnreachableException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "..", "%2e", "%2E.", "%2e%2E"})
  void anIdThatAPathCannotNameIsRefusedWithoutAConnection(String id) {
    ScriptedServer hub = hub(request -> noContent());
    deviceId = id;
    assertThat(failure(opening(hub))).isInstanceOf(UnsupportedException.class);
    assertThat(hub.accepted()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "a#b| /devices/a%23b/",
        "a?b| /devices/a%3Fb/",
        "a%b| /devices/a%25b/",
        "a%2fb| /devices/a%252fb/",
        "a+b:c;d=e@f$g| /devices/a+b:c;d=e@f$g/",
        "...| /devices/.../"
      },
      delimiter = '|')
  void anOddIdStaysOneSegment(String id, String path) {
    ScriptedServer hub = hub(request -> noContent());
    deviceId = id;
    open(hub);
    assertThat(hub.asked().get(0).line()).startsWith("POST " + path.strip() + "messages/events?");
  }

  // --- a hub that is late or silent ---

  @Test
  void aSilentHubIsLeftToTheClientsLimitAndTheStepSaysWhatIsAwaited() throws Exception {
    ScriptedServer hub = hubRunning(ScriptedServer.Peer::awaitEnd);
    options = impatient();
    CompletableFuture<TransportSession> outcome = opening(hub);
    await().until(() -> opening.step().startsWith("the answer of localhost:"));
    assertThat(opening.step())
        .isEqualTo("the answer of " + hub.endpoint() + " to the first request");
    assertThat(context.serialLoop().pending()).as("timers of the transport").isZero();
    opening.abort();
    assertThat(failure(outcome))
        .isInstanceOfSatisfying(
            UnreachableException.class,
            failure -> assertThat(failure.stage()).isEqualTo(UnreachableException.Stage.OPEN));
    await().until(() -> hub.open() == 0);
  }

  @Test
  void anOpeningThatDialsSaysSo() throws Exception {
    try (ScriptedPeer silent = ScriptedPeer.plain(PeerConnection::holdSilent)) {
      CompletableFuture<TransportSession> outcome =
          opening(new Endpoint("localhost", silent.port(), Trust.platform()));
      await().until(() -> opening.step().startsWith("the TLS handshake with localhost:"));
      opening.abort();
      assertThat(failure(outcome)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void anIdThatCannotBeCarriedWaitsForNothing() {
    deviceId = "..";
    assertThat(opening(hub(request -> noContent()))).isCompletedExceptionally();
    assertThat(opening.step()).isNotBlank();
  }

  @Test
  void halfAnAnswerIsNone() {
    ScriptedServer hub =
        hubRunning(
            peer -> {
              peer.readRequest();
              peer.write("HTTP/1.1 204 No Con");
            });
    assertThat(failure(opening(hub))).isInstanceOf(UnreachableException.class);
  }
}
