package dev.fairlead.json;

import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON and merge patches. */
public final class JsonFuzz {
  private JsonFuzz() {}

  /** The input is one document, or two with a line break between them. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    int line = text.indexOf('\n');
    Map<String, @Nullable Object> one = read(line < 0 ? text : text.substring(0, line));
    Map<String, @Nullable Object> other = line < 0 ? null : read(text.substring(line + 1));
    if (one != null && other != null) {
      Map<String, @Nullable Object> patch = MergePatch.between(one, other);
      if (!holdsNull(other)) {
        Expect.same(other, MergePatch.apply(one, patch), "the patch does not lead there");
      }
      MergePatch.apply(one, other);
      Expect.same(Map.of(), MergePatch.between(one, one), "a patch between equals");
    }
  }

  private static @Nullable Map<String, @Nullable Object> read(String text) {
    try {
      Map<String, @Nullable Object> read = Json.readObject(text);
      Expect.same(read, Json.readObject(Json.write(read)), "written and read again");
      return read;
    } catch (IllegalArgumentException e) {
      Expect.that(e.getMessage() != null, "no reason");
      return null;
    }
  }

  /** RFC 7396: a patch cannot set a member to null. */
  private static boolean holdsNull(Map<?, ?> document) {
    for (Object value : document.values()) {
      if (value == null || (value instanceof Map<?, ?> inner && holdsNull(inner))) {
        return true;
      }
    }
    return false;
  }
}
