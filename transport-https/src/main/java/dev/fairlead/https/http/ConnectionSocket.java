package dev.fairlead.https.http;

import dev.fairlead.UnreachableException;
import dev.fairlead.net.Connection;
import dev.fairlead.net.Dial;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A line as the socket that OkHttp wants. Connecting dials, wherever OkHttp believes to connect to;
 * what is read and written is what TLS protects already.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // the line below has its own locks
final class ConnectionSocket extends Socket {
  /** The line could not be dialled; the cause says all. */
  static final class NotDialled extends IOException {
    private static final long serialVersionUID = 1;

    private final UnreachableException failure;

    NotDialled(UnreachableException failure) {
      super(failure);
      this.failure = failure;
    }

    UnreachableException failure() {
      return failure;
    }
  }

  private final Dial dial;
  private volatile @Nullable Connection line;
  private volatile int readLimit;
  private volatile boolean closed;

  ConnectionSocket(Dial dial) throws SocketException {
    super((SocketImpl) null);
    this.dial = dial;
  }

  @Override
  public void connect(SocketAddress ignored, int timeout) throws IOException {
    try {
      line = dial.connect();
    } catch (UnreachableException e) {
      throw new NotDialled(e);
    }
  }

  /**
   * Whether the peer has closed the idle line, or speaks unasked: then no request may go out on it.
   * Waits a millisecond.
   */
  boolean stale() {
    Connection open = line;
    if (open == null || closed) {
      return true;
    }
    try {
      open.limitReads(1);
      try {
        open.input().read();
        return true;
      } finally {
        open.limitReads(readLimit);
      }
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  long received() {
    Connection open = line;
    return open == null ? 0 : open.bytesReceived();
  }

  long sent() {
    Connection open = line;
    return open == null ? 0 : open.bytesSent();
  }

  private Connection open() throws SocketException {
    Connection open = line;
    if (open == null || closed) {
      throw new SocketException("The line is not open.");
    }
    return open;
  }

  // What OkHttp asks of a socket.

  @Override
  public InputStream getInputStream() throws IOException {
    return open().input();
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return open().output();
  }

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    readLimit = millis;
    Connection open = line;
    if (open != null) {
      try {
        open.limitReads(millis);
      } catch (SocketException e) {
        throw e;
      } catch (IOException e) {
        throw new SocketException("The line is closed: " + e.getMessage());
      }
    }
  }

  @Override
  public int getSoTimeout() {
    return readLimit;
  }

  @Override
  public void close() {
    closed = true;
    dial.abort();
  }

  @Override
  public boolean isConnected() {
    return line != null;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public boolean isInputShutdown() {
    return closed;
  }

  @Override
  public boolean isOutputShutdown() {
    return closed;
  }

  @Override
  public void shutdownInput() {
    close();
  }

  @Override
  public void shutdownOutput() {
    close();
  }

  @Override
  public @Nullable InetAddress getInetAddress() {
    Connection open = line;
    return open == null ? null : open.address();
  }

  @Override
  public @Nullable SocketAddress getRemoteSocketAddress() {
    return null;
  }

  @Override
  public String toString() {
    return "ConnectionSocket[" + getInetAddress() + "]";
  }
}
