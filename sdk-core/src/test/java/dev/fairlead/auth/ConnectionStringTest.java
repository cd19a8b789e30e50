package dev.fairlead.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.spi.Credential;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionStringTest {
  // "canary" in base64 alphabet; it must turn up in no message
  private static final String KEY = "canary0123456789canary0123456789canary0123Y=";
  private static final String START = "HostName=myhub.example.net;DeviceId=dev-1;";
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                        | is empty",
        "'\"\"'                                    | is empty",
        "{key}                                     | Part 1 of the connection string begins with no known key",
        "{start}{key}                              | Part 3 of the connection string begins with no known key",
        "{start}SharedAccessKey{key}               | Part 3 of the connection string begins with no known key",
        "{start}canary                             | Part 3 of the connection string has no '='",
        "{start};SharedAccessKey={key}             | Part 3 of the connection string has no '='",
        "{start}SharedAcessKey={key}               | unknown key \"SharedAcessKey\"; did you mean SharedAccessKey?",
        "{start}SharedAccesKeyName={key}           | did you mean SharedAccessKeyName?",
        "{start}SharedAccessSignatur={key}         | did you mean SharedAccessSignature?",
        "HostNam=h;DeviceId=d                      | did you mean HostName?",
        "HostName=h;Device=d                       | did you mean DeviceId?",
        "HostName=h;DeviceIdd=d                    | did you mean DeviceId?",
        "{start}x508=true                          | did you mean x509?",
        "{start}abcd=canary                        | begins with no known key",
        "{start}SharedAccessKey={key};deviceid=dev-2 | DeviceId in the connection string is given twice",
        "{start}SharedAccessKey=                   | SharedAccessKey in the connection string has no value",
        "HostName=h;DeviceId= ;SharedAccessKey={key} | DeviceId in the connection string has no value",
        "{start}                                   | has no credentials",
        "{start}x509=false                         | has no credentials",
        "{start}x509=canary                        | x509 in the connection string is neither true nor false",
        "{start}SharedAccessKey={key};SharedAccessSignature={key} | has both SharedAccessKey and SharedAccessSignature",
        "{start}SharedAccessKey={key};x509=true    | SharedAccessKey in the connection string cannot be combined with x509=true",
        "{start}SharedAccessSignature={key};x509=TRUE | SharedAccessSignature in the connection string cannot be combined with x509=true",
        "{start}SharedAccessKeyName=p;x509=true    | SharedAccessKeyName in the connection string cannot be combined with x509=true",
        "{start}SharedAccessKeyName=p              | needs a SharedAccessKey, which is missing",
        "{start}SharedAccessKey=can-ary            | SharedAccessKey: The shared access key is not base64: character 4 of 7",
        "{start}SharedAccessKey=canary0            | SharedAccessKey: The shared access key is not base64: it has 7 characters",
        "{start}SharedAccessKey=can ary=           | SharedAccessKey in the connection string contains a space",
        "{start}SharedAccessSignature=canary       | SharedAccessSignature: This is not a shared access signature",
        "DeviceId=dev-1;SharedAccessKey={key}      | lacks HostName",
        "HostName=h;SharedAccessKey={key}          | lacks DeviceId",
        "HostName=h;ModuleId=m;SharedAccessKey={key} | lacks DeviceId",
        "HostName=h;SharedAccessKeyName=iothubowner;SharedAccessKey={key} | is a connection string of the hub itself, for services",
        "Endpoint=sb://x/;SharedAccessKeyName=p;SharedAccessKey={key};EntityPath=e | Event Hubs-compatible endpoint",
        "HostName=https://h;DeviceId=d;SharedAccessKey={key} | HostName begins with a scheme",
        "HostName=h:8883;DeviceId=d;SharedAccessKey={key} | HostName contains a colon; leave out the port",
        "HostName=h/devices;DeviceId=d;SharedAccessKey={key} | HostName contains a slash",
        "HostName=h..x;DeviceId=d;SharedAccessKey={key} | HostName is not a host name",
        "HostName=-h;DeviceId=d;SharedAccessKey={key} | HostName is not a host name",
        "HostName={key};DeviceId=d;SharedAccessKey={key} | HostName is not a host name",
        "HostName=h x;DeviceId=d;SharedAccessKey={key} | HostName in the connection string contains a space",
        "GatewayHostName=h/;{start}SharedAccessKey={key} | GatewayHostName contains a slash",
        "HostName=h;DeviceId=can/ary;SharedAccessKey={key} | DeviceId in the connection string is not an id the hub accepts",
        "{start}ModuleId=can/ary;SharedAccessKey={key} | ModuleId in the connection string is not an id the hub accepts",
        "HostName=h;DeviceId=\"canary\";SharedAccessKey={key} | has a quotation mark at character 21",
        "{start}Description=ä                      | not printable ASCII at position 55",
      })
  void eachMistakeHasItsOwnMessageWithoutAnyValue(String text, String message) {
    String connectionString = text.replace("{start}", START).replace("{key}", KEY);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConnectionString.parse(connectionString))
        .withMessageContaining(message)
        .satisfies(e -> Canary.assertAbsentFrom(e, "canary", "can-ary", "can/ary", "can ary"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n"})
  void aLineBreakInsideIsNamed(String lineBreak) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ConnectionString.parse(
                    START + "SharedAccessKey=canary0123" + lineBreak + KEY.substring(10)))
        .withMessageContaining("a line break at character " + (START.length() + 27))
        .satisfies(e -> Canary.assertAbsentFrom(e, "canary"));
  }

  @Test
  @SuppressWarnings("NullAway") // what an unset variable gives
  void nullIsNamed() {
    assertThatNullPointerException()
        .isThrownBy(() -> ConnectionString.parse(null))
        .withMessageContaining("is the variable or setting it comes from set?");
  }

  @Test
  void aTextBeyondAllReasonIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConnectionString.parse(START + "SharedAccessKey=" + "a".repeat(8192)))
        .withMessageContaining("more than 8192");
  }

  @Test
  void aHostNameOfTheGreatestLengthIsCheckedWithoutBacktracking() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostName.check("HostName", "a-".repeat(126) + "!"))
        .withMessageContaining("is not a host name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HostName=myhub.example.net;DeviceId=dev-1;SharedAccessKey={key}",
        "HostName=myhub.example.net;DeviceId=dev-1;SharedAccessKey={key};",
        "SHAREDACCESSKEY={key};deviceid=dev-1;hostname=myhub.example.net",
        "  HostName = myhub.example.net ; DeviceId = dev-1 ; SharedAccessKey = {key} \r\n",
        "\"HostName=myhub.example.net;DeviceId=dev-1;SharedAccessKey={key}\"",
        "'HostName=myhub.example.net;DeviceId=dev-1;SharedAccessKey={key}'\n",
        "HostName=myhub.example.net;DeviceId=dev-1;x509=false;SharedAccessKey={key}",
      })
  void aDevicesConnectionStringIsReadAsItIsCopied(String text) {
    ConnectionString read = ConnectionString.parse(text.replace("{key}", KEY));

    assertThat(read.hostName()).isEqualTo("myhub.example.net");
    assertThat(read.identity()).isEqualTo(DeviceIdentity.device("dev-1"));
    assertThat(read.gatewayHost()).isEmpty();
    assertThat(read.x509()).isFalse();
    assertThat(read.credentials())
        .hasValueSatisfying(
            credentials -> {
              assertThat(credentials.kind()).isEqualTo(CredentialKind.SHARED_ACCESS);
              assertThat(credentials.renewable()).isTrue();
            });
    assertThat(read.toString()).doesNotContain("canary").contains("SharedAccessKey=***");
  }

  @Test
  void theTokenIsSignedWithTheKeyAndNamesThePolicy() {
    ConnectionString read =
        ConnectionString.parse(
            START
                + "SharedAccessKeyName=device;"
                + "SharedAccessKey=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");

    Instant now = Instant.parse("2029-12-31T23:00:00Z");
    Credential.Token token =
        (Credential.Token)
            read.credentials()
                .orElseThrow()
                .issue(new Audience(read.hostName(), read.identity()), now)
                .toCompletableFuture()
                .join();

    assertThat(token.text().reveal())
        .isEqualTo(
            "SharedAccessSignature sr=myhub.example.net%2Fdevices%2Fdev-1"
                + "&sig=US7za4C4bjiTZK3YbXw%2F662QieG2d7IODDJZ0NvX0qA%3D&se=1893456000&skn=device");
  }

  @Test
  void aSignatureMayContainItsSpaceAndEqualsSigns() {
    String token =
        "SharedAccessSignature sr=myhub.example.net%2Fdevices%2Fdev-1&sig=canary%3D&se=1893456000";

    ConnectionString read = ConnectionString.parse(START + "SharedAccessSignature=" + token);

    Credentials credentials = read.credentials().orElseThrow();
    assertThat(credentials.renewable()).isFalse();
    Credential issued =
        credentials
            .issue(new Audience(read.hostName(), read.identity()), NOW)
            .toCompletableFuture()
            .join();
    assertThat(((Credential.Token) issued).text().reveal()).isEqualTo(token);
    assertThat(read + " " + credentials + " " + issued).doesNotContain("canary");
  }

  @Test
  void everyOtherKeyIsHonoured() {
    ConnectionString read =
        ConnectionString.parse(
            "HostName=localhost;GatewayHostName=edge_1;DeviceId=a=b%2F'c';ModuleId=$m;X509=True");

    assertThat(read.hostName()).isEqualTo("localhost");
    assertThat(read.gatewayHost()).contains("edge_1");
    assertThat(read.identity()).isEqualTo(DeviceIdentity.module("a=b%2F'c'", "$m"));
    assertThat(read.x509()).isTrue();
    assertThat(read.credentials()).isEmpty();
    assertThat(read)
        .hasToString(
            "HostName=localhost;GatewayHostName=edge_1;DeviceId=a=b%2F'c';ModuleId=$m;x509=True");
  }
}
