package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

class SessionFailuresTest {
  private static final Endpoint ENDPOINT = new Endpoint("hub.test", 8883, Trust.platform());

  private final SessionFailures failures = new SessionFailures("MQTT", "dev-1", ENDPOINT, false);

  private static Stage stage(HubException failure) {
    return ((UnreachableException) failure).stage();
  }

  @Test
  void opening() {
    assertThat(failures.slow("the hub did not answer CONNECT", true, Duration.ofSeconds(30)))
        .hasMessageStartingWith(
            "No MQTT session of dev-1 with hub.test:8883: the hub did not answer CONNECT within 30 s.")
        .satisfies(failure -> assertThat(failure.stage()).isEqualTo(Stage.OPEN));
    assertThat(failures.slow("x", false, Duration.ofSeconds(30)).stage()).isEqualTo(Stage.CONNECT);
    assertThat(failures.brokeOpening(new EOFException()))
        .hasMessageContaining("closed the connection")
        .satisfies(failure -> assertThat(stage(failure)).isEqualTo(Stage.OPEN));
    assertThat(failures.brokeOpening(new SocketTimeoutException("x")))
        .hasMessageContaining("broke: time-out.");
    assertThat(failures.breach("a\nlie", false, Progress.NOT_SENT, null))
        .hasMessageContaining("it sent a lie.");
  }

  @Test
  void open() {
    assertThat(
            failures.silent(Duration.ofSeconds(10), "the answer to the token", Progress.MAYBE_SENT))
        .hasMessageContaining("within 10 s, not even an answer to a ping")
        .hasMessageContaining("the answer to the token");
    assertThat(failures.breach("nonsense", true, Progress.MAYBE_SENT, null).stage())
        .isEqualTo(Stage.SESSION);
    assertThat(failures.broke(new IOException("a\r\nb"), Progress.NOT_SENT))
        .hasMessageContaining("broke: a b.")
        .satisfies(failure -> assertThat(stage(failure)).isEqualTo(Stage.NETWORK));
    assertThat(failures.broke(new IOException("Connection reset"), Progress.NOT_SENT))
        .satisfies(failure -> assertThat(stage(failure)).isEqualTo(Stage.CUT_BY_HUB));
    assertThat(failures.aborted(true, Progress.NOT_SENT).stage()).isEqualTo(Stage.NETWORK);
    assertThat(failures.aborted(false, Progress.NOT_SENT).stage()).isEqualTo(Stage.OPEN);
    assertThat(failures.over(Progress.NOT_SENT)).hasMessageContaining("has ended");
  }

  @Test
  void aFailureThatIsMappedAlreadyIsKept() {
    HubException known = failures.over(Progress.MAYBE_SENT);
    assertThat(failures.broke(known, Progress.NOT_SENT)).isSameAs(known);
    assertThat(failures.brokeOpening(known)).isSameAs(known);
  }

  @Test
  void onlyAShownCertificateIsRefused() {
    SSLException alert = new SSLException("Received fatal alert: bad_certificate");
    assertThat(failures.brokeOpening(alert)).isInstanceOf(UnreachableException.class);
    assertThat(new SessionFailures("MQTT", "dev-1", ENDPOINT, true).brokeOpening(alert))
        .isInstanceOf(UnauthorizedException.class)
        .hasMessageContaining("bad_certificate");
  }

  @Test
  void aPeerThatEndsIsToldFromANetworkThatFails() {
    for (Throwable cause :
        List.of(
            new EOFException(),
            new SocketException("Connection reset by peer"),
            new IOException("Broken pipe"),
            new SSLException("Received fatal alert: unexpected_message"),
            new SSLException("x", new SocketException("Connection reset")))) {
      assertThat(SessionFailures.endedByPeer(cause)).as("%s", cause).isTrue();
    }
    for (Throwable cause :
        List.of(
            new SocketException("Connection timed out"),
            new SocketException("Network is unreachable"),
            new IllegalStateException("reset"))) {
      assertThat(SessionFailures.endedByPeer(cause)).as("%s", cause).isFalse();
    }
    assertThat(SessionFailures.describe(new IOException())).isEqualTo("IOException");
  }
}
