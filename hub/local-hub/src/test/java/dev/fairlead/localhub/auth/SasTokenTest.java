package dev.fairlead.localhub.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SasTokenTest {

  private static final String KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
  private static final String OTHER_KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyE=";
  private static final String HOST = "myhub.example.net";

  private static SasToken token(String text) {
    return SasToken.parse(text).orElseThrow();
  }

  /** Signatures computed by an independent HMAC. */
  @ParameterizedTest
  @CsvSource({
    "myhub.example.net%2Fdevices%2Fdev-1, US7za4C4bjiTZK3YbXw/662QieG2d7IODDJZ0NvX0qA=",
    "myhub.example.net/devices/dev-1, p2jW4qd0LgQJl36qEivDRmiXfhTZgaCwF6Y0wC+IkdQ=",
    "myhub.example.net%2Fdevices%2Fdev-1%2Fmodules%2Fmod-a, vfH/J/PoFLVTvl4h/mxOIbdNCe1sNdFgzuhx55UNPNk=",
    "myhub.example.net%2Fdevices, rrD798dzABYrtx28Y1UTu0PF9Rbk8iB3YJTGlQlR7Q4="
  })
  void signsTheResourceAsItStands(String resource, String signature) {
    String encoded = URLEncoder.encode(signature, StandardCharsets.UTF_8);
    SasToken token =
        token("SharedAccessSignature sr=" + resource + "&sig=" + encoded + "&se=1893456000");
    assertThat(token.isSignedBy(KEY)).isTrue();
    assertThat(token.isSignedBy(OTHER_KEY)).isFalse();
    assertThat(token.expiry()).isEqualTo(Instant.parse("2030-01-01T00:00:00Z"));
    assertThat(token.covers(HOST, "/devices/dev-1/modules/mod-a")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SharedAccessSignature sr=h%2Fdevices%2Fd&sig=AQ%3D%3D&se=1",
        "sharedaccesssignature SIG=AQ%3d%3d&Se=1&SR=h%2fdevices%2fd&skn=",
        "SharedAccessSignature sig=AQ==&se=1&sr=h/devices/d&extra=x"
      })
  void readsFieldsInAnyOrderAndCase(String text) {
    SasToken token = token(text);
    assertThat(token.covers("H", "/devices/d")).isTrue();
    assertThat(token.policy()).as("an empty skn counts as absent").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SharedAccessSignature",
        "SharedAccessSignature ",
        "Bearer sr=h&sig=AQ==&se=1",
        "SharedAccessSignature sr=h&sig=AQ==",
        "SharedAccessSignature sr=h&se=1",
        "SharedAccessSignature sig=AQ==&se=1",
        "SharedAccessSignature sr=h&sig=AQ==&se=soon",
        "SharedAccessSignature sr=h&sig=AQ==&se=99999999999999999",
        "SharedAccessSignature sr=h&sig=!&se=1",
        "SharedAccessSignature sr=%zz&sig=AQ==&se=1"
      })
  void refusesWhatIsNoToken(String text) {
    assertThat(SasToken.parse(text)).isEqualTo(Optional.empty());
  }

  @ParameterizedTest
  @CsvSource({
    "h/devices/a, /devices/a, true",
    "h/devices/a, /devices/a/modules/m, true",
    "h/devices, /devices/a, true",
    "h, /devices/a, true",
    "h/, /devices/a, true",
    "H/devices/a, /devices/a, true",
    "h/devices/a, /devices/ab, false",
    "h/devices/ab, /devices/a, false",
    "h/devices/A, /devices/a, false",
    "h/devices/a/modules/m, /devices/a, false",
    "hh/devices/a, /devices/a, false",
    "x/devices/a, /devices/a, false"
  })
  void coversByWholeSegments(String resource, String path, boolean covered) {
    assertThat(token("SharedAccessSignature sr=" + resource + "&sig=AQ==&se=1").covers("h", path))
        .isEqualTo(covered);
  }

  @Test
  void printsNoSignature() {
    assertThat(token("SharedAccessSignature sr=h&sig=c2VjcmV0&se=1").toString())
        .doesNotContain("c2VjcmV0", "secret");
  }
}
