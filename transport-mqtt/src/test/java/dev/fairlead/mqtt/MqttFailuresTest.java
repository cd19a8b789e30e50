package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import java.io.EOFException;
import java.io.IOException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MqttFailuresTest {
  private final MqttFailures failures =
      new MqttFailures(
          "dev-1",
          new Endpoint("hub.example.net", 8883, Trust.platform()),
          new Credential.Token(Secret.of("canary"), Instant.MAX));

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void maps4And5ToUnauthorized(int code) {
    HubException failure = failures.notOpened(new PacketReader.Refusal(code));
    assertThat(failure)
        .isInstanceOf(UnauthorizedException.class)
        .hasMessageContaining("CONNACK " + code)
        .hasMessageContaining("clock");
    assertThat(failures.notOpened(new MqttException(code)))
        .isInstanceOf(UnauthorizedException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "1, does not support MQTT 3.1.1",
    "2, client id",
    "3, not available at the moment",
    "6, unknown CONNACK code",
    "255, unknown CONNACK code"
  })
  void mapsOtherRefusalsToUnreachable(int code, String text) {
    assertThat(failures.notOpened(new PacketReader.Refusal(code)))
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.OPEN))
        .hasMessageContaining(text);
  }

  static Stream<Arguments> losses() {
    return Stream.of(
        Arguments.of(new EOFException(), Stage.CUT_BY_HUB),
        Arguments.of(new SocketException("Connection reset"), Stage.CUT_BY_HUB),
        Arguments.of(new SocketException("Connection reset by peer"), Stage.CUT_BY_HUB),
        Arguments.of(new SocketException("Broken pipe"), Stage.CUT_BY_HUB),
        Arguments.of(
            new SSLException("Received fatal alert: unexpected_message"), Stage.CUT_BY_HUB),
        Arguments.of(
            new SSLException("x", new SocketException("Connection reset")), Stage.CUT_BY_HUB),
        Arguments.of(new IOException("Connection reset by peer"), Stage.CUT_BY_HUB),
        Arguments.of(new IOException("Broken pipe"), Stage.CUT_BY_HUB),
        Arguments.of(new SocketException("Connection timed out"), Stage.NETWORK),
        Arguments.of(new SocketException("Network is unreachable"), Stage.NETWORK),
        Arguments.of(new NoRouteToHostException("No route to host"), Stage.NETWORK),
        Arguments.of(new SocketException("Socket closed"), Stage.NETWORK),
        Arguments.of(new PacketReader.ProtocolBreach("nonsense"), Stage.SESSION),
        Arguments.of(new MqttException(MqttException.REASON_CODE_UNEXPECTED_ERROR), Stage.SESSION),
        Arguments.of(new IllegalStateException("a defect"), Stage.SESSION));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void mapsTheLossOfASession(Throwable cause, Stage stage) {
    for (Progress progress : Progress.values()) {
      assertThat(failures.lost(cause, progress))
          .isInstanceOfSatisfying(
              UnreachableException.class,
              e -> {
                assertThat(e.stage()).isEqualTo(stage);
                assertThat(e.progress()).isEqualTo(progress);
                assertThat(e).hasMessageContaining("dev-1");
              });
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void mapsEveryLossWhileOpening(Throwable cause, Stage when) {
    assertThat(failures.notOpened(cause))
        .as(when.name())
        .isInstanceOfSatisfying(
            UnreachableException.class,
            e -> {
              assertThat(e.stage()).isEqualTo(Stage.OPEN);
              assertThat(e.progress()).isEqualTo(Progress.NOT_SENT);
            });
  }

  @Test
  void keepsWhatIsMappedAlready() {
    HubException known = failures.silent(Duration.ofSeconds(9), "", Progress.MAYBE_SENT);
    assertThat(failures.lost(known, Progress.NOT_SENT)).isSameAs(known);
    assertThat(failures.notOpened(known)).isSameAs(known);
  }
}
