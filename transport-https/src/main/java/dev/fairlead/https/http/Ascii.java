package dev.fairlead.https.http;

import java.util.OptionalLong;

/** Parses text from the network, bounded and one character at a time. */
public final class Ascii {
  private static final int MOST_DIGITS = 18;

  private Ascii() {}

  /**
   * Whether a text consists of ASCII letters, digits and certain other characters only.
   *
   * @param text the text
   * @param max how many characters it may have
   * @param others the other characters
   * @return true if so; false for the empty text
   */
  public static boolean consistsOf(String text, int max, String others) {
    return !text.isEmpty()
        && text.length() <= max
        && text.chars().allMatch(c -> isLetterOrDigit(c) || others.indexOf(c) >= 0);
  }

  /**
   * Reads a number without sign, fraction and blanks.
   *
   * @param text the text
   * @param maxDigits how many digits it may have, at most 18
   * @return the number, empty if the text is not a number
   */
  public static OptionalLong number(String text, int maxDigits) {
    if (text.isEmpty() || text.length() > Math.min(maxDigits, MOST_DIGITS)) {
      return OptionalLong.empty();
    }
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      if (!isDigit(text.charAt(i))) {
        return OptionalLong.empty();
      }
      number = number * 10 + text.charAt(i) - '0';
    }
    return OptionalLong.of(number);
  }

  /**
   * Whether a header field can carry a text.
   *
   * @param text the text
   * @return true if all of it is printable ASCII
   */
  public static boolean isPrintable(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!isPrintable(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Makes a text that a header field can carry.
   *
   * @param text the text
   * @return the text with a question mark for each character that is not printable ASCII
   */
  public static String printable(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    text.codePoints().forEach(c -> kept.append(isPrintable(c) ? (char) c : '?'));
    return kept.toString();
  }

  private static boolean isPrintable(int c) {
    return c >= ' ' && c < 0x7f;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetterOrDigit(int c) {
    return isDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }
}
