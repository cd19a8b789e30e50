package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fairlead.UnreachableException.Stage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The small values: ranges, and what they print. */
class ValuesTest {
  @ParameterizedTest
  @ValueSource(ints = {0, -1, 65_536})
  void aPortIsAPort(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Route(Protocol.MQTT, Carrier.TCP, port))
        .withMessageContaining("not " + port);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Endpoint("hub", port, Trust.platform()))
        .withMessageContaining("not " + port);
  }

  @Test
  void portsReachFromOneToTheLast() {
    assertThat(new Route(Protocol.AMQP_WS, Carrier.WEBSOCKET, 65_535))
        .hasToString("AMQP_WS/websocket:65535");
    assertThat(new Endpoint("hub", 1, Trust.platform())).hasToString("hub:1");
    assertThatIllegalArgumentException().isThrownBy(() -> new Endpoint(" ", 1, Trust.platform()));
  }

  @Test
  void aMethodsAnswerIsBoundedInBytes() {
    String largest = "€".repeat(MethodResponse.MAX_PAYLOAD_BYTES / 3) + "ab";
    assertThat(MethodResponse.ok(largest).payload()).isEqualTo(largest);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> MethodResponse.ok(largest + "c"))
        .withMessageContaining("131073 bytes");
    assertThat(MethodResponse.of(501)).isEqualTo(new MethodResponse(501, ""));
  }

  @Test
  void aMethodsPayloadIsNotPrinted() {
    assertThat(new MethodRequest("open", "\"1234\""))
        .hasToString("MethodRequest[open, 6 characters]");
  }

  @Test
  void clockEvidenceIsAddedToTheSameFailure() {
    Exception cause = new Exception("cause");
    UnreachableException bare =
        new UnreachableException("tls", Stage.TLS, Progress.NOT_SENT, cause);

    UnreachableException doubted = bare.withClockEvidence("the clock says 1970");

    assertThat(bare.clockEvidence()).isEmpty();
    assertThat(doubted.clockEvidence()).hasValue("the clock says 1970");
    assertThat(doubted).hasMessage("tls").hasCause(cause);
    assertThat(doubted.stage()).isEqualTo(Stage.TLS);
  }

  @Test
  void aRefusalHasACodeOnlyIfTheHubGaveOne() {
    assertThat(new RejectedException("no", Progress.MAYBE_SENT).code()).isEmpty();
    assertThat(new RejectedException("no", Progress.MAYBE_SENT, 403002).code()).hasValue(403002);
  }
}
