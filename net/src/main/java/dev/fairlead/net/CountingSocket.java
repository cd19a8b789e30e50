package dev.fairlead.net;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A connected socket that counts its bytes and can apply one deadline to all reads together. A
 * handshake needs this, because with a time-out for each read a peer that sends single bytes could
 * block it forever.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // the socket below has its own locks
final class CountingSocket extends Socket {
  private final Socket socket;
  private final InputStream input;
  private final OutputStream output;

  private final AtomicLong received = new AtomicLong();
  private final AtomicLong sent = new AtomicLong();

  private volatile boolean bounded;
  private volatile long deadline;
  private volatile boolean timedOut;

  CountingSocket(Socket socket) throws IOException {
    super((SocketImpl) null);
    this.socket = socket;
    input = new Input(socket.getInputStream());
    output = new Output(socket.getOutputStream());
  }

  /** From now on, reads fail after this many nanoseconds altogether. */
  void limitReads(long nanos) {
    deadline = System.nanoTime() + nanos;
    bounded = true;
  }

  void unlimitReads() throws SocketException {
    bounded = false;
    socket.setSoTimeout(0);
  }

  /**
   * Whether a read failed because of the deadline; TLS may have wrapped that failure in another.
   */
  boolean timedOut() {
    return timedOut;
  }

  long received() {
    return received.get();
  }

  long sent() {
    return sent.get();
  }

  private final class Input extends FilterInputStream {
    Input(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (bounded) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          timedOut = true;
          throw new SocketTimeoutException("The time for this step is over.");
        }
        socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
      }
      try {
        int count = in.read(buffer, offset, length);
        if (count > 0) {
          received.addAndGet(count);
        }
        return count;
      } catch (SocketTimeoutException e) {
        timedOut = true;
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private final class Output extends FilterOutputStream {
    Output(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
      out.write(buffer, offset, length);
      sent.addAndGet(length);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  // The methods that a layered TLS socket calls on the socket below it.

  @Override
  public InputStream getInputStream() {
    return input;
  }

  @Override
  public OutputStream getOutputStream() {
    return output;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  @Override
  public void shutdownInput() throws IOException {
    socket.shutdownInput();
  }

  @Override
  public void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public boolean isConnected() {
    return socket.isConnected();
  }

  @Override
  public boolean isBound() {
    return socket.isBound();
  }

  @Override
  public boolean isClosed() {
    return socket.isClosed();
  }

  @Override
  public boolean isInputShutdown() {
    return socket.isInputShutdown();
  }

  @Override
  public boolean isOutputShutdown() {
    return socket.isOutputShutdown();
  }

  @Override
  public InetAddress getInetAddress() {
    return socket.getInetAddress();
  }

  @Override
  public InetAddress getLocalAddress() {
    return socket.getLocalAddress();
  }

  @Override
  public int getPort() {
    return socket.getPort();
  }

  @Override
  public int getLocalPort() {
    return socket.getLocalPort();
  }

  @Override
  public SocketAddress getRemoteSocketAddress() {
    return socket.getRemoteSocketAddress();
  }

  @Override
  public SocketAddress getLocalSocketAddress() {
    return socket.getLocalSocketAddress();
  }

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    socket.setSoTimeout(millis);
  }

  @Override
  public int getSoTimeout() throws SocketException {
    return socket.getSoTimeout();
  }

  @Override
  public void setSoLinger(boolean on, int seconds) throws SocketException {
    socket.setSoLinger(on, seconds);
  }

  @Override
  public int getSoLinger() throws SocketException {
    return socket.getSoLinger();
  }

  @Override
  public void setTcpNoDelay(boolean on) throws SocketException {
    socket.setTcpNoDelay(on);
  }

  @Override
  public boolean getTcpNoDelay() throws SocketException {
    return socket.getTcpNoDelay();
  }

  @Override
  public void setKeepAlive(boolean on) throws SocketException {
    socket.setKeepAlive(on);
  }

  @Override
  public boolean getKeepAlive() throws SocketException {
    return socket.getKeepAlive();
  }

  @Override
  public String toString() {
    return String.valueOf(getRemoteSocketAddress());
  }
}
