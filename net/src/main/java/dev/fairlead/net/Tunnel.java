package dev.fairlead.net;

import dev.fairlead.Proxy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.SecureRandom;

/** Asks one proxy for one tunnel; may need more than one connection to the proxy. */
interface Tunnel {
  /**
   * Asks over a fresh connection. Reads no byte beyond the proxy's own answers.
   *
   * @return whether the tunnel is open; if not, ask again over another connection
   * @throws IOException if the connection fails
   * @throws dev.fairlead.UnreachableException if the proxy refuses
   */
  boolean open(InputStream in, OutputStream out) throws IOException;

  static Tunnel through(
      Proxy proxy, HostName host, int port, ProxyFailures failures, SecureRandom random) {
    return switch (proxy.kind()) {
      case HTTP -> new HttpTunnel(proxy, host, port, failures, random);
      case SOCKS5 -> new SocksTunnel(proxy, host, port, failures);
    };
  }
}
