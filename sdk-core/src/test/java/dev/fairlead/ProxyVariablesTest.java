package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyVariablesTest {
  private static final String HUB = "name.azure-devices.net";
  private static final String CANARY = "canary-secret";

  private static Optional<Proxy> proxy(String... variables) {
    Map<String, String> environment =
        variables.length == 2
            ? Map.of(variables[0], variables[1])
            : Map.of(variables[0], variables[1], variables[2], variables[3]);
    return ProxyVariables.proxy(environment, HUB);
  }

  @ParameterizedTest
  @CsvSource({
    "http://proxy.example.net:3128, HTTP proxy proxy.example.net:3128",
    "proxy.example.net:3128, HTTP proxy proxy.example.net:3128",
    "HTTP://proxy/, HTTP proxy proxy:80",
    "socks5://10.0.0.1, SOCKS5 proxy 10.0.0.1:1080",
    "socks5h://proxy:9050/, SOCKS5 proxy proxy:9050",
    "http://[fd00::1]:8080, HTTP proxy fd00::1:8080",
    "'  http://proxy:1  ', HTTP proxy proxy:1"
  })
  void readsAnAddress(String value, String expected) {
    assertThat(proxy("https_proxy", value)).get().hasToString(expected);
  }

  @Test
  void takesCredentialsAndDoesNotPrintThem() {
    Proxy proxy = proxy("HTTPS_PROXY", "http://jo%40x:a%3Ab%2Bc+" + CANARY + "@proxy:1").get();

    assertThat(proxy.user()).contains("jo@x");
    assertThat(proxy.password()).contains(Secret.of("a:b+c+" + CANARY));
    assertThat(proxy).hasToString("HTTP proxy proxy:1");
  }

  @Test
  void lowerCaseComesFirstAndNothingMeansNone() {
    assertThat(proxy("https_proxy", "http://a:1", "HTTPS_PROXY", "http://b:1"))
        .get()
        .hasToString("HTTP proxy a:1");
    assertThat(proxy("all_proxy", "socks5://c:1")).get().hasToString("SOCKS5 proxy c:1");
    assertThat(proxy("https_proxy", "", "all_proxy", "http://b:1")).isEmpty();
    assertThat(proxy("http_proxy", "http://b:1")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "*, false",
    "name.azure-devices.net, false",
    "'localhost, .AZURE-devices.net', false",
    "azure-devices.net, false",
    "*.azure-devices.net, false",
    "devices.net, true",
    "other.azure-devices.net, true",
    "'', true",
    "',, ', true"
  })
  void leavesOutWhatNoProxyLists(String list, boolean used) {
    assertThat(proxy("https_proxy", "http://proxy:1", "no_proxy", list).isPresent())
        .isEqualTo(used);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://jo:canary-secret@proxy:1",
        "ftp://jo:canary-secret@proxy:1",
        "http://canary-secret@proxy:1",
        "http://jo:canary-secret%zz@proxy:1",
        "http://jo:canary-secret@proxy:port",
        "http://jo:canary-secret@proxy:99999",
        "http://jo:canary-secret@",
        "http://jo:canary-secret/@:80",
        "http://jo:canary-secret@a b:80"
      })
  void refusesWhatIsNoAddressWithoutShowingIt(String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> proxy("https_proxy", value))
        .withMessageContaining("https_proxy")
        .withMessageContaining("http://user:password@host:port")
        .withMessageNotContaining(CANARY)
        .withNoCause();
  }

  @Test
  void theSystemsProxyIsTheSelectorsFirst() {
    ProxySelector before = ProxySelector.getDefault();
    InetSocketAddress address = InetSocketAddress.createUnresolved("proxy", 3128);
    try {
      ProxySelector.setDefault(
          new Selecting(new java.net.Proxy(java.net.Proxy.Type.HTTP, address)));
      assertThat(Proxy.system(HUB)).get().hasToString("HTTP proxy proxy:3128");
      ProxySelector.setDefault(
          new Selecting(new java.net.Proxy(java.net.Proxy.Type.SOCKS, address)));
      assertThat(Proxy.system(HUB)).get().hasToString("SOCKS5 proxy proxy:3128");
      ProxySelector.setDefault(new Selecting(java.net.Proxy.NO_PROXY));
      assertThat(Proxy.system(HUB)).isEmpty();
      ProxySelector.setDefault(null);
      assertThat(Proxy.system(HUB)).isEmpty();
    } finally {
      ProxySelector.setDefault(before);
    }
  }

  private static final class Selecting extends ProxySelector {
    private final java.net.Proxy proxy;

    Selecting(java.net.Proxy proxy) {
      this.proxy = proxy;
    }

    @Override
    public List<java.net.Proxy> select(URI uri) {
      assertThat(uri).hasScheme("https").hasHost(HUB);
      return List.of(proxy);
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
  }
}
