package dev.fairlead.inbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.json.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At each limit and just over it. Source: "Understand and use device twins". */
class TwinLimitsTest {
  private static void assertTaken(String json) {
    assertThatCode(() -> TwinLimits.check(Json.readObject(json))).doesNotThrowAnyException();
  }

  private static void assertRefused(String json, String... says) {
    assertThatThrownBy(() -> TwinLimits.check(Json.readObject(json)))
        .isInstanceOfSatisfying(
            RejectedException.class,
            refusal -> {
              assertThat(refusal).hasMessageContainingAll(says);
              assertThat(refusal.progress()).isEqualTo(Progress.NOT_SENT);
            });
  }

  private static String nested(int objects, String innermost) {
    return "{\"a\":".repeat(objects) + innermost + "}".repeat(objects);
  }

  @Test
  void takesTenLevelsBelowTheSection() {
    // The documentation's own example: ten names, each an object, the last with a property.
    assertTaken(nested(10, "{\"property\":\"value\"}"));

    assertRefused(nested(11, "{\"property\":\"value\"}"), "a.a.a.a.a.a.a.a.a.a.a\"", "10 levels");
  }

  @Test
  void looksInsideLists() {
    assertRefused("{\"l\":[{\"b c\":1}]}", "\"l.b c\"");
    assertRefused("{\"l\":[[\"" + "x".repeat(4097) + "\"]]}", "\"l\"", "4 KB");
    assertRefused("{\"l\":[" + nested(11, "{}") + "]}", "10 levels");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"$a", "a$b", "a b", "a.b", "a\\u0000", "a\\u001f", "a\\u007f", "a\\u009f"})
  void refusesNamesThatTheHubRefuses(String name) {
    assertRefused("{\"ok\":{\"" + name + "\":1}}", "\"ok.", "control character");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "ä", "a-b_c", "()<>@,;:/?={}", "😀", "\\u00a0"})
  void takesOtherNames(String name) {
    assertTaken("{\"" + name + "\":1}");
  }

  @Test
  void boundsNames() {
    assertTaken("{\"" + "x".repeat(1024) + "\":1}");
    assertTaken("{\"" + "é".repeat(512) + "\":1}");

    assertRefused("{\"ok\":{\"" + "x".repeat(1025) + "\":1}}", "\"ok.xxx", "1 KB");
    assertRefused("{\"" + "é".repeat(512) + "x\":1}", "1 KB");
    assertRefused("{\"ok\":{\"\":1}}", "\"ok.\"", "empty");
  }

  @Test
  void boundsTexts() {
    assertTaken("{\"a\":\"" + "x".repeat(4096) + "\"}");
    assertTaken("{\"a\":\"" + "€".repeat(1365) + "x\"}");

    assertRefused("{\"a\":{\"b\":\"" + "x".repeat(4097) + "\"}}", "\"a.b\"", "4 KB");
    assertRefused("{\"a\":\"" + "€".repeat(1366) + "\"}", "\"a\"", "4 KB");
  }

  @Test
  void boundsIntegers() {
    assertTaken("{\"a\":[4503599627370495,-4503599627370496]}");
    assertTaken("{\"a\":[1e300,0.1]}");

    assertRefused("{\"a\":{\"b\":4503599627370496}}", "\"a.b\"", "range");
    assertRefused("{\"a\":-4503599627370497}", "\"a\"", "range");
  }

  /** Seven members of 4 KB each with their names, then a last one that fills up to 32 KB. */
  private static String filled(String lastMembers) {
    StringBuilder members = new StringBuilder("{");
    for (int i = 0; i < 7; i++) {
      members.append("\"nam" + i + "\":\"" + "x".repeat(4092) + "\",");
    }
    return members + lastMembers + "}";
  }

  @Test
  void boundsTheWholeAsTheHubCounts() {
    // A number counts 8, a truth value 4, a control character 0, null 0, a name its characters.
    String numbers = "\"n\":[1,2.5],\"t\":{\"f\":true},\"z\":null,";
    int counted = 1 + 16 + 1 + 1 + 4 + 1;
    String control = "\\n\\u0085";

    assertTaken(
        filled(
            numbers
                + "\"l\":\""
                + control
                + "é".repeat(1024)
                + "\",\"m\":\""
                + "x".repeat(4096 - 1024 - 2 - counted)
                + "\""));
    assertRefused(
        filled(
            numbers
                + "\"l\":\""
                + control
                + "é".repeat(1024)
                + "\",\"m\":\""
                + "x".repeat(4096 - 1024 - 1 - counted)
                + "\""),
        "32769 bytes",
        "32 KB");
  }

  @Test
  void deletesWithoutCost() {
    TwinLimits.check(Map.of("list", List.of(), "object", Map.of()));
    assertTaken("{\"a\":null,\"b\":{\"c\":null}}");
  }
}
