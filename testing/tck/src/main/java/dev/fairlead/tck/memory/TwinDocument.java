package dev.fairlead.tck.memory;

import dev.fairlead.TwinProperties;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One half of a twin: a tree of values and its version. Confined to its device's lock. */
final class TwinDocument {
  private Map<String, @Nullable Object> tree = new LinkedHashMap<>();
  private long version = 1;

  long version() {
    return version;
  }

  /** Merges like the hub: null deletes, objects merge, all other values replace. */
  long merge(String patch) {
    tree = merged(tree, TwinProperties.parse(patch).asMap());
    return ++version;
  }

  String json() {
    return TwinProperties.of(tree).json();
  }

  /** With the version, as the hub sends it. */
  String versioned() {
    return withVersion(json(), version);
  }

  static String withVersion(String object, long version) {
    String body = object.substring(0, object.length() - 1);
    return body + (body.length() > 1 ? "," : "") + "\"$version\":" + version + "}";
  }

  private static Map<String, @Nullable Object> merged(Map<?, ?> base, Map<?, ?> patch) {
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    base.forEach((name, value) -> result.put((String) name, value));
    patch.forEach(
        (key, value) -> {
          String name = (String) key;
          if (value == null) {
            result.remove(name);
          } else if (value instanceof Map<?, ?> inner) {
            Map<?, ?> old = result.get(name) instanceof Map<?, ?> map ? map : Map.of();
            result.put(name, merged(old, inner));
          } else {
            result.put(name, value);
          }
        });
    return result;
  }
}
