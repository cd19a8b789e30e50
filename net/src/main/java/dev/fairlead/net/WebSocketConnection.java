package dev.fairlead.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.security.SecureRandom;

/**
 * A connection inside a WebSocket: the payload of binary messages as one stream each way, without
 * frame boundaries. Nothing is queued: unread bytes stay in the network, and a writer waits until
 * the network accepts its frame.
 */
final class WebSocketConnection implements Connection {
  private final Connection carrier;
  private final WebSocketInput input;
  private final WebSocketOutput output;

  /** Wraps a connection on which the upgrade has succeeded. */
  WebSocketConnection(Connection carrier, SecureRandom random) {
    this.carrier = carrier;
    output = new WebSocketOutput(carrier.output(), random);
    input = new WebSocketInput(carrier.input(), output);
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
    return carrier.address();
  }

  @Override
  public String tlsVersion() {
    return carrier.tlsVersion();
  }

  @Override
  public long bytesReceived() {
    return carrier.bytesReceived();
  }

  @Override
  public long bytesSent() {
    return carrier.bytesSent();
  }

  /** RFC 6455, section 7.1.1: the closing side sends CLOSE, then the server ends the connection. */
  @Override
  public boolean end() throws IOException {
    output.close(WebSocketInput.NORMAL);
    return true;
  }

  @Override
  public void limitReads(int millis) throws IOException {
    carrier.limitReads(millis);
  }

  @Override
  public void cut() {
    carrier.cut();
  }
}
