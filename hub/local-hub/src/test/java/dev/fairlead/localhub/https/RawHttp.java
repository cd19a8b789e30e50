package dev.fairlead.localhub.https;

import dev.fairlead.localhub.LocalHub;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SSLSocket;

/** An HTTP client that writes its requests byte by byte. */
final class RawHttp implements AutoCloseable {

  private static final int READ_LIMIT_MILLIS = 10_000;

  private final Socket tcp;
  private final SSLSocket socket;
  private final InputStream in;

  private RawHttp(Socket tcp, SSLSocket socket) throws IOException {
    this.tcp = tcp;
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
  }

  static RawHttp dial(LocalHub hub) throws IOException {
    Socket tcp = new Socket(InetAddress.getLoopbackAddress(), hub.httpsPort());
    SSLSocket socket =
        (SSLSocket)
            HttpDevice.context(hub, null)
                .getSocketFactory()
                .createSocket(tcp, "localhost", hub.httpsPort(), true);
    socket.setSoTimeout(READ_LIMIT_MILLIS);
    socket.setTcpNoDelay(true);
    socket.startHandshake();
    return new RawHttp(tcp, socket);
  }

  void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** Sets the read time-out. */
  void limit(int millis) throws IOException {
    socket.setSoTimeout(millis);
  }

  /** Reads until no more bytes arrive. */
  void readInto(StringBuilder seen) throws IOException {
    while (true) {
      seen.append((char) next());
    }
  }

  /** The next answer, head and body; a body must have a Content-Length. */
  String read() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) next());
    }
    int length = 0;
    for (String line : head.toString().split("\r\n", -1)) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(line.substring(15).trim());
      }
    }
    for (int i = 0; i < length; i++) {
      head.append((char) next());
    }
    return head.toString();
  }

  private int next() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw new EOFException("The hub has closed the connection.");
    }
    return b;
  }

  /** Returns when the hub has closed the connection, ignoring what it sends before. */
  void expectEnd() throws IOException {
    while (in.read() >= 0) {
      // Only the end of the connection matters.
    }
  }

  /** Cuts the connection, even while another thread writes. */
  void abort() throws IOException {
    tcp.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
