package dev.fairlead.net;

import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** Names of hosts, as typed, and as in certificates. */
public final class HostNameFuzz {
  private HostNameFuzz() {}

  /** The input is a name, and a second one after a line break. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    int line = text.indexOf('\n');
    HostName host = HostName.of(line < 0 ? text : text.substring(0, line));
    String certificate = line < 0 ? text : text.substring(line + 1);
    boolean matches = host.matches(certificate);
    if (!host.valid()) {
      return;
    }
    Expect.readable(host.ascii());
    Expect.that(host.ascii().chars().allMatch(c -> c > ' ' && c < 0x7f), "not ASCII");
    Expect.that(host.literal() || host.matches(host.ascii()), "It does not match itself");
    Expect.same(HostName.of(host.ascii()), host, "read again");
    Expect.that(host.authority().indexOf('/') < 0, "a slash");
    Expect.that(
        host.sni().isEmpty() || host.sni().get().getAsciiName().equals(host.ascii()), "SNI");
    Expect.that(
        !matches || certificate.startsWith("*.") || certificate.equalsIgnoreCase(host.ascii()),
        "matches another name");
  }
}
