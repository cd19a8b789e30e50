package dev.fairlead.fuzz;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a target demands of a parser. A failure is a find. */
public final class Expect {
  private Expect() {}

  /** Two readings of the same bytes agree. */
  public static void same(@Nullable Object one, @Nullable Object other, String what) {
    if (!Objects.deepEquals(one, other)) {
      throw new AssertionError(what + ": " + shown(one) + " is not " + shown(other));
    }
  }

  /** Something holds. */
  public static void that(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  /** A text that is shown to people: not too long, and without control characters. */
  public static void readable(@Nullable String text) {
    that(text != null && text.length() < 8192, "A message that is missing or endless");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || (c >= 0x7f && c < 0xa0)) {
        throw new AssertionError("A control character is in the message: " + text);
      }
    }
  }

  private static String shown(@Nullable Object value) {
    return value instanceof byte[] bytes
        ? HexFormat.of().formatHex(Arrays.copyOf(bytes, Math.min(bytes.length, 200)))
        : String.valueOf(value);
  }
}
