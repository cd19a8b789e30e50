package dev.fairlead.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The peer's end of one connection, for its {@link ScriptedPeer.Script}. Reads fail with an {@link
 * IOException} when the client has closed the connection or the read timeout is over. For the
 * script's own thread; only {@link #cut()}, {@link #write} and {@link #close()} may be called from
 * others too.
 */
public final class PeerConnection implements AutoCloseable {
  private static final int MOST_UNTIL = 1 << 20;

  private final int number;
  private final Socket below;
  private final Socket socket;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Object writing = new Object();
  private DataInputStream in;

  PeerConnection(int number, Socket below, Socket socket) throws IOException {
    this.number = number;
    this.below = below;
    this.socket = socket;
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
  }

  /**
   * Which connection of its peer this is.
   *
   * @return 0 at the first
   */
  public int number() {
    return number;
  }

  /**
   * The socket of the connection.
   *
   * @return an {@link javax.net.ssl.SSLSocket} if the peer speaks TLS
   */
  public Socket socket() {
    return socket;
  }

  // --- reading ---

  /**
   * The client's output. All reads of this class use the same buffer.
   *
   * @return the stream
   */
  public DataInputStream input() {
    return in;
  }

  /**
   * Reads from another stream from now on: for a layer of the script's own, such as WebSocket.
   *
   * @param layer a stream that reads from {@link #input()}
   */
  public void readThrough(InputStream layer) {
    in = layer instanceof DataInputStream data ? data : new DataInputStream(layer);
  }

  /**
   * Reads a given number of bytes, no fewer.
   *
   * @param count 0 or more
   * @return the bytes
   * @throws IOException if the connection ends before
   */
  public byte[] read(int count) throws IOException {
    byte[] bytes = new byte[count];
    in.readFully(bytes);
    return bytes;
  }

  /**
   * Reads one byte.
   *
   * @return 0 to 255
   * @throws IOException if the connection ends before
   */
  public int readByte() throws IOException {
    return in.readUnsignedByte();
  }

  /**
   * Reads up to and including a text.
   *
   * @param end what to wait for, in ISO 8859-1
   * @return everything read, {@code end} included
   * @throws IOException if the connection ends before, or a mebibyte does not contain it
   */
  public String readUntil(String end) throws IOException {
    StringBuilder read = new StringBuilder();
    while (read.length() < end.length() || read.indexOf(end, read.length() - end.length()) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("The client closed the connection before it sent " + end);
      }
      read.append((char) next);
      if (read.length() > MOST_UNTIL) {
        throw new IOException("The client sent a mebibyte without " + end);
      }
    }
    return read.toString();
  }

  /**
   * Reads one line.
   *
   * @return it without its line end
   * @throws IOException if the connection ends before
   */
  public String readLine() throws IOException {
    return readUntil("\n").stripTrailing();
  }

  /**
   * Reads and discards all input until the client closes the connection.
   *
   * @throws IOException if the connection breaks instead
   */
  public void awaitEnd() throws IOException {
    byte[] discarded = new byte[8192];
    while (in.read(discarded) >= 0) {
      // Further input is ignored.
    }
  }

  // --- writing ---

  /**
   * The client's input; {@link #write} is the same with a flush.
   *
   * @return the stream
   * @throws IOException if the connection has ended
   */
  public OutputStream output() throws IOException {
    return socket.getOutputStream();
  }

  /**
   * Sends bytes.
   *
   * @param bytes what to send
   * @throws IOException if the connection has ended
   */
  public void write(byte[] bytes) throws IOException {
    synchronized (writing) {
      output().write(bytes);
      output().flush();
    }
  }

  /**
   * Sends bytes.
   *
   * @param bytes each 0 to 255
   * @throws IOException if the connection has ended
   */
  public void write(int... bytes) throws IOException {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    write(raw);
  }

  /**
   * Sends text.
   *
   * @param text sent in UTF-8
   * @throws IOException if the connection has ended
   */
  public void write(String text) throws IOException {
    write(text.getBytes(UTF_8));
  }

  /**
   * Sends bytes one at a time, as a slow network does.
   *
   * @param bytes what to send
   * @throws IOException if the connection has ended
   */
  public void drip(byte[] bytes) throws IOException {
    for (byte each : bytes) {
      write(each & 0xff);
    }
  }

  /**
   * Sends back all input until the client closes the connection.
   *
   * @throws IOException if the connection breaks
   */
  public void echo() throws IOException {
    in.transferTo(output());
  }

  // --- ending ---

  /**
   * Neither reads nor writes until the peer is closed or cut: a server that hangs.
   *
   * @throws InterruptedException when the peer is closed
   */
  public void holdSilent() throws InterruptedException {
    if (!ended.await(3, TimeUnit.MINUTES)) {
      throw new IllegalStateException("The peer was not closed in three minutes.");
    }
  }

  /**
   * Signals the end of the output (with TLS: the close alert); the client can still send.
   *
   * @throws IOException if the connection has ended
   */
  public void halfClose() throws IOException {
    socket.shutdownOutput();
  }

  /** Ends the connection with a TCP reset. */
  public void reset() {
    try {
      below.setSoLinger(true, 0);
    } catch (IOException e) {
      // It is closed already.
    }
    cut();
  }

  /** Ends the connection with a plain TCP close, without the TLS close alert. */
  public void cut() {
    ended.countDown();
    try {
      below.close();
    } catch (IOException e) {
      // It ends in any case.
    }
  }

  /** Ends the connection gracefully; happens by itself at the end of the script. */
  @Override
  public void close() {
    ended.countDown();
    try {
      socket.close();
    } catch (IOException e) {
      // It ends in any case.
    }
  }
}
