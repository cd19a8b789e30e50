package dev.fairlead.auth;

import java.util.regex.Pattern;

/**
 * Checks a host name that was typed or pasted. A single label ({@code localhost}, a gateway's short
 * name) and an underscore (names of containers) are accepted. No message repeats the text: it may
 * be a secret in the wrong place.
 */
final class HostName {
  private static final int LONGEST = 253; // RFC 1035, 2.3.4, in text form
  private static final String LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
  private static final Pattern NAME = Pattern.compile(LABEL + "(?:\\." + LABEL + ")*");

  private HostName() {}

  /**
   * Accepts a bare host name.
   *
   * @param what how a message begins, such as {@code "HostName"}
   * @param host the text
   * @throws IllegalArgumentException if it is anything else; the message says what
   */
  static void check(String what, String host) {
    if (host.isBlank()) {
      throw new IllegalArgumentException(
          what + " is empty; give the hub's name, such as my-hub.azure-devices.net.");
    }
    if (host.contains("://")) {
      throw new IllegalArgumentException(
          what + " begins with a scheme; leave out everything up to and including \"://\".");
    }
    if (host.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          what + " contains a slash; leave out the slash and what follows it.");
    }
    if (host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          what
              + " contains a colon; leave out the port (the protocol decides it, or an endpoint"
              + " given to the client). An IPv6 address cannot be used here.");
    }
    if (host.length() > LONGEST || !NAME.matcher(host).matches()) {
      throw new IllegalArgumentException(
          what
              + " is not a host name: letters, digits, '-' and '_' in parts of 1 to 63 joined by"
              + " single dots, "
              + LONGEST
              + " characters at most.");
    }
  }
}
