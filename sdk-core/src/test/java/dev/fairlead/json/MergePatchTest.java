package dev.fairlead.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MergePatchTest {
  private static Map<String, @Nullable Object> object(String json) {
    return Json.readObject(json);
  }

  /** RFC 7396, appendix A, where both document and patch are objects. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":\"b\"}             | {\"a\":\"c\"}                    | {\"a\":\"c\"}",
        "{\"a\":\"b\"}             | {\"b\":\"c\"}                    | {\"a\":\"b\",\"b\":\"c\"}",
        "{\"a\":\"b\"}             | {\"a\":null}                     | {}",
        "{\"a\":\"b\",\"b\":\"c\"} | {\"a\":null}                     | {\"b\":\"c\"}",
        "{\"a\":[\"b\"]}           | {\"a\":\"c\"}                    | {\"a\":\"c\"}",
        "{\"a\":\"c\"}             | {\"a\":[\"b\"]}                  | {\"a\":[\"b\"]}",
        "{\"a\":{\"b\":\"c\"}}     | {\"a\":{\"b\":\"d\",\"c\":null}} | {\"a\":{\"b\":\"d\"}}",
        "{\"a\":[{\"b\":\"c\"}]}   | {\"a\":[1]}                      | {\"a\":[1]}",
        "{\"e\":null}              | {\"a\":1}                        | {\"e\":null,\"a\":1}",
        "{}                        | {\"a\":{\"bb\":{\"ccc\":null}}}  | {\"a\":{\"bb\":{}}}",
        "{\"a\":\"b\"}             | {\"a\":{\"c\":null,\"d\":1}}     | {\"a\":{\"d\":1}}",
        "{\"a\":1}                 | {}                               | {\"a\":1}",
      })
  void appliesAsTheRfcDoes(String document, String patch, String result) {
    assertThat(MergePatch.apply(object(document), object(patch))).isEqualTo(object(result));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1}                     | {\"a\":1}             | {}",
        "{\"a\":1,\"b\":2}             | {\"b\":2,\"a\":1}     | {}",
        "{\"a\":1}                     | {}                    | {\"a\":null}",
        "{}                            | {\"a\":{}}            | {\"a\":{}}",
        "{\"a\":{\"b\":1,\"c\":2}}     | {\"a\":{\"c\":3}}     | {\"a\":{\"b\":null,\"c\":3}}",
        "{\"a\":{\"b\":1}}             | {\"a\":{}}            | {\"a\":{\"b\":null}}",
        "{\"a\":{\"b\":1}}             | {\"a\":[1]}           | {\"a\":[1]}",
        "{\"a\":[1]}                   | {\"a\":{\"b\":1}}     | {\"a\":{\"b\":1}}",
        "{\"a\":[1,{\"b\":2}]}         | {\"a\":[1,{\"b\":3}]} | {\"a\":[1,{\"b\":3}]}",
        "{\"a\":1}                     | {\"a\":\"1\"}         | {\"a\":\"1\"}",
      })
  void namesExactlyWhatDiffers(String from, String to, String patch) {
    assertThat(MergePatch.between(object(from), object(to))).isEqualTo(object(patch));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void leadsFromAnyDocumentToAnyOther(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      Map<String, @Nullable Object> from = document(random, 3);
      Map<String, @Nullable Object> to = document(random, 3);

      Map<String, @Nullable Object> patch = MergePatch.between(from, to);

      assertThat(MergePatch.apply(from, patch)).as("%s to %s", from, to).isEqualTo(to);
      assertThat(patch.isEmpty()).isEqualTo(from.equals(to));
      assertThat(MergePatch.between(to, to)).isEmpty();
    }
  }

  /** Few names and few values, so that documents have much in common; null is never stored. */
  private static Map<String, @Nullable Object> document(Random random, int depth) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      members.put("abc".substring(random.nextInt(3)), value(random, depth));
    }
    return members;
  }

  private static Object value(Random random, int depth) {
    switch (random.nextInt(depth > 0 ? 5 : 3)) {
      case 0:
        return (long) random.nextInt(2);
      case 1:
        return "x";
      case 2:
        List<Object> elements = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
          elements.add(value(random, 0));
        }
        return elements;
      default:
        return document(random, depth - 1);
    }
  }

  @Test
  void leavesItsArgumentsAlone() {
    Map<String, @Nullable Object> document = object("{\"a\":{\"b\":1}}");
    Map<String, @Nullable Object> merged =
        MergePatch.apply(document, object("{\"a\":{\"b\":2},\"c\":3}"));

    assertThat(document).isEqualTo(object("{\"a\":{\"b\":1}}"));
    assertThatThrownBy(merged::clear).isInstanceOf(UnsupportedOperationException.class);
  }
}
