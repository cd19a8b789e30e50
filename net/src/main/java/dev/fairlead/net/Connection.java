package dev.fairlead.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;

/**
 * An open byte stream to the host. One reader and one writer at a time, each on a thread of its
 * own; the rest from any thread.
 */
public interface Connection {
  /**
   * The bytes from the host.
   *
   * @return the stream; blocks in {@code read}
   */
  InputStream input();

  /**
   * The bytes to the host.
   *
   * @return the stream; written bytes may be buffered until {@code flush}
   */
  OutputStream output();

  /**
   * The address that answered: the host's, or its proxy's.
   *
   * @return the address
   */
  InetAddress address();

  /**
   * The version of TLS that was agreed on.
   *
   * @return Java's name, such as {@code TLSv1.3}
   */
  String tlsVersion();

  /**
   * Bytes received from the network, those of TLS included.
   *
   * @return the count so far
   */
  long bytesReceived();

  /**
   * Bytes handed to the network, those of TLS included.
   *
   * @return the count so far
   */
  long bytesSent();

  /**
   * Ends the output gracefully, with the means of the protocols below: a WebSocket's CLOSE, or
   * TLS's close_notify and the end of TCP's stream. Nothing can be written after it. After the last
   * bytes, an MQTT DISCONNECT for instance, the writer calls this, lets the reader read on to the
   * end of {@link #input()} for a limited time, and only then calls {@link #cut()}: a connection
   * that is cut with input unread is reset, and the last bytes may be lost.
   *
   * <p>Called by the writer only; may block as a write does.
   *
   * @return whether the host answers with the end of {@link #input()}
   * @throws IOException if the connection is broken
   */
  boolean end() throws IOException;

  /**
   * Limits how long each read waits; initially without a limit. A read that reaches the limit fails
   * with {@link java.net.SocketTimeoutException}, loses nothing, and can be repeated.
   *
   * @param millis the limit in milliseconds, 0 for none
   * @throws IOException if the connection is closed
   */
  void limitReads(int millis) throws IOException;

  /**
   * Ends the connection immediately: reads and writes in progress fail. Does not block; no effect
   * when called again.
   */
  void cut();
}
