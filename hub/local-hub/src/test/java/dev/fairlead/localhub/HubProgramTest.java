package dev.fairlead.localhub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.localhub.program.ProgramOptions;
import dev.fairlead.localhub.program.ProgramOptions.BadArgument;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubProgramTest {

  @Test
  void theDefaultsAreThoseOfTheHub() throws BadArgument {
    ProgramOptions options = ProgramOptions.parse();
    assertThat(options.hub().mqttPort()).isEqualTo(8883);
    assertThat(options.hub().httpsPort()).isEqualTo(443);
    assertThat(options.devices()).containsExactly("dev-1");
    assertThat(options.healthPort()).isEmpty();
    assertThat(
            new String(
                Base64.getDecoder().decode(ProgramOptions.DEVELOPMENT_KEY),
                StandardCharsets.US_ASCII))
        .isEqualTo("local-hub-development-key-32byte");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--what",
        "--mqtt-port",
        "--mqtt-port x",
        "--mqtt-port 65536",
        "--https-port -1",
        "--amqp-port 65536",
        "--key !",
        "--host a/b",
        "--bind no.such.host.invalid"
      })
  void refusesBadArguments(String args) {
    assertThatThrownBy(() -> ProgramOptions.parse(args.split(" ")))
        .isInstanceOf(BadArgument.class)
        .hasMessageContaining("--");
  }

  @Test
  void printsWhatAClientNeedsAndAnswersAboutItsHealth() throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ProgramOptions options =
        ProgramOptions.parse(
            "--mqtt-port",
            "0",
            "--amqp-port",
            "0",
            "--https-port",
            "0",
            "--device",
            "a",
            "--device",
            "b",
            "--health-port",
            "0");
    try (HubProgram program =
        HubProgram.start(options, new PrintStream(printed, true, StandardCharsets.UTF_8))) {
      String text = printed.toString(StandardCharsets.UTF_8);
      assertThat(text)
          .contains("127.0.0.1:" + program.hub().mqttPort())
          .contains("127.0.0.1:" + program.hub().amqpPort())
          .contains("wss://localhost:" + program.hub().httpsPort() + "/$iothub/websocket")
          .contains(
              "HostName=localhost;DeviceId=a;SharedAccessKey=" + ProgramOptions.DEVELOPMENT_KEY)
          .contains("DeviceId=b;")
          .contains(program.hub().caFile().toString());
      Matcher address = Pattern.compile("http://\\S+/health").matcher(text);
      assertThat(address.find()).isTrue();
      try (InputStream health = URI.create(address.group()).toURL().openStream()) {
        assertThat(new String(health.readAllBytes(), StandardCharsets.UTF_8))
            .contains("\"status\":\"online\"")
            .contains("\"identities\":2");
      }
    }
  }
}
