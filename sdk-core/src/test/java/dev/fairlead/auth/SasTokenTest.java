package dev.fairlead.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SasTokenTest {
  private static final Secret KEY = Secret.of("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
  private static final Instant EXPIRY = Instant.parse("2030-01-01T00:00:00Z");
  private static final Audience DEVICE =
      new Audience("myhub.example.net", DeviceIdentity.device("dev-1"));
  private static final Audience MODULE =
      new Audience("myhub.example.net", DeviceIdentity.module("dev-1", "mod-a"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                                    | does not begin with",
        "canary                                                | does not begin with",
        "sharedaccesssignature sr=h&sig=canary&se=1            | does not begin with",
        "SharedAccessSignature sr=h&sig=canary                 | lacks the field se",
        "SharedAccessSignature sr=h&sig=canary&se=             | lacks the field se",
        "SharedAccessSignature sr=h&sig=&se=1                  | lacks the field sig",
        "SharedAccessSignature sig=canary&se=1                 | lacks the field sr",
        "SharedAccessSignature sr=h&sig=canary&se=1&SIG=canary | field 4 appears twice",
        "SharedAccessSignature sr=h&canary&se=1                | field 2 is not of the form",
        "SharedAccessSignature sr=h&=canary&se=1               | field 2 is not of the form",
        "SharedAccessSignature sr=h&sig=canary&se=1&           | field 4 is not of the form",
        "SharedAccessSignature sr=h&sig=canary&se=1.5          | whole number of seconds",
        "SharedAccessSignature sr=h&sig=canary&se=-1           | whole number of seconds",
        "SharedAccessSignature sr=h&sig=canary&se=9223372036854775807 | whole number of seconds",
        "SharedAccessSignature sr=h&sig=canary&se=99999999999999999999 | whole number of seconds",
        "SharedAccessSignature sr=h&sig=can ary&se=1           | character 35 is white space",
        "SharedAccessSignature sr=h&sig=canäry&se=1            | character 35 is white space or not",
      })
  void aMalformedTokenIsRefusedAndNotRepeated(String text, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SasToken.parse(Secret.of(text)))
        .withMessageContaining(why)
        .withNoCause()
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("canary"));
  }

  @Test
  void aTokenBeyondAllReasonIsRefusedBeforeItIsTakenApart() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SasToken.parse(Secret.of("SharedAccessSignature " + "a".repeat(8192))))
        .withMessageContaining("more than 8192");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "&x=1"})
  void aLineBreakInsideCannotReachAHeader(String inside) {
    String text = "SharedAccessSignature sr=h" + inside + "Evil: 1&sig=x&se=1";
    assertThatIllegalArgumentException().isThrownBy(() -> SasToken.parse(Secret.of(text)));
  }

  @ParameterizedTest
  @CsvSource({
    // resource as signed, signature in base64: computed with an independent HMAC
    "myhub.example.net%2Fdevices%2Fdev-1,US7za4C4bjiTZK3YbXw/662QieG2d7IODDJZ0NvX0qA=",
    "myhub.example.net/devices/dev-1,p2jW4qd0LgQJl36qEivDRmiXfhTZgaCwF6Y0wC+IkdQ=",
    "myhub.example.net%2Fdevices%2Fdev-1%2Fmodules%2Fmod-a,"
        + "vfH/J/PoFLVTvl4h/mxOIbdNCe1sNdFgzuhx55UNPNk=",
    "myhub.example.net%2Fdevices,rrD798dzABYrtx28Y1UTu0PF9Rbk8iB3YJTGlQlR7Q4=",
  })
  void theSignatureIsOverTheResourceAsItStands(String resource, String signature) {
    byte[] signed = new SharedAccessKey(KEY).hmac(SasToken.signingInput(resource, EXPIRY));

    assertThat(Base64.getEncoder().encodeToString(signed)).isEqualTo(signature);
  }

  @Test
  void aDevicesTokenIsTheKnownOne() {
    SasToken token = SasToken.sign(DEVICE, Optional.empty(), EXPIRY.plusMillis(999), KEY);

    assertThat(token.text().reveal())
        .isEqualTo(
            "SharedAccessSignature sr=myhub.example.net%2Fdevices%2Fdev-1"
                + "&sig=US7za4C4bjiTZK3YbXw%2F662QieG2d7IODDJZ0NvX0qA%3D&se=1893456000");
    assertThat(token.expiry()).isEqualTo(EXPIRY);
    assertThat(token.policyName()).isEmpty();
  }

  @Test
  void aModulesTokenCarriesTheKnownSignature() {
    assertThat(SasToken.sign(MODULE, Optional.empty(), EXPIRY, KEY).text().reveal())
        .isEqualTo(
            "SharedAccessSignature sr=myhub.example.net%2Fdevices%2Fdev-1%2Fmodules%2Fmod-a"
                + "&sig=vfH%2FJ%2FPoFLVTvl4h%2FmxOIbdNCe1sNdFgzuhx55UNPNk%3D&se=1893456000");
  }

  @Test
  void aPolicysTokenNamesThePolicyEncoded() {
    SasToken token = SasToken.sign(DEVICE, Optional.of("a&b"), EXPIRY, KEY);

    assertThat(token.text().reveal()).endsWith("&se=1893456000&skn=a%26b");
    assertThat(SasToken.parse(token.text()).policyName()).contains("a&b");
  }

  @Test
  void everyCharacterOfAnIdThatIsReservedIsEncodedInUpperCaseHex() {
    Audience audience = new Audience("H", DeviceIdentity.device("aZ0-._:*?!(),=@;$'%#+"));

    assertThat(audience.resource())
        .isEqualTo("h%2Fdevices%2FaZ0-._%3A%2A%3F%21%28%29%2C%3D%40%3B%24%27%25%23%2B");
    assertThat(PercentEncoding.decode(audience.resource())).isEqualTo(audience.path());
    assertThat(PercentEncoding.encode("ä€")).isEqualTo("%C3%A4%E2%82%AC");
    assertThat(PercentEncoding.decode("%c3%A4%e2%82%ac")).isEqualTo("ä€");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "%4", "%zz", "100%", "a%", "%%%"})
  void aPercentSignThatBeginsNoEscapeStays(String text) {
    assertThat(PercentEncoding.decode(text)).isEqualTo(text);
  }

  @Test
  void aTokenIsReadWithItsFieldsInAnyOrderAndCase() {
    String text =
        "SharedAccessSignature SIG=abc%3d&Se=1893456000&sr=MyHub.example.net/devices/dev-1&skn=";

    SasToken token = SasToken.parse(Secret.of(" " + text + "\n"));

    assertThat(token.text().reveal()).isEqualTo(text);
    assertThat(token.resource()).isEqualTo("MyHub.example.net/devices/dev-1");
    assertThat(token.expiry()).isEqualTo(EXPIRY);
    assertThat(token.policyName()).isEmpty();
    assertThat(token)
        .hasToString("SasToken[sr=MyHub.example.net/devices/dev-1, se=2030-01-01T00:00:00Z]");
  }

  @ParameterizedTest
  @CsvSource({
    "myhub.example.net%2fdevices%2Fdev-1,true",
    "MYHUB.example.net/devices/dev-1,true",
    "myhub.example.net/devices/dev-1/modules/mod-a,true",
    "myhub.example.net/devices,true",
    "myhub.example.net,true",
    "myhub.example.net/devices/dev-,false",
    "myhub.example.net/devices/dev-10,false",
    "myhub.example.net/devices/DEV-1,false",
    "myhub.example.net/devices/dev-1/modules/mod,false",
    "myhub.example.ne,false",
    "other.example.net/devices/dev-1,false",
    "myhub.example.net/DEVICES/dev-1,false",
    "%2F,false",
  })
  void aTokenCoversWhatLiesBelowItByWholeSegments(String resource, boolean covered) {
    SasToken token =
        SasToken.parse(Secret.of("SharedAccessSignature sr=" + resource + "&sig=x&se=1"));

    assertThat(token.covers(MODULE)).isEqualTo(covered);
  }

  @Test
  void aModulesTokenDoesNotCoverItsDevice() {
    assertThat(SasToken.sign(MODULE, Optional.empty(), EXPIRY, KEY).covers(DEVICE)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''            | is empty",
        "'  '          | is empty",
        "Canary*Canary | character 7 of 13",
        "Canary-_      | character 7 of 8",
        "Cana=ary      | character 5 of 8",
        "====          | character 1 of 4",
        "=             | has 1 characters",
        "CanaryCanary0 | has 13 characters",
        "'\"Canary0\"' | character 1 of 9",
      })
  void aKeyThatIsNotBase64IsRefusedByPlaceAndNotRepeated(String key, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SharedAccessKey(Secret.of(key)))
        .withMessageContaining(why)
        .withNoCause()
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("anary"));
  }

  @Test
  void aLineBreakAroundAKeyIsCutOff() {
    byte[] data = "x".getBytes(StandardCharsets.UTF_8);

    assertThat(new SharedAccessKey(Secret.of(" " + KEY.reveal() + "\r\n")).hmac(data))
        .isEqualTo(new SharedAccessKey(KEY).hmac(data));
  }
}
