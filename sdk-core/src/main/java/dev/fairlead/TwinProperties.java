package dev.fairlead;

import dev.fairlead.json.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A set of twin properties: a version and a tree of values. Immutable. Paths name a place in the
 * tree with dots ({@code "sampling.intervalSeconds"}); the hub forbids dots in names, so a path is
 * never ambiguous.
 */
public final class TwinProperties {
  private static final String VERSION = "$version";

  private final long version;
  private final Map<String, @Nullable Object> values;

  private TwinProperties(long version, Map<String, @Nullable Object> values) {
    this.version = version;
    this.values = values;
  }

  /**
   * Reads properties from JSON.
   *
   * @param json an object; its {@code $version} becomes {@link #version()}, and other members that
   *     begin with {@code $} are left out
   * @return the properties
   * @throws IllegalArgumentException if the text is not a JSON object
   */
  public static TwinProperties parse(String json) {
    return of(Json.readObject(json));
  }

  /**
   * Copies a tree of values.
   *
   * @param tree text, numbers, {@link Boolean}, null, lists and maps; {@code $version} as in {@link
   *     #parse}. Numbers smaller than {@link Long} and {@link Double} become these
   * @return the properties
   */
  public static TwinProperties of(Map<String, ? extends @Nullable Object> tree) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    tree.forEach(
        (name, value) -> {
          if (!name.startsWith("$")) {
            values.put(name, copy(value));
          }
        });
    long version = tree.get(VERSION) instanceof Number number ? number.longValue() : 0;
    return new TwinProperties(version, Collections.unmodifiableMap(values));
  }

  /**
   * Copies a tree of values, with a version of its own.
   *
   * @param version the version
   * @param tree as in {@link #of(Map)}
   * @return the properties
   */
  public static TwinProperties of(long version, Map<String, ? extends @Nullable Object> tree) {
    return new TwinProperties(version, of(tree).values);
  }

  private static @Nullable Object copy(@Nullable Object value) {
    if (value instanceof Map<?, ?> tree) {
      Map<Object, @Nullable Object> members = new LinkedHashMap<>();
      tree.forEach((name, member) -> members.put(name, copy(member)));
      return Collections.unmodifiableMap(members);
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> elements = new ArrayList<>(list.size());
      list.forEach(element -> elements.add(copy(element)));
      return Collections.unmodifiableList(elements);
    }
    if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      return ((Number) value).longValue();
    }
    return value instanceof Float number ? Double.valueOf(number) : value;
  }

  /**
   * The version that the hub gave them.
   *
   * @return the version, 0 if there is none
   */
  public long version() {
    return version;
  }

  /**
   * All values.
   *
   * @return an unmodifiable map of text, {@link Long}, {@link Double}, {@link Boolean}, null, lists
   *     and maps
   */
  public Map<String, @Nullable Object> asMap() {
    return values;
  }

  /**
   * All values as JSON text, without the version.
   *
   * @return compact JSON
   */
  public String json() {
    return Json.write(values);
  }

  /**
   * Whether there is a value, null included, at a path.
   *
   * @param path names joined by dots
   * @return true if there is
   */
  public boolean has(String path) {
    Map<?, ?> parent = parent(path);
    return parent != null && parent.containsKey(last(path));
  }

  /**
   * Any value.
   *
   * @param path names joined by dots
   * @return the value, empty if there is none or it is null
   */
  public Optional<Object> get(String path) {
    Map<?, ?> parent = parent(path);
    return parent == null ? Optional.empty() : Optional.ofNullable(parent.get(last(path)));
  }

  /**
   * A text.
   *
   * @param path names joined by dots
   * @return the text, empty if there is none or it is of another type
   */
  public Optional<String> getString(String path) {
    return get(path).filter(String.class::isInstance).map(String.class::cast);
  }

  /**
   * A whole number.
   *
   * @param path names joined by dots
   * @return the number; empty if there is none, it is of another type, or it has a fraction
   */
  public OptionalLong getLong(String path) {
    Object value = get(path).orElse(null);
    if (value instanceof Long whole) {
      return OptionalLong.of(whole);
    }
    if (value instanceof Double number && number == Math.rint(number) && Math.abs(number) < 1e15) {
      return OptionalLong.of(number.longValue());
    }
    return OptionalLong.empty();
  }

  /**
   * A number.
   *
   * @param path names joined by dots
   * @return the number, empty if there is none or it is of another type
   */
  public OptionalDouble getDouble(String path) {
    return get(path).orElse(null) instanceof Number number
        ? OptionalDouble.of(number.doubleValue())
        : OptionalDouble.empty();
  }

  /**
   * A truth value.
   *
   * @param path names joined by dots
   * @return the value, empty if there is none or it is of another type
   */
  public Optional<Boolean> getBoolean(String path) {
    return get(path).filter(Boolean.class::isInstance).map(Boolean.class::cast);
  }

  private @Nullable Map<?, ?> parent(String path) {
    Map<?, ?> at = values;
    for (int from = 0, dot; (dot = path.indexOf('.', from)) >= 0; from = dot + 1) {
      if (!(at.get(path.substring(from, dot)) instanceof Map<?, ?> inner)) {
        return null;
      }
      at = inner;
    }
    return at;
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TwinProperties that
        && version == that.version
        && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(version) + values.hashCode();
  }

  /** The version and how many members there are: the content is the application's business. */
  @Override
  public String toString() {
    return "TwinProperties[version " + version + ", " + values.size() + " members]";
  }
}
