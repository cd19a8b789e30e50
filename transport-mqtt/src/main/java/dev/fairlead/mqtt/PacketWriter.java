package dev.fairlead.mqtt;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Gathers small packets into one write, and so into one TLS record and one system call, while more
 * messages are sure to follow: those handed to Paho and not written yet. Nothing waits for time to
 * pass. Paho flushes after each packet, which is how packets are told apart here.
 *
 * <p>One writer thread.
 */
final class PacketWriter extends OutputStream {
  /** What one TLS record holds. */
  private static final int BUFFER = 16 * 1024;

  private static final int PUBLISH = 3;

  private final OutputStream out;
  private final AtomicLong promised;
  private final byte[] buffer = new byte[BUFFER];
  private int filled;
  private boolean begun;
  private boolean publish;
  private long published;

  /**
   * Writes to a stream.
   *
   * @param promised how many messages were handed to Paho so far
   */
  PacketWriter(OutputStream out, AtomicLong promised) {
    this.out = out;
    this.promised = promised;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return;
    }
    if (!begun) {
      begun = true;
      publish = (bytes[offset] & 0xf0) == PUBLISH << 4;
    }
    if (length > BUFFER - filled) {
      send();
    }
    if (length > BUFFER) {
      out.write(bytes, offset, length);
    } else {
      System.arraycopy(bytes, offset, buffer, filled, length);
      filled += length;
    }
  }

  /** The end of a packet. Goes out now, unless it is a message and another one follows. */
  @Override
  public void flush() throws IOException {
    begun = false;
    if (publish) {
      published++;
    }
    if (!publish || published >= promised.get()) {
      send();
      out.flush();
    }
  }

  private void send() throws IOException {
    if (filled > 0) {
      out.write(buffer, 0, filled);
      filled = 0;
    }
  }
}
