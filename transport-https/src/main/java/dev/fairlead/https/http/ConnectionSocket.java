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
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connection of {@code net} as the socket that OkHttp expects. Connecting dials, regardless of
 * the address that OkHttp passes; bytes read and written are already protected by TLS.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // the connection below has its own locks
final class ConnectionSocket extends Socket {
  /** There is no connection; the cause holds the reason. */
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
  private volatile @Nullable Connection connection;
  private volatile @Nullable AnswerInput input;
  private volatile int readLimit;
  private volatile boolean closed;

  ConnectionSocket(Dial dial) throws SocketException {
    super((SocketImpl) null);
    this.dial = dial;
  }

  @Override
  public void connect(SocketAddress ignored, int timeout) throws IOException {
    try {
      Connection open = dial.connect();
      input = new AnswerInput(open.input());
      connection = open;
    } catch (UnreachableException e) {
      throw new NotDialled(e);
    }
  }

  /**
   * Whether the peer has closed the idle connection, or has sent unsolicited data: then no request
   * may use it. Waits a millisecond.
   */
  boolean stale() {
    Connection open = connection;
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

  /** What dialling waits for, empty once the connection was open. */
  Optional<String> dialling() {
    return connection == null ? Optional.of(dial.step()) : Optional.empty();
  }

  /** Expects an answer: its head begins with the next byte that is read. */
  void answerBegins() {
    AnswerInput open = input;
    if (open != null) {
      open.begin();
    }
  }

  /** Whether the peer has sent more than an answer whose body had a given length. */
  boolean sentMoreThan(long body) {
    AnswerInput open = input;
    return open != null && open.behindHead() > body;
  }

  /** As {@link Connection#tlsVersion}, empty while there is no connection. */
  String tlsVersion() {
    Connection open = connection;
    return open == null ? "" : open.tlsVersion();
  }

  long received() {
    Connection open = connection;
    return open == null ? 0 : open.bytesReceived();
  }

  long sent() {
    Connection open = connection;
    return open == null ? 0 : open.bytesSent();
  }

  private Connection open() throws SocketException {
    Connection open = connection;
    if (open == null || closed) {
      throw new SocketException("The connection is not open.");
    }
    return open;
  }

  // The methods that OkHttp calls on a socket.

  @Override
  public InputStream getInputStream() throws IOException {
    open();
    return Objects.requireNonNull(input);
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return open().output();
  }

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    readLimit = millis;
    Connection open = connection;
    if (open != null) {
      try {
        open.limitReads(millis);
      } catch (SocketException e) {
        throw e;
      } catch (IOException e) {
        throw new SocketException("The connection is closed: " + e.getMessage());
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
    return connection != null;
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
    Connection open = connection;
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
