package dev.fairlead.inbound;

import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The hub's limits on reported properties, checked before a patch is sent so that the error names
 * the place. Source: IoT Hub developer guide, "Understand and use device twins", section on format
 * and limits.
 */
public final class TwinLimits {
  private static final int MAX_BYTES = 32 * 1024;
  private static final int MAX_DEPTH = 10;
  private static final int MAX_KEY_BYTES = 1024;
  private static final int MAX_TEXT_BYTES = 4 * 1024;
  private static final long MAX_INTEGER = 4_503_599_627_370_495L;

  private TwinLimits() {}

  /** Throws a {@link RejectedException} that names the first place over a limit. */
  public static void check(Map<String, @Nullable Object> patch) {
    long size = sizeOf(patch, "", 0);
    if (size > MAX_BYTES) {
      throw refused(
          "The reported properties are "
              + size
              + " bytes as the hub counts them, and a twin section holds at most "
              + MAX_BYTES
              + " (32 KB). Report less, or send the data as telemetry or by file upload.");
    }
  }

  /** The section itself is at depth 0, and a list is no level of its own. */
  private static long sizeOf(@Nullable Object value, String path, int depth) {
    if (value instanceof Map<?, ?> object) {
      if (depth > MAX_DEPTH) {
        throw refused(
            "\""
                + path
                + "\" is nested deeper than the hub's "
                + MAX_DEPTH
                + " levels. Flatten it.");
      }
      long sum = 0;
      for (Map.Entry<?, ?> member : object.entrySet()) {
        String name = (String) member.getKey();
        String place = path.isEmpty() ? name : path + "." + name;
        sum += checkName(name, place) + sizeOf(member.getValue(), place, depth + 1);
      }
      return sum;
    }
    if (value instanceof List<?> elements) {
      long sum = 0;
      for (Object element : elements) {
        sum += sizeOf(element, path, depth);
      }
      return sum;
    }
    if (value instanceof String text) {
      if (text.getBytes(StandardCharsets.UTF_8).length > MAX_TEXT_BYTES) {
        throw refused(
            "The text at \"" + path + "\" is over the hub's 4 KB for one value. Shorten it.");
      }
      return text.chars().filter(c -> !Character.isISOControl(c)).count();
    }
    if (value instanceof Long number && (number > MAX_INTEGER || number < -MAX_INTEGER - 1)) {
      throw refused(
          "The integer at \""
              + path
              + "\" is outside the hub's range of ±2^52. Report it as text.");
    }
    return value instanceof Boolean ? 4 : value == null ? 0 : 8;
  }

  private static int checkName(String name, String place) {
    if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > MAX_KEY_BYTES) {
      throw refused(
          "The name at \""
              + shortened(place)
              + "\" is empty or over the hub's 1 KB. Choose another.");
    }
    if (name.chars().anyMatch(c -> c == '.' || c == '$' || c == ' ' || Character.isISOControl(c))) {
      throw refused(
          "The name at \""
              + place
              + "\" holds a dot, a dollar sign, a space or a control character, which the hub"
              + " refuses. Choose another.");
    }
    return name.length();
  }

  private static String shortened(String place) {
    return place.length() <= 64 ? place : place.substring(0, 64) + "…";
  }

  private static RejectedException refused(String message) {
    return new RejectedException(message, Progress.NOT_SENT);
  }
}
