package dev.fairlead.transport;

/**
 * Finds code, name, sentence and tracking id in the text of a hub's error. Forms: {@code
 * {"errorCode":404001,"trackingId":"…","message":"…"}}; {@code
 * {"Message":"ErrorCode:DeviceNotFound;…"}}; the first as a string inside the second; {@code
 * ErrorCode:Name;…} or any other text. Tolerates truncated text and text that is not JSON; linear,
 * and bounded in depth and length; no regular expression. IoT Hub: "Understand and resolve Azure
 * IoT Hub error codes".
 */
final class HubErrorReader {
  /** How much of a text is read. */
  static final int MAX_READ = 4096;

  private static final int MAX_DEPTH = 3;
  private static final int MAX_NAME = 64;
  private static final String NAME_FOLLOWS = "ErrorCode:";
  private static final String ID_FOLLOWS = "Tracking ID:";

  int code;
  String name = "";
  String message = "";
  String trackingId = "";

  /** Whether there is a member that only the hub's documents have. */
  boolean signed;

  static HubErrorReader read(String text) {
    HubErrorReader reader = new HubErrorReader();
    String bounded = text.substring(0, Math.min(text.length(), MAX_READ)).strip();
    reader.scan(bounded, 0);
    if (reader.message.isEmpty() && reader.name.isEmpty() && isSentence(bounded)) {
      reader.sentence(bounded);
    }
    return reader;
  }

  /** Neither a document without a known member nor a web page. */
  private static boolean isSentence(String text) {
    return !text.isEmpty() && "{[<\"".indexOf(text.charAt(0)) < 0;
  }

  /** Goes once through all strings; one before a colon is a key of the value after it. */
  private void scan(String text, int depth) {
    String key = "";
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"') {
        StringBuilder string = new StringBuilder();
        at = string(text, at + 1, string);
        String value = string.toString();
        if (key.isEmpty() && colonFollows(text, at)) {
          key = value;
        } else {
          member(key, value, depth);
          key = "";
        }
      } else if (c >= '0' && c <= '9') {
        int end = at;
        while (end < text.length() && isDigit(text.charAt(end))) {
          end++;
        }
        member(key, text.substring(at, end), depth);
        key = "";
        at = end;
      } else {
        if (c != ':' && !Character.isWhitespace(c)) {
          key = "";
        }
        at++;
      }
    }
  }

  private void member(String key, String value, int depth) {
    switch (key) {
      case "errorCode" -> {
        signed = true;
        number(value);
      }
      case "Message", "message", "ExceptionMessage" -> {
        signed |= !key.equals("message");
        if (value.startsWith("{") && depth < MAX_DEPTH) {
          scan(value, depth + 1);
        } else if (!key.equals("ExceptionMessage")) {
          sentence(value);
        } else if (trackingId.isEmpty() && value.startsWith(ID_FOLLOWS)) {
          trackingId = value.substring(ID_FOLLOWS.length()).strip();
        }
      }
      case "trackingId" -> {
        if (trackingId.isEmpty()) {
          trackingId = value;
        }
      }
      default -> {}
    }
  }

  private void number(String value) {
    if (code != 0 || value.length() != 6) {
      return;
    }
    int number = 0;
    for (int i = 0; i < value.length(); i++) {
      if (!isDigit(value.charAt(i))) {
        return;
      }
      number = number * 10 + value.charAt(i) - '0';
    }
    if (number >= 400_000 && number < 600_000) {
      code = number;
    }
  }

  /** The hub's sentence, with or without the code's name in front. */
  private void sentence(String value) {
    int start = value.indexOf(NAME_FOLLOWS);
    if (start < 0) {
      message = message.isEmpty() ? value : message;
      return;
    }
    int from = start + NAME_FOLLOWS.length();
    int end = from;
    while (end < value.length() && isNamePart(value.charAt(end))) {
      end++;
    }
    if (name.isEmpty() && isName(value.substring(from, end))) {
      name = value.substring(from, end);
    }
    if (message.isEmpty() && end < value.length()) {
      message = value.substring(value.charAt(end) == ';' ? end + 1 : end);
    }
  }

  /** Whether a text can be a code's name. */
  static boolean isName(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_NAME
        && text.chars().allMatch(c -> isNamePart((char) c));
  }

  private static boolean isNamePart(char c) {
    return isDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean colonFollows(String text, int at) {
    int next = at;
    while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
      next++;
    }
    return next < text.length() && text.charAt(next) == ':';
  }

  /** Reads a string without its escapes; it may be cut off. Returns the position after its end. */
  private static int string(String text, int from, StringBuilder into) {
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') {
        return at;
      }
      if (c != '\\' || at == text.length()) {
        into.append(c);
        continue;
      }
      char escaped = text.charAt(at++);
      switch (escaped) {
        case 'n', 'r', 't', 'b', 'f' -> into.append(' ');
        case 'u' -> {
          int code = hex(text, at);
          if (code >= 0) {
            into.append((char) code);
            at += 4;
          }
        }
        default -> into.append(escaped);
      }
    }
    return at;
  }

  private static int hex(String text, int from) {
    if (from + 4 > text.length()) {
      return -1;
    }
    int code = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = Character.digit(text.charAt(i), 16);
      if (digit < 0) {
        return -1;
      }
      code = code * 16 + digit;
    }
    return code;
  }
}
