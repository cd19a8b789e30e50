package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.SystemProperty;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PropertyBagTest {
  private static String encode(
      Map<SystemProperty, String> system, Map<String, String> application) {
    StringBuilder out = new StringBuilder();
    PropertyBag.encode(out, system, application);
    assertThat(PropertyBag.encodedLength(system, application)).isEqualTo(out.length());
    return out.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "?", "/", "?/", "&", "&&&", "?&/"})
  void readsNothingAsNoProperties(String text) {
    assertThat(PropertyBag.decode(text)).isEqualTo(new PropertyBag(Map.of(), Map.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "k, k, ''",
    "k=, k, ''",
    "=v, '', v",
    "=, '', ''",
    "k=v=w, k, v=w",
    "k=v/, k, v",
    "?k=v, k, v",
    "k=v//, k, v/",
    "k=a+b, k, a+b",
    "k=%20, k, ' '",
    "%6b=%76, k, v",
    "k=%, k, %",
    "k=%4, k, %4",
    "k=%4g, k, %4g",
    "k=%zz%20, k, %zz%20",
    "k=%ff, k, %ff",
    "k=%c3%28, k, %c3%28",
    "k=%ed%a0%80, k, %ed%a0%80",
    "k=%F0%9F%98%80, k, \uD83D\uDE00",
    "k=ü%C3%BC, k, üü",
    "k=1&k=2, k, 2",
    "$.schema=x, $.schema, x",
  })
  void readsOneProperty(String text, String name, String value) {
    PropertyBag bag = PropertyBag.decode(text);
    assertThat(bag.application()).containsExactly(Map.entry(name, value));
    assertThat(bag.system()).isEmpty();
  }

  @Test
  void readsWhatTheHubSends() {
    // The shape of a topic's end in a Microsoft tutorial, and one with the properties elsewhere.
    PropertyBag bag =
        PropertyBag.decode(
            "%24.mid=m-1&%24.to=%2Fdevices%2FX%2Fmessages%2FdeviceBound&%24.ct=text%2Fplain%3B%20charset%3DUTF-8&$.ce=utf-8&iothub-ack=full&bbb=b&$.cid=c&%24.exp=0&aaa=");
    assertThat(bag.system())
        .containsEntry(SystemProperty.MESSAGE_ID, "m-1")
        .containsEntry(SystemProperty.TO, "/devices/X/messages/deviceBound")
        .containsEntry(SystemProperty.CONTENT_TYPE, "text/plain; charset=UTF-8")
        .containsEntry(SystemProperty.CONTENT_ENCODING, "utf-8")
        .containsEntry(SystemProperty.ACK, "full")
        .containsEntry(SystemProperty.CORRELATION_ID, "c")
        .containsEntry(SystemProperty.EXPIRY, "0")
        .hasSize(7);
    assertThat(bag.application()).containsExactly(Map.entry("bbb", "b"), Map.entry("aaa", ""));
  }

  @Test
  void writesSystemPropertiesFirst() {
    assertThat(
            encode(
                Map.of(SystemProperty.CONTENT_TYPE, "application/json"),
                Map.of("a b", "ü&=/+#%\uD83D\uDE00")))
        .isEqualTo("$.ct=application%2Fjson&a%20b=%C3%BC%26%3D%2F%2B%23%25%F0%9F%98%80");
    assertThat(encode(Map.of(), Map.of("k", ""))).isEqualTo("k=");
    assertThat(encode(Map.of(), Map.of())).isEmpty();
    // What only the hub sets has no name in telemetry.
    assertThat(encode(Map.of(SystemProperty.DELIVERY_COUNT, "1"), Map.of())).isEmpty();
  }

  @Test
  void survivesALoneSurrogate() {
    assertThat(encode(Map.of(), Map.of("k", "\uD83D", "l", "x\uDE00y"))).contains("%3F");
  }

  @Test
  void readsWhatItWrites() {
    Random random = new Random(7);
    for (int round = 0; round < 2000; round++) {
      Map<String, String> properties = new LinkedHashMap<>();
      for (int i = random.nextInt(5); i > 0; i--) {
        properties.put("n" + text(random), text(random));
      }
      Map<SystemProperty, String> system = new LinkedHashMap<>();
      if (random.nextBoolean()) {
        system.put(SystemProperty.MESSAGE_ID, text(random));
      }
      String encoded = encode(system, properties);
      assertThat(encoded).matches("[!-~]*").doesNotContain("#", "+", "/");
      assertThat(PropertyBag.decode(encoded)).isEqualTo(new PropertyBag(system, properties));
    }
  }

  /** Java turns half a pair into a question mark when it makes UTF-8 of it. */
  @ParameterizedTest
  @ValueSource(strings = {"\ud83d", "\ud83da", "a\ude00", "\ude00\ud83d", "\ud83d\ud83d\ude00"})
  void measuresHalvesOfPairs(String text) {
    assertThat(PropertyBag.decode(encode(Map.of(), Map.of("k", text))).application().get("k"))
        .isEqualTo(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
  }

  @Test
  void readsAnything() {
    Random random = new Random(11);
    String alphabet = "%&=$.?/abc019\u00fc\uD83D\uDE00";
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(30); i > 0; i--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThat(PropertyBag.decode(text.toString())).isNotNull();
    }
  }

  private static String text(Random random) {
    byte[] bytes = new byte[random.nextInt(12)];
    random.nextBytes(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
