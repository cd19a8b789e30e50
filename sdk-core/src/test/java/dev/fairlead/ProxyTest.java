package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyTest {
  private static final String CANARY = "canary-secret";

  @Test
  void printsNoCredentials() {
    Proxy proxy = Proxy.http("proxy.example.net", 3128).withCredentials("jo", Secret.of(CANARY));

    assertThat(proxy).hasToString("HTTP proxy proxy.example.net:3128");
    assertThat(Proxy.socks5("10.0.0.1", 1080)).hasToString("SOCKS5 proxy 10.0.0.1:1080");
    assertThat(proxy.user()).contains("jo");
    assertThat(proxy.password()).contains(Secret.of(CANARY));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "http://proxy", "proxy\r\nX: y", "a b"})
  void refusesAHostThatIsNone(String host) {
    assertThatThrownBy(() -> Proxy.http(host, 3128))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("without scheme");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void refusesAPortOutOfRange(int port) {
    assertThatThrownBy(() -> Proxy.socks5("proxy", port)).hasMessageContaining("1 to 65535");
  }

  @Test
  void refusesCredentialsThatCannotBeSent() {
    Proxy http = Proxy.http("proxy", 3128);
    Proxy socks = Proxy.socks5("proxy", 1080);

    assertThatThrownBy(() -> http.withCredentials("a:b", Secret.of(CANARY)))
        .hasMessageContaining("must not contain a colon")
        .hasMessageNotContaining(CANARY);
    assertThatThrownBy(() -> http.withCredentials("a", Secret.of(CANARY + "\n")))
        .hasMessageContaining("password must not contain control characters")
        .hasMessageNotContaining(CANARY);
    assertThatThrownBy(() -> socks.withCredentials("", Secret.of(CANARY)))
        .hasMessageContaining("1 to 255 bytes, not 0");
    assertThatThrownBy(() -> socks.withCredentials("a", Secret.of("ü".repeat(128))))
        .hasMessageContaining("1 to 255 bytes, not 256");
  }
}
