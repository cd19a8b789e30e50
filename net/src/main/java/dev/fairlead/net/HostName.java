package dev.fairlead.net;

import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SNIHostName;

/**
 * The name to dial, in the forms that look-up, SNI and verification need.
 *
 * @param ascii lower case, without the root's dot, brackets or non-ASCII letters
 * @param literal whether it is an address written out
 */
record HostName(String ascii, boolean literal) {
  // RFC 1035, section 2.3.4.
  private static final int MAX_LENGTH = 253;
  private static final int MAX_LABEL = 63;

  /** Never fails; {@link #valid} tells whether the text is a name. */
  static HostName of(String text) {
    String host = text.strip();
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.indexOf(':') >= 0) {
      return new HostName(host, true);
    }
    if (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    String ascii = host;
    try {
      ascii = IDN.toASCII(host, IDN.ALLOW_UNASSIGNED);
    } catch (IllegalArgumentException e) {
      // An empty or a long label, or letters that no name has: kept unchanged, and invalid.
    }
    // Only now: with the root's dot, or in full-width digits, an address is one as well.
    return new HostName(ascii.toLowerCase(Locale.ROOT), isIpv4(ascii));
  }

  /** Four numbers; the platform checks their range. */
  private static boolean isIpv4(String host) {
    int dots = 0;
    int digits = 0;
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c == '.' && digits > 0) {
        dots++;
        digits = 0;
      } else if (c >= '0' && c <= '9' && digits < 3) {
        digits++;
      } else {
        return false;
      }
    }
    return dots == 3 && digits > 0;
  }

  /**
   * RFC 6066, section 3: a literal address is never sent as a server name. Nor is a name with an
   * underscore: Java servers answer it with the alert illegal_parameter.
   */
  Optional<SNIHostName> sni() {
    return literal || !verifiedByPlatform()
        ? Optional.empty()
        : Optional.of(new SNIHostName(ascii.getBytes(StandardCharsets.US_ASCII)));
  }

  /**
   * Whether the platform's verification accepts the name: it refuses an underscore, which names of
   * containers and of Windows machines often have.
   */
  boolean verifiedByPlatform() {
    return literal || ascii.indexOf('_') < 0;
  }

  /** RFC 6125, section 6.4: the same name, or a wildcard for the whole left-most label. */
  boolean matches(String certificateName) {
    String name = certificateName.toLowerCase(Locale.ROOT);
    if (name.startsWith("*.")) {
      int dot = ascii.indexOf('.');
      // A wildcard stands for one label below a domain, never below a top-level name.
      return dot > 0
          && ascii.indexOf('.', dot + 1) > 0
          && ascii.substring(dot).equals(name.substring(1));
    }
    return ascii.equals(name);
  }

  /** As in a URI, where an IPv6 address is put in brackets. RFC 3986, section 3.2.2. */
  String authority() {
    return ascii.indexOf(':') >= 0 ? "[" + ascii + "]" : ascii;
  }

  /**
   * Whether it is a host name: RFC 1123, section 2.1, with the underscore. No other text is ever
   * sent, because it would become part of an HTTP request or fail deep inside TLS.
   */
  boolean valid() {
    if (literal) {
      return ascii.chars().allMatch(c -> c > ' ' && c < 0x7f && "/?#@\\[]".indexOf(c) < 0);
    }
    if (ascii.length() > MAX_LENGTH) {
      return false;
    }
    int start = 0;
    while (true) {
      int dot = ascii.indexOf('.', start);
      int end = dot < 0 ? ascii.length() : dot;
      if (!isLabel(start, end)) {
        return false;
      }
      if (dot < 0) {
        return true;
      }
      start = dot + 1;
    }
  }

  private boolean isLabel(int start, int end) {
    if (end == start || end - start > MAX_LABEL) {
      return false;
    }
    for (int i = start; i < end; i++) {
      char c = ascii.charAt(i);
      boolean inner = c == '-' && i > start && i < end - 1;
      if (!(inner || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return ascii;
  }
}
