package dev.fairlead.localhub.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyntaxTest {

  @Test
  void readsNumbers() {
    assertThat(Syntax.isNumber("0123456789", 10)).isTrue();
    assertThat(Syntax.isNumber("0123456789", 9)).isFalse();
    for (String text : new String[] {"", "-1", "+1", "1 ", "1a", "\u0661"}) {
      assertThat(Syntax.isNumber(text, 9)).as(text).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2021-04-12", "2021-06-30-preview", "9999-99-99"})
  void takesApiVersions(String text) {
    assertThat(Syntax.isApiVersion(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2021-04-1",
        "2021/04/12",
        "2021-04-12-",
        "2021-04-12preview",
        "x021-04-12",
        "2021-04-12-previex",
        "2021-04-120-preview"
      })
  void refusesWhatIsNoApiVersion(String text) {
    assertThat(Syntax.isApiVersion(text)).isFalse();
  }
}
