package dev.fairlead.inbound;

import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Twin;
import dev.fairlead.TwinProperties;
import dev.fairlead.json.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the twin document as the hub sends it. */
public final class TwinDocuments {
  private TwinDocuments() {}

  public static Twin read(String text) {
    try {
      Map<String, @Nullable Object> document = Json.readObject(text);
      return new Twin(section(document, "desired"), section(document, "reported"));
    } catch (IllegalArgumentException e) {
      throw new RejectedException(
          "The hub's twin document cannot be read: " + e.getMessage(), Progress.MAYBE_SENT);
    }
  }

  @SuppressWarnings("unchecked") // Json names members by text.
  private static TwinProperties section(Map<String, @Nullable Object> document, String name) {
    if (document.get(name) instanceof Map<?, ?> tree) {
      return TwinProperties.of((Map<String, @Nullable Object>) tree);
    }
    // Missing is not the same as empty: empty would mean that all properties were deleted.
    throw new IllegalArgumentException("It has no object \"" + name + "\".");
  }
}
