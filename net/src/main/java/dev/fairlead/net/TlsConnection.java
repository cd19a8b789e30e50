package dev.fairlead.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A line over TLS. */
final class TlsConnection implements Connection {
  private static final Logger log = LoggerFactory.getLogger(TlsConnection.class);

  private final CountingSocket wire;
  private final SSLSocket tls;
  private final InputStream input;
  private final OutputStream output;

  TlsConnection(CountingSocket wire, SSLSocket tls) throws IOException {
    this.wire = wire;
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
    return wire.getInetAddress();
  }

  @Override
  public long bytesReceived() {
    return wire.received();
  }

  @Override
  public long bytesSent() {
    return wire.sent();
  }

  @Override
  public void limitReads(int millis) throws IOException {
    tls.setSoTimeout(millis);
  }

  @Override
  public void cut() {
    try {
      // The socket below TLS: closing the TLS socket waits for a writer that is stuck.
      wire.close();
    } catch (IOException e) {
      log.debug("Closing failed", e);
    }
  }
}
