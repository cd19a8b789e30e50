package dev.fairlead.localhub.twin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fairlead.localhub.LocalHubException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The limits of a twin (page "Understand and use device twins", sections "Device twin size" and
 * "Tags and properties format").
 */
final class TwinLimits {

  private static final int MAX_SECTION_SIZE = 32 * 1024;
  private static final int MAX_KEY_BYTES = 1024;
  private static final int MAX_STRING_BYTES = 4 * 1024;
  private static final int MAX_DEPTH = 10;
  private static final long MIN_INTEGER = -4_503_599_627_370_496L;
  private static final long MAX_INTEGER = 4_503_599_627_370_495L;
  private static final int NUMBER_SIZE = 8;
  private static final int BOOLEAN_SIZE = 4;

  private TwinLimits() {}

  /**
   * Checks the form of a patch: keys, values, depth. The patch itself is not counted as a level:
   * the page's example of the deepest possible twin has ten nested objects below it.
   */
  static void checkPatch(ObjectNode patch) {
    checkObject(patch, 0);
  }

  /** Checks the size of a whole section. */
  static void checkSize(ObjectNode section) {
    long size = size(section);
    if (size > MAX_SECTION_SIZE) {
      throw refuse("the properties would have " + size + " bytes, more than 32 KB");
    }
  }

  private static void checkObject(ObjectNode object, int depth) {
    if (depth > MAX_DEPTH && !object.isEmpty()) {
      throw refuse("the properties are more than " + MAX_DEPTH + " levels deep");
    }
    for (Map.Entry<String, JsonNode> property : object.properties()) {
      checkKey(property.getKey());
      checkValue(property.getKey(), property.getValue(), depth);
    }
  }

  private static void checkValue(String key, JsonNode value, int depth) {
    if (value instanceof ObjectNode object) {
      checkObject(object, depth + 1);
    } else if (value.isArray()) {
      // An array is not counted as a level; the objects in it are.
      value.forEach(element -> checkValue(key, element, depth));
    } else if (value.isTextual()) {
      if (value.textValue().getBytes(StandardCharsets.UTF_8).length > MAX_STRING_BYTES) {
        throw refuse("the string under '" + shorten(key) + "' has more than 4 KB");
      }
    } else if (value.isIntegralNumber()) {
      if (!value.canConvertToLong()
          || value.longValue() < MIN_INTEGER
          || value.longValue() > MAX_INTEGER) {
        throw refuse(
            "the integer under '"
                + shorten(key)
                + "' is outside "
                + MIN_INTEGER
                + " to "
                + MAX_INTEGER);
      }
    } else if (value.isNumber() && !Double.isFinite(value.doubleValue())) {
      throw refuse("the number under '" + shorten(key) + "' does not fit into a double");
    }
  }

  private static void checkKey(String key) {
    if (key.isEmpty() || key.getBytes(StandardCharsets.UTF_8).length > MAX_KEY_BYTES) {
      throw refuse("the key '" + shorten(key) + "' is empty or has more than 1 KB");
    }
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      if (c == '.' || c == '$' || c == ' ' || Character.isISOControl(c)) {
        throw refuse(
            "the key '"
                + shorten(key)
                + "' contains a control character, a dot, a dollar sign or a space");
      }
    }
  }

  /**
   * A string counts its characters except control characters, a number 8 bytes, a boolean 4, a
   * container its keys and members.
   */
  static long size(JsonNode value) {
    if (value instanceof ObjectNode object) {
      long size = 0;
      for (Map.Entry<String, JsonNode> property : object.properties()) {
        size += length(property.getKey()) + size(property.getValue());
      }
      return size;
    }
    if (value.isArray()) {
      long size = 0;
      for (JsonNode element : value) {
        size += size(element);
      }
      return size;
    }
    if (value.isTextual()) {
      return length(value.textValue());
    }
    if (value.isNumber()) {
      return NUMBER_SIZE;
    }
    return value.isBoolean() ? BOOLEAN_SIZE : 0;
  }

  private static long length(String text) {
    return text.codePoints().filter(c -> !Character.isISOControl(c)).count();
  }

  private static String shorten(String key) {
    return key.length() > 40 ? key.substring(0, 40) + "…" : key;
  }

  private static LocalHubException refuse(String reason) {
    return new LocalHubException(400004, "The twin update is refused: " + reason + ".");
  }
}
