package dev.fairlead.net;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
  private static final Pattern STATUS_LINE =
      Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})(?: .*)?");
  private static final Pattern FIELD_LINE =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*(.*?)[ \\t]*");

  /**
   * A header field.
   *
   * @param name in lower case
   * @param value without white space around it
   */
  record Field(String name, String value) {}

  /** What came is not the head of an HTTP answer, or is too long. */
  static final class Malformed extends ProtocolException {
    private static final long serialVersionUID = 1;

    Malformed(String what) {
      super(what);
    }
  }

  /**
   * Reads up to the empty line and not a byte further: what follows belongs to someone else.
   *
   * @throws Malformed if it is no HTTP answer
   */
  static HttpHead read(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    List<String> lines = new ArrayList<>();
    for (int count = 0; count < MAX_BYTES; count++) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException(count == 0 ? "no answer" : "half an answer");
      }
      if (count < BEGINNING.length && next != BEGINNING[count]) {
        throw new Malformed("it does not begin with HTTP/1");
      }
      if (next != '\n') {
        line.write(next);
        continue;
      }
      String text = line.toString(StandardCharsets.ISO_8859_1);
      line.reset();
      // RFC 9112, section 2.2: a line may end without the carriage return.
      if (text.endsWith("\r")) {
        text = text.substring(0, text.length() - 1);
      }
      if (text.isEmpty()) {
        return parse(lines);
      }
      lines.add(text);
    }
    throw new Malformed("its head is longer than " + MAX_BYTES + " bytes");
  }

  private static HttpHead parse(List<String> lines) throws Malformed {
    Matcher statusLine = STATUS_LINE.matcher(lines.get(0));
    if (!statusLine.matches()) {
      throw new Malformed("its status line cannot be read");
    }
    List<Field> fields = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      Matcher field = FIELD_LINE.matcher(line);
      if (!field.matches() || field.group(2).chars().anyMatch(HttpHead::isControl)) {
        throw new Malformed("one of its header fields cannot be read");
      }
      fields.add(new Field(field.group(1).toLowerCase(Locale.ROOT), field.group(2)));
    }
    return new HttpHead(Integer.parseInt(statusLine.group(1)), List.copyOf(fields));
  }

  private static boolean isControl(int character) {
    return (character < ' ' && character != '\t') || character == 0x7f;
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
