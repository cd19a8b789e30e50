package dev.fairlead.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static @Nullable Object read(String value) {
    return Json.readObject("{\"v\":" + value + "}").get("v");
  }

  @Nested
  class Reading {
    @Test
    void keepsTypesAndOrder() {
      Map<String, @Nullable Object> object =
          Json.readObject(
              " {\"z\":\"text\",\"a\":1,\"b\":1.5,\"c\":true,\"d\":null,\"e\":[1,[\"x\"],{}],\"f\":{\"g\":false}}\n");

      assertThat(object.keySet()).containsExactly("z", "a", "b", "c", "d", "e", "f");
      assertThat(object.values())
          .containsExactly(
              "text", 1L, 1.5, true, null, List.of(1L, List.of("x"), Map.of()), Map.of("g", false));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          " ",
          "{",
          "{}}",
          "{}{}",
          "{} x",
          "{}\u0000",
          "[]",
          "\"text\"",
          "1",
          "null",
          "true",
          "{,}",
          "{\"a\"}",
          "{\"a\":}",
          "{\"a\":1,}",
          "{\"a\":1;\"b\":2}",
          "{\"a\"=1}",
          "{a:1}",
          "{'a':1}",
          "{\"a\":'b'}",
          "{\"a\":b}",
          "{\"a\":[1,]}",
          "{\"a\":[,1]}",
          "{\"a\":[1 2]}",
          "{\"a\":[1",
          "{\"a\":\"b}",
          "{\"a\":TRUE}",
          "{\"a\":nUll}",
          "{\"a\":\"\n\"}",
          "{\"a\":\"\\x\"}",
          "{\"a\":\"\\'\"}",
          "{\"a\":\"\\u12\"}",
          "{\"a\":\"\\u12G4\"}",
          "{/* comment */}",
          "{// comment\n}",
          "{# comment\n}",
          ")]}'\n{}",
        })
    void refusesWhatIsNotExactlyOneObject(String text) {
      assertThatIllegalArgumentException().isThrownBy(() -> Json.readObject(text));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "01",
          "-",
          "-01",
          "+1",
          ".5",
          "1.",
          "1.e3",
          "1e",
          "1e+",
          "0x1",
          "NaN",
          "Infinity",
          "-Infinity",
          "1_000",
          "--1",
          "1-1",
          "٣"
        })
    void refusesWhatIsNoNumber(String text) {
      assertThatIllegalArgumentException().isThrownBy(() -> read(text));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "{\"a\":1,\"a\":1}",
          "{\"a\":null,\"a\":1}",
          "{\"b\":[{\"a\":1,\"\\u0061\":2}]}"
        })
    void refusesANameGivenTwice(String text) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Json.readObject(text))
          .withMessage("The JSON object names \"a\" twice.");
    }

    @Test
    void allowsTheSameNameInDifferentObjects() {
      assertThat(Json.readObject("{\"a\":{\"a\":1},\"b\":{\"a\":2}}")).hasSize(2);
    }

    @Test
    void readsSixtyFourLevelsAndNoMore() {
      String deepest = "{\"a\":".repeat(63) + "{}" + "}".repeat(63);
      assertThat(Json.readObject(deepest)).hasSize(1);

      assertThatIllegalArgumentException()
          .isThrownBy(() -> Json.readObject("{\"a\":" + deepest + "}"));
      assertThatIllegalArgumentException().isThrownBy(() -> read("[".repeat(64) + "]".repeat(64)));
    }

    @Test
    void survivesAMillionBrackets() {
      assertThatIllegalArgumentException().isThrownBy(() -> read("[".repeat(1_000_000)));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Json.readObject("{\"a\":".repeat(1_000_000)));
    }

    @ParameterizedTest
    @CsvSource({
      "0, 0",
      "-0, 0",
      "7, 7",
      "9223372036854775807, 9223372036854775807",
      "-9223372036854775808, -9223372036854775808"
    })
    void readsWholeNumbersAsLong(String text, long value) {
      assertThat(read(text)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({
      "-0.0, -0.0",
      "1.0, 1.0",
      "1e3, 1000.0",
      "1E-2, 0.01",
      "9223372036854775808, 9.223372036854775807E18",
      "-9223372036854775809, -9.223372036854775807E18",
      "123456789012345678901234567890, 1.2345678901234568E29",
      "1.7976931348623157e308, 1.7976931348623157e308",
      "1e-999999999, 0.0"
    })
    void readsOtherNumbersAsDouble(String text, double value) {
      assertThat(read(text)).isEqualTo(value);
    }

    @Test
    void boundsTheDigitsOfANumber() {
      assertThat(read("0." + "7".repeat(1_000))).isEqualTo(0.7777777777777778);
      assertThatIllegalArgumentException().isThrownBy(() -> read("0." + "7".repeat(1_000_000)));
      assertThatIllegalArgumentException().isThrownBy(() -> read("7".repeat(1_000_000)));
    }

    @Test
    void refusesNumbersBeyondTheRange() {
      for (String text : List.of("1e999999999", "-1e999999999", "1e309", "9".repeat(400))) {
        assertThatIllegalArgumentException()
            .as(text)
            .isThrownBy(() -> read(text))
            .withMessageContaining("number");
      }
    }

    @Test
    void readsEscapesAndSurrogates() {
      assertThat(read("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20ac\"")).isEqualTo("\"\\/\b\f\n\r\t€");
      assertThat(read("\"\\ud83d\\ude00\"")).isEqualTo("😀");
      assertThat(read("\"😀\"")).isEqualTo("😀");
      assertThat(read("\"\\ud83d\"")).as("as it stands, RFC 8259 section 8.2").isEqualTo("\ud83d");
    }

    @Test
    void givesWhatNobodyCanChange() {
      Map<String, @Nullable Object> object = Json.readObject("{\"a\":{\"b\":1},\"c\":[1]}");

      assertThatThrownBy(object::clear).isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> ((Map<?, ?>) object.get("a")).clear())
          .isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> ((List<?>) object.get("c")).clear())
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Nested
  class Writing {
    private void assertRefused(Object value, String message) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Json.write(Map.of("a", Map.of("b", Arrays.asList(1, value)))))
          .withMessageContaining("\"a.b[1]\"")
          .withMessageContaining(message);
    }

    @Test
    void isCompactAndInOrder() {
      String text =
          "{\"z\":\"text\",\"a\":1,\"b\":1.5,\"c\":true,\"d\":null,\"e\":[1,[\"x\"],{}],\"f\":{}}";

      assertThat(Json.write(Json.readObject(text))).isEqualTo(text);
    }

    @Test
    void takesEveryKindOfNumber() {
      assertThat(Json.write(Map.of("a", Arrays.asList(1, (short) 2, (byte) 3, 4L, 5f))))
          .isEqualTo("{\"a\":[1,2,3,4,5.0]}");
      assertThat(
              Json.write(
                  Map.of("a", List.of(new BigInteger("9".repeat(30)), new BigDecimal("0.10")))))
          .isEqualTo("{\"a\":[" + "9".repeat(30) + ",0.10]}");
    }

    @Test
    void refusesNumbersThatJsonHasNot() {
      assertRefused(Double.NaN, "NaN");
      assertRefused(Double.POSITIVE_INFINITY, "Infinity");
      assertRefused(Float.NEGATIVE_INFINITY, "Infinity");
      assertRefused(new BigDecimal("1e400"), "1E+400");
    }

    @Test
    void refusesOtherTypes() {
      assertRefused(Instant.EPOCH, "java.time.Instant");
      assertRefused(new int[0], "[I");
    }

    @Test
    void refusesNamesThatAreNoText() {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Json.write(Map.of("a", Map.of(1, 2))))
          .withMessageContaining("\"a\"")
          .withMessageContaining("1");
      Map<@Nullable String, String> nameless = new HashMap<>();
      nameless.put(null, "x");
      assertThatIllegalArgumentException().isThrownBy(() -> Json.write(nameless));
    }

    @Test
    void refusesAnObjectThatHoldsItself() {
      Map<String, Object> self = new HashMap<>();
      self.put("a", self);

      assertThatIllegalArgumentException()
          .isThrownBy(() -> Json.write(self))
          .withMessageContaining("deeper than 64");
    }

    @Test
    void nestsAsDeepAsReadingDoes() {
      Map<String, Object> deepest = Map.of();
      for (int level = 2; level <= 64; level++) {
        deepest = Map.of("a", deepest);
      }
      String written = Json.write(deepest);
      assertThat(Json.write(Json.readObject(written))).isEqualTo(written);

      Map<String, Object> tooDeep = Map.of("a", deepest);
      assertThatIllegalArgumentException().isThrownBy(() -> Json.write(tooDeep));
    }

    @Test
    void escapesWhatMustBe() {
      String all = "\"\\\u0000\u001f\u2028\n€😀";

      String text = Json.write(Map.of("a", all));

      assertThat(text.chars()).allMatch(c -> c >= 0x20);
      assertThat(Json.readObject(text)).containsEntry("a", all);
    }
  }
}
