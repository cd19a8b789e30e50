package dev.fairlead.mqtt;

import dev.fairlead.SystemProperty;
import dev.fairlead.fuzz.Expect;
import dev.fairlead.localhub.mqtt.HubBag;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Property bags, beside the hub's own parser. */
public final class PropertyBagFuzz {
  private PropertyBagFuzz() {}

  /** The input is the end of a topic. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    PropertyBag bag = PropertyBag.decode(text);
    Optional<Map<String, String>> hub = HubBag.pairs(bare(text));
    hub.ifPresent(pairs -> Expect.same(pairs, pairs(bag), "the hub's reading and ours"));

    String written = written(bag);
    Expect.same(
        written.length(),
        PropertyBag.encodedLength(bag.system(), bag.application()),
        "the length without writing");
    PropertyBag again = PropertyBag.decode(written);
    if (bag.application().containsKey("") || written.endsWith("/")) {
      // A nameless property may be written at the end, as "=", and be cut off or kept.
      return;
    }
    Expect.same(bag, again, "written and read again");
    Expect.same(
        pairs(again), HubBag.pairs(written).orElseThrow(), "the hub's reading of what was written");
  }

  private static String bare(String text) {
    int from = text.startsWith("?") ? 1 : 0;
    return text.substring(from, Math.max(from, text.length() - (text.endsWith("/") ? 1 : 0)));
  }

  private static String written(PropertyBag bag) {
    StringBuilder out = new StringBuilder();
    PropertyBag.encode(out, bag.system(), bag.application());
    return out.toString();
  }

  private static Map<String, String> pairs(PropertyBag bag) {
    Map<String, String> pairs = new HashMap<>(bag.application());
    for (Map.Entry<SystemProperty, String> one : bag.system().entrySet()) {
      StringBuilder name = new StringBuilder();
      PropertyBag.encode(name, Map.of(one.getKey(), ""), Map.of());
      pairs.put(name.substring(0, name.length() - 1), one.getValue());
    }
    return pairs;
  }
}
