package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
}
