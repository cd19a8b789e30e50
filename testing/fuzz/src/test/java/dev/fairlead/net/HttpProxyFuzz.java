package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.fuzz.Expect;
import dev.fairlead.fuzz.FixedRandom;
import dev.fairlead.fuzz.Pieces;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The answers of an HTTP proxy to CONNECT, one after another, with their challenges. */
public final class HttpProxyFuzz {
  private static final String PASSWORD = "s3cr3t-pass";
  private static final Proxy PROXY =
      Proxy.http("proxy.example", 8080).withCredentials("user", Secret.of(PASSWORD));
  private static final Endpoint HUB = new Endpoint("hub.example", 8883, Trust.platform());

  private HttpProxyFuzz() {}

  /** The input is what the proxy sends, on all connections together. */
  public static void fuzzerTestOneInput(byte[] input) {
    Pieces in = new Pieces(input, 0, 1024);
    HttpTunnel tunnel =
        new HttpTunnel(
            PROXY,
            HostName.of(HUB.host()),
            HUB.port(),
            new ProxyFailures(PROXY, HUB),
            new FixedRandom());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int rounds = 0;
    try {
      boolean open = false;
      while (!open) {
        open = tunnel.open(in, out);
        Expect.that(++rounds <= 3, "It asks without end");
      }
    } catch (EOFException e) {
      // The proxy has closed.
    } catch (UnreachableException | IOException e) {
      Expect.readable(e.getMessage());
    }
    check(out.toString(StandardCharsets.ISO_8859_1), input.length);
  }

  /** A challenge must not add a line to the request, nor get the password in clear by Digest. */
  private static void check(String sent, int received) {
    List<String> lines = List.of(sent.split("\r\n", -1));
    for (String line : lines) {
      Expect.that(
          line.isEmpty()
              || line.startsWith("CONNECT hub.example:8883 HTTP/1.1")
              || line.startsWith("Host: ")
              || line.startsWith("Proxy-Authorization: Digest ")
              || line.equals("Proxy-Authorization: Basic dXNlcjpzM2NyM3QtcGFzcw=="),
          "A line that is not ours: " + line);
      for (int i = 0; i < line.length(); i++) {
        char c = line.charAt(i);
        Expect.that(c == '\t' || (c >= ' ' && c != 0x7f), "A control character is sent: " + line);
      }
    }
    Expect.that(!sent.contains(PASSWORD), "The password is sent");
    Expect.that(sent.length() < 4 * received + 4096, "More is sent than a challenge can ask for");
  }
}
