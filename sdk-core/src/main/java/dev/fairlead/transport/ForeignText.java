package dev.fairlead.transport;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Cleans text from a peer before it is put into a message or a log; the only place that does. A
 * text that repeats one of our tokens is not shown.
 */
public final class ForeignText {
  /** Shown in place of a text that may hold a secret. */
  public static final String WITHHELD = "(not shown: it may hold a secret)";

  private static final String[] SECRETS = {"sharedaccess", "sig=", "sig%3d", "sig\\u003d"};

  private ForeignText() {}

  /**
   * Makes a text safe: one line, printable characters only, bounded, no token. White space becomes
   * single blanks, other unprintable characters become question marks.
   *
   * @param text the text, or null for none
   * @param max the most characters to keep
   * @return the safe text, stripped; {@link #WITHHELD} if it looks as if it holds a secret
   */
  public static String clean(@Nullable String text, int max) {
    if (text == null) {
      return "";
    }
    StringBuilder kept = new StringBuilder(Math.min(text.length(), max));
    boolean blank = false;
    int at = 0;
    while (at < text.length() && kept.length() < max) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
        blank = true;
        continue;
      }
      if (blank && !kept.isEmpty()) {
        kept.append(' ');
      }
      blank = false;
      kept.appendCodePoint(isPrintable(c) ? c : '?');
    }
    if (kept.length() > max) {
      // A trailing blank, or half of a surrogate pair.
      kept.setLength(Character.isHighSurrogate(kept.charAt(max - 1)) ? max - 1 : max);
    }
    // Up to twice the shown length is looked at, so that a cut leaves no beginning of a secret.
    String looked = text.substring(0, Math.min(text.length(), at + WITHHELD.length()));
    return mayHoldSecret(looked) || mayHoldSecret(kept) ? WITHHELD : kept.toString();
  }

  private static boolean mayHoldSecret(CharSequence text) {
    String lower = text.toString().toLowerCase(Locale.ROOT);
    for (String sign : SECRETS) {
      if (lower.contains(sign)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
