package dev.fairlead.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The head of an HTTP/1.1 answer. RFC 9112, sections 4 and 5.
 *
 * @param status the status code, 100 to 599
 * @param fields the header fields, in order
 */
record HttpHead(int status, List<Field> fields) {
  /** The largest head taken, in bytes. */
  static final int MAX_BYTES = 8192;

  private static final byte[] BEGINNING = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);

  /** The length of {@code HTTP/1.1 200}. */
  private static final int STATUS_LENGTH = 12;

  /**
   * A header field.
   *
   * @param name in lower case
   * @param value without white space around it
   */
  record Field(String name, String value) {}

  /** The bytes are not the head of an HTTP answer, or are too long. */
  static final class Malformed extends ProtocolException {
    private static final long serialVersionUID = 1;

    Malformed(String what) {
      super(what);
    }
  }

  /**
   * Reads up to the empty line and not a byte further: the bytes that follow are for another
   * reader. Each byte is examined only once, because the sender may be hostile.
   *
   * @throws Malformed if it is no HTTP answer
   */
  static HttpHead read(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder(128);
    List<Field> fields = new ArrayList<>();
    int status = 0;
    boolean returned = false;
    for (int count = 0; count < MAX_BYTES; count++) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException(count == 0 ? "no answer" : "half an answer");
      }
      if (count < BEGINNING.length && next != BEGINNING[count]) {
        throw new Malformed("it does not begin with HTTP/1");
      }
      if (next == '\r' && !returned) {
        returned = true;
      } else if (next == '\n') {
        // RFC 9112, section 2.2: a line may end without the carriage return.
        returned = false;
        if (line.length() == 0) {
          return new HttpHead(status, List.copyOf(fields));
        }
        if (status == 0) {
          status = status(line);
        } else {
          fields.add(field(line));
        }
        line.setLength(0);
      } else if (returned || isControl(next)) {
        // RFC 9110, section 5.5: carriage return and NUL are dangerous, other controls invalid.
        throw new Malformed("its head holds a control character");
      } else {
        line.append((char) next);
      }
    }
    throw new Malformed("its head is longer than " + MAX_BYTES + " bytes");
  }

  /** RFC 9112, section 4. The reason may be missing, with the blank before it or without. */
  private static int status(CharSequence line) throws Malformed {
    boolean wellFormed =
        line.length() >= STATUS_LENGTH
            && (line.charAt(7) == '0' || line.charAt(7) == '1')
            && line.charAt(8) == ' '
            && line.charAt(9) >= '1'
            && line.charAt(9) <= '5'
            && isDigit(line.charAt(10))
            && isDigit(line.charAt(11))
            && (line.length() == STATUS_LENGTH || line.charAt(STATUS_LENGTH) == ' ');
    if (!wellFormed) {
      throw new Malformed("its status line cannot be read");
    }
    return (line.charAt(9) - '0') * 100 + (line.charAt(10) - '0') * 10 + (line.charAt(11) - '0');
  }

  /** RFC 9112, section 5: a token, a colon, the value with optional blanks around it. */
  private static Field field(StringBuilder line) throws Malformed {
    int colon = 0;
    while (colon < line.length() && isTokenCharacter(line.charAt(colon))) {
      colon++;
    }
    if (colon == 0 || colon == line.length() || line.charAt(colon) != ':') {
      throw new Malformed("one of its header fields cannot be read");
    }
    int from = colon + 1;
    int to = line.length();
    while (from < to && isBlank(line.charAt(from))) {
      from++;
    }
    while (from < to && isBlank(line.charAt(to - 1))) {
      to--;
    }
    return new Field(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(from, to));
  }

  /** RFC 9110, section 5.6.2. */
  static boolean isTokenCharacter(int c) {
    return isDigit(c)
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c > 0 && "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isBlank(int c) {
    return c == ' ' || c == '\t';
  }

  private static boolean isControl(int c) {
    return (c < ' ' && c != '\t') || c == 0x7f;
  }

  /** All values of a field. */
  List<String> values(String name) {
    return fields.stream().filter(field -> field.name.equals(name)).map(Field::value).toList();
  }

  /** Whether a field that lists tokens has this one, in any case. RFC 9110, section 5.6.1. */
  boolean lists(String name, String token) {
    for (String value : values(name)) {
      for (String element : value.split(",", -1)) {
        if (element.strip().equalsIgnoreCase(token)) {
          return true;
        }
      }
    }
    return false;
  }
}
