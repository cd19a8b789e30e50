package dev.fairlead.localhub.text;

/** Checks texts of clients, each character once and without a regular expression. */
public final class Syntax {

  private static final String DATE = "0000-00-00";
  private static final String PREVIEW = "-preview";

  private Syntax() {}

  /**
   * Whether a text consists only of digits.
   *
   * @param max the maximum number of digits; at least one is required
   */
  public static boolean isNumber(String text, int max) {
    if (text.isEmpty() || text.length() > max) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (!isDigit(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Whether a text is an API version: {@code 2021-04-12}, optionally with {@code -preview}. */
  public static boolean isApiVersion(String text) {
    int length = DATE.length();
    boolean whole = text.length() == length;
    if (!whole && !(text.length() == length + PREVIEW.length() && text.endsWith(PREVIEW))) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (DATE.charAt(i) == '-' ? c != '-' : !isDigit(c)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a character is an ASCII letter or digit. */
  public static boolean isLetterOrDigit(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
