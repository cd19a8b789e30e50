package dev.fairlead.json;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON objects as maps of text, {@link Long}, {@link Double}, {@link Boolean}, null, lists and
 * maps, in the order of the text. Reading is strict (RFC 8259) and bounded in depth; the receiver
 * bounds the size of the text.
 */
public final class Json {
  private static final int MAX_DEPTH = 64;

  private Json() {}

  /**
   * Reads one JSON object.
   *
   * @param text the text
   * @return an unmodifiable map
   * @throws IllegalArgumentException if the text is not exactly one JSON object, names a member
   *     twice, nests too deep, or holds a number beyond the range of a double
   */
  public static Map<String, @Nullable Object> readObject(String text) {
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(MAX_DEPTH);
      if (reader.peek() != JsonToken.BEGIN_OBJECT) {
        throw new IllegalArgumentException(
            "A JSON object was expected, and this begins with " + reader.peek() + ".");
      }
      Map<String, @Nullable Object> object = object(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("There is more text after the end of the JSON object.");
      }
      return object;
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new IllegalArgumentException("This is not valid JSON: " + e.getMessage(), e);
    }
  }

  private static Map<String, @Nullable Object> object(JsonReader reader) throws IOException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (members.containsKey(name)) {
        throw new IllegalArgumentException("The JSON object names \"" + name + "\" twice.");
      }
      members.put(name, value(reader));
    }
    reader.endObject();
    return Collections.unmodifiableMap(members);
  }

  private static @Nullable Object value(JsonReader reader) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object(reader);
      case BEGIN_ARRAY -> array(reader);
      case NUMBER -> number(reader.nextString());
      case BOOLEAN -> reader.nextBoolean();
      case NULL -> {
        reader.nextNull();
        yield null;
      }
      default -> reader.nextString();
    };
  }

  private static List<@Nullable Object> array(JsonReader reader) throws IOException {
    List<@Nullable Object> elements = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      elements.add(value(reader));
    }
    reader.endArray();
    return Collections.unmodifiableList(elements);
  }

  private static Number number(String text) {
    // Not BigDecimal first: its digits are bounded by the text, but 1e999999999 as an integer is
    // not.
    if (text.length() <= 20 && text.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9'))) {
      BigDecimal exact = new BigDecimal(text);
      try {
        return exact.longValueExact();
      } catch (ArithmeticException tooLarge) {
        return exact.doubleValue();
      }
    }
    double number = Double.parseDouble(text);
    if (Double.isInfinite(number)) {
      throw new IllegalArgumentException(
          "The JSON text holds a number beyond the range of an IEEE 754 double.");
    }
    return number;
  }

  /**
   * Writes an object as compact JSON.
   *
   * @param object names and values: text, numbers, booleans, null, lists and maps
   * @return the text
   * @throws IllegalArgumentException for any other value, NaN or an infinity; the message names its
   *     place
   */
  public static String write(Map<?, ?> object) {
    StringWriter text = new StringWriter();
    try {
      JsonWriter writer = new JsonWriter(text);
      writer.setStrictness(Strictness.STRICT);
      writer.setSerializeNulls(true);
      write(writer, object, "", 0);
      return text.toString();
    } catch (IOException e) {
      throw new IllegalStateException("Writing to memory failed.", e);
    }
  }

  private static void write(JsonWriter writer, @Nullable Object value, String path, int depth)
      throws IOException {
    if (depth >= MAX_DEPTH && (value instanceof Map<?, ?> || value instanceof Iterable<?>)) {
      throw new IllegalArgumentException(
          place(path) + " is nested deeper than " + MAX_DEPTH + " levels.");
    }
    if (value == null) {
      writer.nullValue();
    } else if (value instanceof CharSequence text) {
      writer.value(text.toString());
    } else if (value instanceof Boolean flag) {
      writer.value(flag);
    } else if (value instanceof Number number) {
      if (!Double.isFinite(number.doubleValue())) {
        throw new IllegalArgumentException(
            place(path) + " is " + number + ", which JSON cannot write.");
      }
      writer.value(number);
    } else if (value instanceof Map<?, ?> members) {
      writer.beginObject();
      for (Map.Entry<?, ?> member : members.entrySet()) {
        if (!(member.getKey() instanceof String name)) {
          throw new IllegalArgumentException(
              place(path) + " has a member whose name is not text: " + member.getKey());
        }
        writer.name(name);
        write(writer, member.getValue(), path.isEmpty() ? name : path + "." + name, depth + 1);
      }
      writer.endObject();
    } else if (value instanceof Iterable<?> elements) {
      writer.beginArray();
      int index = 0;
      for (Object element : elements) {
        write(writer, element, path + "[" + index++ + "]", depth + 1);
      }
      writer.endArray();
    } else {
      throw new IllegalArgumentException(
          place(path)
              + " is a "
              + value.getClass().getName()
              + "; use text, numbers, booleans, null, lists and maps.");
    }
  }

  private static String place(String path) {
    return path.isEmpty() ? "The JSON document" : "\"" + path + "\"";
  }
}
