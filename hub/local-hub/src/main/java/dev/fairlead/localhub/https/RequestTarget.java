package dev.fairlead.localhub.https;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The target of a request, without escapes.
 *
 * @param segments of the path, after the first slash
 * @param query the first value of each name; a name without {@code =} has the empty value
 */
record RequestTarget(List<String> segments, Map<String, String> query) {

  /**
   * Parses a request target in origin or absolute form (RFC 9112, 3.2); empty if it is malformed.
   */
  static Optional<RequestTarget> parse(String target) {
    String rest = withoutAuthority(target);
    if (!rest.startsWith("/")) {
      return Optional.empty();
    }
    int question = rest.indexOf('?');
    String path = question < 0 ? rest : rest.substring(0, question);
    try {
      List<String> segments = new ArrayList<>();
      for (String segment : path.substring(1).split("/", -1)) {
        segments.add(decode(segment));
      }
      return Optional.of(
          new RequestTarget(
              List.copyOf(segments),
              question < 0 ? Map.of() : parseQuery(rest.substring(question + 1))));
    } catch (IllegalArgumentException brokenEscape) {
      return Optional.empty();
    }
  }

  private static String withoutAuthority(String target) {
    int scheme = target.indexOf("://");
    if (scheme < 0 || target.startsWith("/")) {
      return target;
    }
    int path = target.indexOf('/', scheme + 3);
    return path < 0 ? "/" : target.substring(path);
  }

  private static Map<String, String> parseQuery(String text) {
    Map<String, String> query = new LinkedHashMap<>();
    for (String pair : text.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      query.putIfAbsent(name, equals < 0 ? "" : decode(pair.substring(equals + 1)));
    }
    return query;
  }

  /** A plus stays a plus: it means a space only in forms. */
  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Whether a segment exists and is this word, in any case. */
  boolean isAt(int index, String word) {
    return index < segments.size() && segments.get(index).equalsIgnoreCase(word);
  }

  /** A value of the query, null if the name is absent. */
  @Nullable String parameter(String name) {
    return query.get(name);
  }
}
