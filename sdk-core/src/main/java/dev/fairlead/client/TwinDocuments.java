package dev.fairlead.client;

import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Twin;
import dev.fairlead.TwinProperties;
import dev.fairlead.json.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the twin document as the hub sends it. */
final class TwinDocuments {
  private TwinDocuments() {}

  static Twin read(String text) {
    Map<String, @Nullable Object> document;
    try {
      document = Json.readObject(text);
    } catch (IllegalArgumentException e) {
      throw new RejectedException(
          "The hub's twin document cannot be read: " + e.getMessage(), Progress.MAYBE_SENT);
    }
    return new Twin(section(document, "desired"), section(document, "reported"));
  }

  @SuppressWarnings("unchecked") // Json names members by text.
  private static TwinProperties section(Map<String, @Nullable Object> document, String name) {
    Object section = document.get(name);
    return section instanceof Map<?, ?> tree
        ? TwinProperties.of((Map<String, @Nullable Object>) tree)
        : TwinProperties.of(Map.of());
  }
}
