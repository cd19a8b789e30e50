package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostNameTest {
  @ParameterizedTest
  @CsvSource({
    "a_b.example.net, a_b.example.net, true",
    "a_b.example.net, A_B.Example.NET, true",
    "a_b.example.net, *.example.net, true",
    "a_b.example.net, *.net, false",
    "a_b.example.net, *, false",
    "a_b.example.net, *b.example.net, false",
    "a_b.example.net, example.net, false",
    "a_b.example.net, *.other.net, false",
    "x.a_b.example.net, *.example.net, false",
    "a_b.net, *.net, false",
    "a_b, a_b, true",
    "a_b, *, false",
  })
  void comparesNames(String host, String certificateName, boolean same) {
    assertThat(HostName.of(host).matches(certificateName)).isEqualTo(same);
  }

  @Test
  void knowsLiterals() {
    assertThat(HostName.of("[::1]")).isEqualTo(new HostName("::1", true));
    assertThat(HostName.of("10.0.0.1").sni()).isEmpty();
    assertThat(HostName.of("Hub.Example.net.").ascii()).isEqualTo("hub.example.net");
    assertThat(HostName.of("my_hub").sni()).isEmpty();
    assertThat(HostName.of("hub").sni()).isPresent();
    assertThat(HostName.of("bücher.example").ascii()).isEqualTo("xn--bcher-kva.example");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1.", "\uff11\uff10.0.0.1", "10\u30020.0.1"})
  void knowsAnAddressInOtherWritings(String host) {
    assertThat(HostName.of(host)).isEqualTo(new HostName("10.0.0.1", true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x-.example",
        "-x.example",
        "hub!.example",
        "a..b",
        ".a",
        "a..",
        ".",
        "a b",
        "a\r\nb",
        "a/b",
        "hub.example:8883/x y",
        "[::1",
        "[:]:]",
        "\u0000",
        "\u2024\u2024",
      })
  void refusesWhatIsNoHostName(String host) {
    assertThat(HostName.of(host).valid()).isFalse();
  }

  @Test
  void limitsLabelsAndNames() {
    assertThat(HostName.of("a".repeat(63) + ".b").valid()).isTrue();
    assertThat(HostName.of("a".repeat(64) + ".b").valid()).isFalse();
    assertThat(HostName.of("a.".repeat(126) + "a").valid()).isTrue();
    assertThat(HostName.of("a.".repeat(127) + "a").valid()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "a.b", "A-1.b.", "my_hub", "_a", "1.2", "b\u00fccher.example", "::1"})
  void takesEveryHostName(String host) {
    HostName name = HostName.of(host);

    assertThat(name.valid()).isTrue();
    assertThat(name.sni().isPresent()).isEqualTo(!name.literal() && !host.contains("_"));
  }
}
