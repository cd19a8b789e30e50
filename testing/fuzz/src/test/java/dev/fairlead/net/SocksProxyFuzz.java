package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.fuzz.Expect;
import dev.fairlead.fuzz.Pieces;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** The answers of a SOCKS5 proxy. */
public final class SocksProxyFuzz {
  private static final Proxy WITHOUT = Proxy.socks5("proxy.example", 1080);
  private static final Proxy WITH = WITHOUT.withCredentials("user", Secret.of("s3cr3t"));
  private static final Endpoint HUB = new Endpoint("hub.example", 8883, Trust.platform());
  private static final int LONGEST = 2 + 2 + 4 + 1 + 255 + 2;

  private SocksProxyFuzz() {}

  /** The first byte says whether there are credentials; the rest is what the proxy sends. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    Proxy proxy = (input[0] & 1) == 0 ? WITHOUT : WITH;
    Pieces in = new Pieces(input, 1, 1024);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SocksTunnel tunnel =
        new SocksTunnel(proxy, HostName.of(HUB.host()), HUB.port(), new ProxyFailures(proxy, HUB));
    try {
      Expect.that(tunnel.open(in, out), "It needs no second connection");
    } catch (UnreachableException | IOException e) {
      Expect.readable(e.getMessage());
    }
    Expect.that(input.length - in.left() <= LONGEST + 1, "It read on behind the answers");
    Expect.that(out.size() < 100, "It sent more than a request");
  }
}
