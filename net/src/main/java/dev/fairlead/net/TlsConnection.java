package dev.fairlead.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection over TLS. */
final class TlsConnection implements Connection {
  private static final Logger log = LoggerFactory.getLogger(TlsConnection.class);

  private final CountingSocket socket;
  private final SSLSocket tls;
  private final InputStream input;
  private final OutputStream output;

  TlsConnection(CountingSocket socket, SSLSocket tls) throws IOException {
    this.socket = socket;
    this.tls = tls;
    input = tls.getInputStream();
    output = tls.getOutputStream();
  }

  @Override
  public InputStream input() {
    return input;
  }

  @Override
  public OutputStream output() {
    return output;
  }

  @Override
  public InetAddress address() {
    return socket.getInetAddress();
  }

  @Override
  public String tlsVersion() {
    return tls.getSession().getProtocol();
  }

  @Override
  public long bytesReceived() {
    return socket.received();
  }

  @Override
  public long bytesSent() {
    return socket.sent();
  }

  /**
   * The alert close_notify (RFC 8446, section 6.1), then the end of TCP's stream. Only this
   * direction is closed: closing both with input unread would be a reset, which may destroy what
   * was written.
   */
  @Override
  public boolean end() throws IOException {
    tls.shutdownOutput();
    return true;
  }

  @Override
  public void limitReads(int millis) throws IOException {
    tls.setSoTimeout(millis);
  }

  @Override
  public void cut() {
    try {
      // The socket below TLS: closing the TLS socket waits for a writer that is stuck.
      socket.close();
    } catch (IOException e) {
      log.debug("Closing failed", e);
    }
  }
}
