package dev.fairlead;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TelemetryMessageTest {
  private static String unzipped(TelemetryMessage message) throws IOException {
    return new String(
        new GZIPInputStream(new ByteArrayInputStream(message.body())).readAllBytes(),
        StandardCharsets.UTF_8);
  }

  @Test
  void compressesItsBody() throws IOException {
    String json = "[" + "1,".repeat(5000) + "1]";
    TelemetryMessage message = TelemetryMessage.builder().gzip().json(json).build();

    assertThat(message.size()).isLessThan(200);
    assertThat(message.systemProperties())
        .containsEntry(SystemProperty.CONTENT_ENCODING, "gzip")
        .containsEntry(SystemProperty.CONTENT_TYPE, "application/json");
    assertThat(unzipped(message)).isEqualTo(json);
    assertThat(
            TelemetryMessage.builder()
                .body(json.getBytes(StandardCharsets.UTF_8))
                .contentEncoding("gzip")
                .gzip()
                .build()
                .body())
        .isEqualTo(message.body());
  }

  @Test
  void theLimitIsThatOfTheCompressedBody() {
    TelemetryMessage message = TelemetryMessage.builder().body(new byte[1 << 20]).gzip().build();
    assertThat(message.size()).isLessThan(2000);
    byte[] noise = new byte[TelemetryMessage.MAX_BYTES + 1];
    new Random(1).nextBytes(noise);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TelemetryMessage.builder().body(noise).gzip().build())
        .withMessageContaining("256 KB");
  }

  @Test
  void aBodyThatWouldGrowStaysAsItIs() {
    TelemetryMessage message = TelemetryMessage.builder().json("{}").gzip().build();
    assertThat(message.body()).isEqualTo("{}".getBytes(StandardCharsets.UTF_8));
    assertThat(message.systemProperties()).containsEntry(SystemProperty.CONTENT_ENCODING, "utf-8");
    assertThat(
            TelemetryMessage.builder()
                .body(new byte[1])
                .contentEncoding("gzip")
                .gzip()
                .build()
                .systemProperties())
        .isEmpty();
    TelemetryMessage empty = TelemetryMessage.builder().gzip().build();
    assertThat(empty.size()).isZero();
    assertThat(empty.systemProperties()).isEmpty();
  }

  @Test
  void whatIsDoneToABodyAfterItWasCompressedDoesNotMatter() throws IOException {
    byte[] body = "a".repeat(999).getBytes(StandardCharsets.UTF_8);
    TelemetryMessage message = TelemetryMessage.builder().body(body).gzip().build();
    body[0] = 'b';
    assertThat(unzipped(message)).startsWith("aaa");
  }

  @Test
  void gzipAndAnotherEncodingExcludeEachOther() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> TelemetryMessage.builder().json("{}").contentEncoding("utf-16").gzip().build())
        .withMessageContaining("utf-16");
  }

  @Test
  void aBuilderCompressesEachTime() throws IOException {
    TelemetryMessage.Builder builder = TelemetryMessage.builder().text("a".repeat(999)).gzip();
    assertThat(unzipped(builder.build())).isEqualTo(unzipped(builder.build()));
  }

  @Test
  void takesTheLargestMessageAndNotAByteMore() {
    assertThat(TelemetryMessage.of(new byte[TelemetryMessage.MAX_BYTES]).size()).isEqualTo(262_144);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> TelemetryMessage.of(new byte[TelemetryMessage.MAX_BYTES + 1]))
        .withMessageContaining("262145 bytes")
        .withMessageContaining("262144");
  }

  @Test
  void countsPropertiesAsTheHubDoes() {
    TelemetryMessage message =
        TelemetryMessage.builder()
            .body(new byte[100])
            .property("name", "välue€😀")
            .messageId("12345")
            .contentType("text/plain")
            .build();

    assertThat(message.size())
        .as("body, name, value in UTF-8, the values of system properties")
        .isEqualTo(100 + 4 + "välue€😀".getBytes(UTF_8).length + 5 + 10);
  }

  @Test
  void countsPropertiesAgainstTheLimit() {
    TelemetryMessage.Builder builder =
        TelemetryMessage.builder()
            .body(new byte[TelemetryMessage.MAX_BYTES - 3])
            .property("a", "bc");
    assertThat(builder.build().size()).isEqualTo(TelemetryMessage.MAX_BYTES);

    assertThatIllegalArgumentException().isThrownBy(() -> builder.property("a", "bcd").build());
  }

  @Test
  void saysThatJsonIsJson() {
    TelemetryMessage message = TelemetryMessage.json("{\"t\":\"°C\"}");

    assertThat(message.body()).isEqualTo("{\"t\":\"°C\"}".getBytes(UTF_8));
    assertThat(message.systemProperties())
        .isEqualTo(
            Map.of(
                SystemProperty.CONTENT_TYPE,
                "application/json",
                SystemProperty.CONTENT_ENCODING,
                "utf-8"));
  }

  @Test
  void saysThatTextIsText() {
    TelemetryMessage message = TelemetryMessage.text("21 °C");

    assertThat(message.body()).isEqualTo("21 °C".getBytes(UTF_8));
    assertThat(message.systemProperties())
        .isEqualTo(
            Map.of(
                SystemProperty.CONTENT_TYPE,
                "text/plain",
                SystemProperty.CONTENT_ENCODING,
                "utf-8"));
  }

  @Test
  void holdsEverySystemProperty() {
    TelemetryMessage message =
        TelemetryMessage.builder()
            .messageId("m")
            .correlationId("c")
            .userId("u")
            .contentType("t")
            .contentEncoding("e")
            .creationTime(Instant.parse("2026-01-02T03:04:05.006Z"))
            .outputName("o")
            .component("p")
            .build();

    assertThat(message.systemProperties())
        .containsExactly(
            Map.entry(SystemProperty.MESSAGE_ID, "m"),
            Map.entry(SystemProperty.CORRELATION_ID, "c"),
            Map.entry(SystemProperty.USER_ID, "u"),
            Map.entry(SystemProperty.CONTENT_TYPE, "t"),
            Map.entry(SystemProperty.CONTENT_ENCODING, "e"),
            Map.entry(SystemProperty.CREATION_TIME, "2026-01-02T03:04:05.006Z"),
            Map.entry(SystemProperty.OUTPUT_NAME, "o"),
            Map.entry(SystemProperty.COMPONENT, "p"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "A9", "!#$%&'*+-.^_`|~", "iothub", "x$"})
  void takesNamesThatTheHubTakes(String name) {
    assertThat(TelemetryMessage.builder().property(name, "").build().properties())
        .containsEntry(name, "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a:b", "a=b", "a/b", "ä", "a\n", "a\n\n", "(a)", "a,b"})
  void refusesNamesThatTheHubRefuses(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TelemetryMessage.builder().property(name, "v"))
        .withMessageContaining("\"" + name + "\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"$.mid", "$", "iothub-ack", "iothub-"})
  void keepsReservedNamesForTheirSetters(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TelemetryMessage.builder().property(name, "v"))
        .withMessageContaining("reserved");
  }

  @Test
  void takesAnyTextAsValue() {
    String odd = "\u0000 &=/?%😀";

    assertThat(TelemetryMessage.builder().property("a", odd).build().properties())
        .containsEntry("a", odd);
  }

  @Test
  void checksIds() {
    String longest = "x".repeat(128);
    TelemetryMessage.builder().messageId(longest).correlationId("-:.+%_#*?!(),=@;$'aZ9");

    for (String id : new String[] {"", longest + "x", "a b", "ä", "a/b", "a\n"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TelemetryMessage.builder().messageId(id))
          .withMessageContaining("MESSAGE_ID");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TelemetryMessage.builder().correlationId(id))
          .withMessageContaining("CORRELATION_ID");
    }
  }

  @Test
  void refusesATimeToLiveThatIsOverAtOnce() {
    for (Duration limit : new Duration[] {Duration.ZERO, Duration.ofNanos(-1)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TelemetryMessage.builder().timeToLive(limit));
    }
    assertThat(TelemetryMessage.builder().timeToLive(Duration.ofNanos(1)).build().timeToLive())
        .hasValue(Duration.ofNanos(1));
    assertThat(TelemetryMessage.of(new byte[0]).timeToLive()).isEmpty();
  }

  @Test
  void doesNotChangeWithItsBuilder() {
    TelemetryMessage.Builder builder = TelemetryMessage.builder().property("a", "1");
    TelemetryMessage message = builder.build();

    builder.property("b", "2").messageId("later");

    assertThat(message.properties()).isEqualTo(Map.of("a", "1"));
    assertThat(message.systemProperties()).isEmpty();
    assertThatThrownBy(() -> message.properties().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> message.systemProperties().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void printsNoContent() {
    assertThat(TelemetryMessage.builder().body("body".getBytes(UTF_8)).property("k", "v").build())
        .hasToString("TelemetryMessage[6 bytes, 1 properties]");
  }
}
