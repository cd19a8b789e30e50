package dev.fairlead.localhub.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.twin.Twin.DesiredChange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TwinTest {

  private static final OptionalLong ANY = OptionalLong.empty();

  private final ManualHubTime time = new ManualHubTime(Instant.parse("2030-01-01T00:00:00Z"));
  private final List<DesiredChange> told = new ArrayList<>();
  private final Twin twin = new Twin(time, told::add);

  private void refuses(String patch) {
    assertThatThrownBy(() -> twin.updateReported(patch, ANY))
        .isInstanceOfSatisfying(
            LocalHubException.class, e -> assertThat(e.code()).isEqualTo(400004));
    assertThat(twin.view().reportedVersion()).as("nothing happened").isEqualTo(1);
    assertThat(twin.view().reported()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | {\"a\":1} | {\"a\":1}",
        "{\"a\":1} | {\"b\":2} | {\"a\":1,\"b\":2}",
        "{\"a\":1} | {\"a\":null} | {}",
        "{\"a\":1} | {\"c\":null} | {\"a\":1}",
        "{\"a\":{\"b\":1,\"c\":2}} | {\"a\":{\"b\":null,\"d\":3}} | {\"a\":{\"c\":2,\"d\":3}}",
        "{\"a\":{\"b\":1}} | {\"a\":5} | {\"a\":5}",
        "{\"a\":5} | {\"a\":{\"b\":null,\"c\":1}} | {\"a\":{\"c\":1}}",
        "{\"a\":[1,2]} | {\"a\":[3]} | {\"a\":[3]}"
      })
  void mergesPatches(String before, String patch, String after) {
    twin.updateReported(before, ANY);
    assertThat(twin.updateReported(patch, ANY)).isEqualTo(3);
    assertThat(twin.view().reported()).isEqualTo(after);
  }

  @Test
  void countsVersionsOfBothSectionsApart() {
    assertThat(twin.updateDesired("{\"a\":1}")).isEqualTo(2);
    assertThat(twin.updateDesired("{\"a\":1}")).as("an equal update counts").isEqualTo(3);
    assertThat(twin.updateReported("{}", ANY)).isEqualTo(2);
  }

  @Test
  void aBaseVersionMustBeThePresentOne() {
    twin.updateReported("{\"a\":1}", OptionalLong.of(1));
    assertThatThrownBy(() -> twin.updateReported("{\"a\":2}", OptionalLong.of(1)))
        .isInstanceOfSatisfying(
            LocalHubException.class, e -> assertThat(e.code()).isEqualTo(412001));
    assertThat(twin.view().reported()).isEqualTo("{\"a\":1}");
  }

  @Test
  void replacingTellsWhatIsGone() {
    twin.updateDesired("{\"keep\":{\"x\":1,\"y\":2},\"gone\":1}");
    assertThat(twin.replaceDesired("{\"keep\":{\"x\":1},\"new\":true}")).isEqualTo(3);
    assertThat(twin.view().desired()).isEqualTo("{\"keep\":{\"x\":1},\"new\":true}");
    assertThat(told.get(1))
        .isEqualTo(
            new DesiredChange(
                3, "{\"keep\":{\"x\":1,\"y\":null},\"new\":true,\"gone\":null,\"$version\":3}"));
  }

  @Test
  void stampsEveryNodeThatChanged() {
    twin.updateDesired("{\"a\":{\"b\":1,\"c\":2},\"d\":3}");
    time.advance(Duration.ofSeconds(5));
    twin.updateDesired("{\"a\":{\"b\":9}}");
    JsonNode metadata = Json.parse(twin.view().desiredMetadata());
    assertStamp(metadata, "2030-01-01T00:00:05.0000000Z", 3);
    assertStamp(metadata.path("a"), "2030-01-01T00:00:05.0000000Z", 3);
    assertStamp(metadata.path("a").path("b"), "2030-01-01T00:00:05.0000000Z", 3);
    assertStamp(metadata.path("a").path("c"), "2030-01-01T00:00:00.0000000Z", 2);
    assertStamp(metadata.path("d"), "2030-01-01T00:00:00.0000000Z", 2);
    twin.updateDesired("{\"d\":null}");
    assertThat(Json.parse(twin.view().desiredMetadata()).has("d")).isFalse();
  }

  @Test
  void stampsVersionsOnDesiredPropertiesOnly() {
    twin.updateReported("{\"a\":1}", ANY);
    assertThat(twin.view().reportedMetadata())
        .contains("$lastUpdated")
        .doesNotContain("$lastUpdatedVersion");
  }

  private static void assertStamp(JsonNode node, String time, int version) {
    assertThat(node.path("$lastUpdated").asText()).isEqualTo(time);
    assertThat(node.path("$lastUpdatedVersion").asInt()).isEqualTo(version);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.b", "$a", "a b", "a\\u0001b", "a\\u0085b", ""})
  void refusesKeysWithForbiddenCharacters(String key) {
    refuses("{\"" + key + "\":1}");
    refuses("{\"ok\":[{\"" + key + "\":1}]}");
  }

  @Test
  void limitsKeysTo1Kb() {
    refuses("{\"" + "ä".repeat(513) + "\":1}");
    twin.updateReported("{\"" + "ä".repeat(512) + "\":1}", ANY);
  }

  @Test
  void limitsStringsTo4Kb() {
    refuses("{\"a\":\"" + "x".repeat(4097) + "\"}");
    refuses("{\"a\":[\"" + "x".repeat(4097) + "\"]}");
    twin.updateReported("{\"a\":\"" + "x".repeat(4096) + "\"}", ANY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4503599627370496",
        "-4503599627370497",
        "123456789012345678901234567890",
        "1e400"
      })
  void refusesNumbersOutOfRange(String number) {
    refuses("{\"a\":" + number + "}");
  }

  @Test
  void takesTheOutermostNumbers() {
    twin.updateReported("{\"a\":4503599627370495,\"b\":-4503599627370496,\"c\":1e300}", ANY);
    assertThat(twin.view().reported())
        .isEqualTo("{\"a\":4503599627370495,\"b\":-4503599627370496,\"c\":1.0E300}");
  }

  /** The page's example of the deepest twin: ten objects, and a property in the innermost. */
  @Test
  void limitsDepthTo10() {
    refuses("{\"a\":".repeat(12) + "1" + "}".repeat(12));
    refuses("{\"a\":".repeat(200) + "1" + "}".repeat(200));
    twin.updateReported(
        "{\"one\":{\"two\":{\"three\":{\"four\":{\"five\":{\"six\":{\"seven\":{\"eight\":{\"nine\":"
            + "{\"ten\":{\"property\":\"value\"}}}}}}}}}}}",
        ANY);
  }

  @Test
  void limitsTheSectionTo32KbAsTheHubCounts() {
    // Seven strings of 4096 with keys of one character, and one that fills the limit exactly:
    // 32768.
    StringBuilder full = new StringBuilder("{");
    for (char key = 'a'; key < 'h'; key++) {
      full.append('"').append(key).append("\":\"").append("x".repeat(4096)).append("\",");
    }
    int left = 32 * 1024 - 7 * 4097;
    twin.updateReported(
        full + "\"n\":1,\"t\":true,\"h\":\"" + "x".repeat(left - 1 - 9 - 5) + "\"}", ANY);
    assertThatThrownBy(() -> twin.updateReported("{\"i\":\"\"}", ANY))
        .hasMessageContaining("32769 bytes, more than 32 KB");
    assertThat(twin.updateReported("{\"n\":null,\"i\":\"\"}", ANY))
        .as("removed properties make room")
        .isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "[]",
        "null",
        "\"a\"",
        "{\"a\":}",
        "{\"a\":1}}",
        "{'a':1}",
        "{\"a\":NaN}"
      })
  void refusesWhatIsNoJsonObject(String patch) {
    refuses(patch);
  }
}
