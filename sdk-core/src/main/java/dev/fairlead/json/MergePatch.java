package dev.fairlead.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** JSON merge patches (RFC 7396), the twin's way to say what changed. */
public final class MergePatch {
  private MergePatch() {}

  /**
   * Applies a patch: what it does not name stays, null deletes, objects merge, all else replaces.
   *
   * @param document the document
   * @param patch the patch
   * @return a new document, unmodifiable
   */
  public static Map<String, @Nullable Object> apply(
      Map<String, @Nullable Object> document, Map<String, @Nullable Object> patch) {
    Map<String, @Nullable Object> merged = new LinkedHashMap<>(document);
    patch.forEach(
        (name, value) -> {
          if (value == null) {
            merged.remove(name);
          } else if (value instanceof Map<?, ?> inner) {
            Object old = merged.get(name);
            merged.put(
                name, apply(old instanceof Map<?, ?> map ? object(map) : Map.of(), object(inner)));
          } else {
            merged.put(name, value);
          }
        });
    return Collections.unmodifiableMap(merged);
  }

  /**
   * The patch that leads from one document to another.
   *
   * @param from the one
   * @param to the other
   * @return the patch, empty if they are equal
   */
  public static Map<String, @Nullable Object> between(
      Map<String, @Nullable Object> from, Map<String, @Nullable Object> to) {
    Map<String, @Nullable Object> patch = new LinkedHashMap<>();
    from.keySet().stream()
        .filter(name -> !to.containsKey(name))
        .forEach(name -> patch.put(name, null));
    to.forEach(
        (name, value) -> {
          Object old = from.get(name);
          if (old instanceof Map<?, ?> before && value instanceof Map<?, ?> now) {
            Map<String, @Nullable Object> inner = between(object(before), object(now));
            if (!inner.isEmpty()) {
              patch.put(name, inner);
            }
          } else if (!Objects.equals(old, value)) {
            patch.put(name, value);
          }
        });
    return Collections.unmodifiableMap(patch);
  }

  @SuppressWarnings("unchecked") // All objects come from Json, whose members are named by text.
  private static Map<String, @Nullable Object> object(Map<?, ?> map) {
    return (Map<String, @Nullable Object>) map;
  }
}
