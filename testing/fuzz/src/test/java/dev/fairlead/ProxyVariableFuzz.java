package dev.fairlead;

import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The environment's variables for proxies. */
public final class ProxyVariableFuzz {
  private ProxyVariableFuzz() {}

  /** The input is a proxy's URL, and the exceptions after a line break. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    int line = text.indexOf('\n');
    String url = line < 0 ? text : text.substring(0, line);
    String exceptions = line < 0 ? "" : text.substring(line + 1);
    try {
      ProxyVariables.proxy(Map.of("https_proxy", url, "no_proxy", exceptions), "hub.example")
          .ifPresent(
              proxy -> {
                Expect.that(proxy.port() > 0 && proxy.port() < 65536, "a port");
                Expect.readable(proxy.toString());
                String password = proxy.password().map(Secret::reveal).orElse("");
                Expect.that(
                    password.length() < 12
                        || proxy.host().contains(password)
                        || !proxy.toString().contains(password),
                    "the password is shown");
              });
    } catch (IllegalArgumentException e) {
      Expect.readable(e.getMessage());
      int at = url.lastIndexOf('@');
      String credentials = at < 0 ? "" : url.substring(0, at);
      Expect.that(
          credentials.length() < 24 || !e.getMessage().contains(credentials), "the password");
    }
  }
}
