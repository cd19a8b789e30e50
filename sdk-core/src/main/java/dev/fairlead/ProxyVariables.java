package dev.fairlead;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringTokenizer;
import org.jspecify.annotations.Nullable;

/** Reads the environment variables that command line tools take their proxy from. */
final class ProxyVariables {
  private static final String[] NAMES = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

  private ProxyVariables() {}

  static Optional<Proxy> proxy(Map<String, String> environment, String host) {
    for (String name : NAMES) {
      @Nullable String value = environment.get(name);
      if (value != null) { // Set to the empty text, it means "no proxy", too.
        return value.isBlank() || isExcluded(environment, host)
            ? Optional.empty()
            : Optional.of(parse(name, value.strip()));
      }
    }
    return Optional.empty();
  }

  private static boolean isExcluded(Map<String, String> environment, String host) {
    String list = environment.getOrDefault("no_proxy", environment.getOrDefault("NO_PROXY", ""));
    String wanted = host.toLowerCase(Locale.ROOT);
    StringTokenizer entries = new StringTokenizer(list.toLowerCase(Locale.ROOT), ", \t");
    while (entries.hasMoreTokens()) {
      String entry = entries.nextToken();
      String domain = entry.startsWith("*.") ? entry.substring(1) : entry;
      String suffix = domain.startsWith(".") ? domain : "." + domain;
      if (entry.equals("*") || ("." + wanted).endsWith(suffix)) {
        return true;
      }
    }
    return false;
  }

  private static Proxy parse(String name, String value) {
    int scheme = value.indexOf("://");
    Proxy.Kind kind = kind(name, scheme < 0 ? "http" : value.substring(0, scheme));
    String rest = value.substring(scheme < 0 ? 0 : scheme + 3);
    int path = rest.indexOf('/', rest.lastIndexOf('@') + 1);
    String authority = path < 0 ? rest : rest.substring(0, path);
    int at = authority.lastIndexOf('@');
    String address = authority.substring(at + 1);
    int bracket = address.startsWith("[") ? address.indexOf(']') : -1;
    int colon = address.indexOf(':', Math.max(bracket, 0));
    String host =
        bracket > 0
            ? address.substring(1, bracket)
            : colon < 0 ? address : address.substring(0, colon);
    int port = port(name, kind, colon < 0 ? "" : address.substring(colon + 1));
    try {
      Proxy proxy = kind == Proxy.Kind.HTTP ? Proxy.http(host, port) : Proxy.socks5(host, port);
      return at < 0 ? proxy : withCredentials(name, proxy, authority.substring(0, at));
    } catch (IllegalArgumentException e) { // None of its texts shows credentials.
      throw malformed(name, String.valueOf(e.getMessage()));
    }
  }

  private static Proxy.Kind kind(String name, String scheme) {
    return switch (scheme.toLowerCase(Locale.ROOT)) {
      case "http" -> Proxy.Kind.HTTP;
      case "socks", "socks5", "socks5h" -> Proxy.Kind.SOCKS5;
      case "https" ->
          throw malformed(name, "A proxy that is itself reached over TLS is not supported.");
      default -> throw malformed(name, "Its scheme is neither http nor socks5.");
    };
  }

  private static int port(String name, Proxy.Kind kind, String digits) {
    if (digits.isEmpty()) {
      return kind == Proxy.Kind.HTTP ? 80 : 1080;
    }
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      throw malformed(name, "Its port is not a number.");
    }
  }

  private static Proxy withCredentials(String name, Proxy proxy, String userInfo) {
    int colon = userInfo.indexOf(':');
    if (colon < 0) {
      throw malformed(name, "It has a user name but no password.");
    }
    return proxy.withCredentials(
        decoded(name, userInfo.substring(0, colon)),
        Secret.of(decoded(name, userInfo.substring(colon + 1))));
  }

  private static String decoded(String name, String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) { // Its text quotes a part of the password.
      throw malformed(name, "A percent sign in user name or password must be written %25.");
    }
  }

  private static IllegalArgumentException malformed(String name, String why) {
    return new IllegalArgumentException(
        "The environment variable "
            + name
            + " names no usable proxy. "
            + why
            + " Expected: http://user:password@host:port, where http may be socks5 and the user may be left out."
            + " (Its value is not shown because it may hold a password.)");
  }
}
