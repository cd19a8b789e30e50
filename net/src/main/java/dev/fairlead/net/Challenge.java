package dev.fairlead.net;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One challenge of a {@code Proxy-Authenticate} field. RFC 9110, section 11.6.1.
 *
 * @param scheme in lower case
 * @param parameters the names in lower case, the values without quotes
 */
record Challenge(String scheme, Map<String, String> parameters) {
  String parameter(String name) {
    return parameters.getOrDefault(name, "");
  }

  /** All challenges, whether listed in one field or in several. Skips unreadable parts. */
  static List<Challenge> parse(List<String> fields) {
    List<Challenge> found = new ArrayList<>();
    for (String field : fields) {
      new Parser(field, found).run();
    }
    return found;
  }

  private static final class Parser {
    private final String text;
    private final List<Challenge> found;
    private int at;

    Parser(String text, List<Challenge> found) {
      this.text = text;
      this.found = found;
    }

    void run() {
      Map<String, String> parameters = null;
      while (true) {
        skip(" \t,");
        if (at == text.length()) {
          return;
        }
        String word = until(" \t,=").toLowerCase(Locale.ROOT);
        skip(" \t");
        boolean named = at < text.length() && text.charAt(at) == '=';
        if (!named) {
          parameters = new LinkedHashMap<>();
          found.add(new Challenge(word, parameters));
          continue;
        }
        at++;
        skip(" \t");
        String value = value();
        if (parameters != null && !word.isEmpty()) {
          parameters.putIfAbsent(word, value);
        }
      }
    }

    private String value() {
      if (at == text.length() || text.charAt(at) != '"') {
        return until(" \t,");
      }
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
        // RFC 9110, section 5.6.4: a backslash quotes the next character.
        if (text.charAt(at) == '\\' && at + 1 < text.length()) {
          at++;
        }
        value.append(text.charAt(at));
      }
      at = Math.min(at + 1, text.length());
      return value.toString();
    }

    private String until(String ends) {
      int from = at;
      while (at < text.length() && ends.indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(from, at);
    }

    private void skip(String characters) {
      while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }
  }
}
