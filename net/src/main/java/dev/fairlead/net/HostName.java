package dev.fairlead.net;

import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;

/**
 * The name to dial, in the forms that looking up, SNI and verification want.
 *
 * @param ascii lower case, without the root's dot, brackets or non-ASCII letters
 * @param literal whether it is an address written out
 */
record HostName(String ascii, boolean literal) {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  static HostName of(String text) {
    String host = text.strip();
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.indexOf(':') >= 0 || IPV4.matcher(host).matches()) {
      return new HostName(host, true);
    }
    if (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    return new HostName(IDN.toASCII(host, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT), false);
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
   * Whether the platform's verification takes the name at all: it refuses an underscore, which
   * names of containers and of Windows machines often have.
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
   * Whether it can be a name on the wire at all: RFC 1035, section 2.3.4 has the length; a blank or
   * a line's end in it would become part of an HTTP request.
   */
  boolean sendable() {
    return !ascii.isEmpty()
        && ascii.length() <= 255
        && ascii.chars().allMatch(c -> c > ' ' && c < 0x7f && "/?#@\\".indexOf(c) < 0);
  }

  @Override
  public String toString() {
    return ascii;
  }
}
