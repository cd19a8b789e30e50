package dev.fairlead.net;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fairlead.Proxy;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ProtocolException;

/** SOCKS version 5, RFC 1928; the proxy looks the host name up. User name by RFC 1929. */
final class SocksTunnel implements Tunnel {
  private static final int VERSION = 5;
  private static final int CONNECT = 1;
  private static final int NO_AUTHENTICATION = 0;
  private static final int USER_NAME = 2;
  private static final int USER_NAME_VERSION = 1;
  private static final int IPV4 = 1;
  private static final int NAME = 3;
  private static final int IPV6 = 4;

  private final Proxy proxy;
  private final HostName host;
  private final int port;
  private final ProxyFailures failures;

  SocksTunnel(Proxy proxy, HostName host, int port, ProxyFailures failures) {
    this.proxy = proxy;
    this.host = host;
    this.port = port;
    this.failures = failures;
  }

  @Override
  public boolean open(InputStream in, OutputStream out) throws IOException {
    boolean known = proxy.user().isPresent();
    // RFC 1928, section 3.
    send(
        out,
        known
            ? new byte[] {VERSION, 2, NO_AUTHENTICATION, USER_NAME}
            : new byte[] {VERSION, 1, NO_AUTHENTICATION});
    version(in, VERSION);
    int method = next(in);
    if (method == USER_NAME && known) {
      authenticate(in, out);
    } else if (method != NO_AUTHENTICATION) {
      throw known ? failures.unknownScheme("SOCKS method " + method) : failures.noCredentials();
    }
    request(out);
    answer(in);
    return true;
  }

  /** RFC 1929, section 2. */
  private void authenticate(InputStream in, OutputStream out) throws IOException {
    byte[] user = proxy.user().orElseThrow().getBytes(UTF_8);
    byte[] password = proxy.password().orElseThrow().reveal().getBytes(UTF_8);
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    packet.write(USER_NAME_VERSION);
    packet.write(user.length);
    packet.writeBytes(user);
    packet.write(password.length);
    packet.writeBytes(password);
    send(out, packet.toByteArray());
    version(in, USER_NAME_VERSION);
    if (next(in) != 0) {
      throw failures.wrongCredentials();
    }
  }

  /** RFC 1928, section 4. */
  private void request(OutputStream out) throws IOException {
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    packet.write(VERSION);
    packet.write(CONNECT);
    packet.write(0);
    if (host.literal()) {
      byte[] address = InetAddress.getByName(host.ascii()).getAddress();
      packet.write(address.length == 4 ? IPV4 : IPV6);
      packet.writeBytes(address);
    } else {
      byte[] name = host.ascii().getBytes(US_ASCII);
      packet.write(NAME);
      packet.write(name.length);
      packet.writeBytes(name);
    }
    packet.write(port >> 8);
    packet.write(port);
    send(out, packet.toByteArray());
  }

  /** RFC 1928, section 6. */
  private void answer(InputStream in) throws IOException {
    version(in, VERSION);
    int reply = next(in);
    if (reply != 0) {
      throw failures.socksReply(reply);
    }
    next(in);
    int kind = next(in);
    int length =
        switch (kind) {
          case IPV4 -> 4;
          case IPV6 -> 16;
          case NAME -> next(in);
          default -> throw new ProtocolException("an address of the unknown kind " + kind);
        };
    for (int i = 0; i < length + 2; i++) {
      next(in);
    }
  }

  private static void send(OutputStream out, byte[] packet) throws IOException {
    out.write(packet);
    out.flush();
  }

  private static void version(InputStream in, int expected) throws IOException {
    int version = next(in);
    if (version != expected) {
      throw new ProtocolException("version " + version + " in place of " + expected);
    }
  }

  private static int next(InputStream in) throws IOException {
    int next = in.read();
    if (next < 0) {
      throw new EOFException("no answer");
    }
    return next;
  }
}
