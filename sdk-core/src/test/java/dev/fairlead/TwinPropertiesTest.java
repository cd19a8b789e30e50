package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TwinPropertiesTest {
  private final TwinProperties properties =
      TwinProperties.parse(
          "{\"text\":\"x\",\"whole\":7,\"half\":0.5,\"round\":3.0,\"huge\":1e300,\"yes\":true,\"none\":null,"
              + "\"list\":[1],\"inner\":{\"deeper\":{\"text\":\"y\"},\"$odd\":1},\"$version\":12,\"$metadata\":{}}");

  @Test
  void takesTheVersionOutOfTheValues() {
    assertThat(properties.version()).isEqualTo(12);
    assertThat(properties.asMap())
        .containsOnlyKeys("text", "whole", "half", "round", "huge", "yes", "none", "list", "inner");
    assertThat(TwinProperties.parse("{}").version()).isZero();
    assertThat(TwinProperties.parse("{\"$version\":\"7\"}").version()).isZero();
  }

  @Test
  void givesValuesByTypeAndPath() {
    assertThat(properties.getString("text")).hasValue("x");
    assertThat(properties.getString("inner.deeper.text")).hasValue("y");
    assertThat(properties.getLong("whole")).hasValue(7);
    assertThat(properties.getLong("round")).hasValue(3);
    assertThat(properties.getDouble("half")).hasValue(0.5);
    assertThat(properties.getDouble("whole")).hasValue(7.0);
    assertThat(properties.getBoolean("yes")).hasValue(true);
    assertThat(properties.get("list")).hasValue(List.of(1L));
  }

  @Test
  void givesNothingOfAnotherType() {
    assertThat(properties.getString("whole")).isEmpty();
    assertThat(properties.getLong("text")).isEmpty();
    assertThat(properties.getLong("half")).isEmpty();
    assertThat(properties.getLong("huge")).as("not a long").isEmpty();
    assertThat(properties.getDouble("text")).isEmpty();
    assertThat(properties.getBoolean("text")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "nothing",
        "text.x",
        "inner.",
        ".inner",
        "inner..deeper",
        "inner.nothing.text",
        "list.0",
        "none.x"
      })
  void givesNothingWhereThereIsNothing(String path) {
    assertThat(properties.get(path)).isEmpty();
    assertThat(properties.has(path)).isFalse();
  }

  @Test
  void tellsNullFromAbsence() {
    assertThat(properties.has("none")).isTrue();
    assertThat(properties.get("none")).isEmpty();
    assertThat(properties.has("inner.deeper")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "null", "{\"a\":1,\"a\":2}", "{"})
  void isReadFromOneObjectOnly(String json) {
    assertThatIllegalArgumentException().isThrownBy(() -> TwinProperties.parse(json));
  }

  @Test
  void writesWhatItWasReadFrom() {
    String json = "{\"b\":1,\"a\":{\"c\":[1.5,null,\"x\"]}}";

    assertThat(TwinProperties.parse(json).json()).isEqualTo(json);
    assertThat(TwinProperties.parse("{\"b\":1,\"$version\":3}").json()).isEqualTo("{\"b\":1}");
  }

  @Test
  void doesNotChangeWithWhatItWasMadeOf() {
    Map<String, Object> inner = new HashMap<>(Map.of("x", 1L));
    List<Object> list = new ArrayList<>(List.of(1L));
    Map<String, Object> tree = new HashMap<>(Map.of("inner", inner, "list", list));
    TwinProperties made = TwinProperties.of(3, tree);

    tree.clear();
    inner.clear();
    list.clear();

    assertThat(made.getLong("inner.x")).hasValue(1);
    assertThat(made.get("list")).hasValue(List.of(1L));
  }

  @Test
  void cannotBeChangedFromOutside() {
    TwinProperties made = TwinProperties.of(Map.of("inner", new HashMap<>(Map.of("x", 1L))));

    assertThatThrownBy(() -> made.asMap().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> ((Map<?, ?>) made.get("inner").orElseThrow()).clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void readsTheNumbersOfAHandMadeTreeAsThoseOfJson() {
    TwinProperties made = TwinProperties.of(4, Map.of("int", 7, "float", 0.5f, "list", List.of(1)));

    assertThat(made.getLong("int")).hasValue(7);
    assertThat(made.getDouble("float")).hasValue(0.5);
    assertThat(made)
        .isEqualTo(TwinProperties.parse("{\"int\":7,\"float\":0.5,\"list\":[1],\"$version\":4}"))
        .hasSameHashCodeAs(
            TwinProperties.parse("{\"int\":7,\"float\":0.5,\"list\":[1],\"$version\":4}"));
  }

  @Test
  void differsByVersionAndByValue() {
    TwinProperties one = TwinProperties.of(1, Map.of("a", 1L));

    assertThat(one).isNotEqualTo(TwinProperties.of(2, Map.of("a", 1L)));
    assertThat(one).isNotEqualTo(TwinProperties.of(1, Map.of("a", 2L)));
    assertThat(one).isEqualTo(TwinProperties.of(1, Map.of("a", 1L)));
  }

  @Test
  void printsNoValue() {
    assertThat(TwinProperties.parse("{\"pin\":\"1234\",\"$version\":2}"))
        .hasToString("TwinProperties[version 2, 1 members]");
  }
}
