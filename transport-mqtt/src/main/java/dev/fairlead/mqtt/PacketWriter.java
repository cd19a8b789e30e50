package dev.fairlead.mqtt;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Gathers small packets into one write, and so into one TLS record and one system call, while more
 * messages are certain to follow: those handed to Paho and not written yet. There are no timers.
 * Paho flushes after each packet, which marks the packet's end.
 *
 * <p>One writer thread.
 */
final class PacketWriter extends OutputStream {
  /** The content of one TLS record. */
  private static final int BUFFER = 16 * 1024;

  private static final int PUBLISH = 3;
  private static final int PUBACK = 4;

  private final OutputStream out;
  private final AtomicLong promised;
  private final Runnable sent;
  private final Runnable acknowledged;
  private final byte[] buffer = new byte[BUFFER];
  private int filled;
  private int type; // of the packet that is being written, 0 between packets
  private long published;

  /**
   * Writes to a stream.
   *
   * @param promised how many messages were handed to Paho so far
   * @param sent runs when bytes were sent
   * @param acknowledged runs when a PUBACK was sent
   */
  PacketWriter(OutputStream out, AtomicLong promised, Runnable sent, Runnable acknowledged) {
    this.out = out;
    this.promised = promised;
    this.sent = sent;
    this.acknowledged = acknowledged;
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
    if (type == 0) {
      type = (bytes[offset] & 0xf0) >> 4;
    }
    if (length > BUFFER - filled) {
      send();
    }
    if (length > BUFFER) {
      out.write(bytes, offset, length);
      sent.run();
    } else {
      System.arraycopy(bytes, offset, buffer, filled, length);
      filled += length;
    }
  }

  /** The end of a packet. It is sent now, unless it is a message and another one follows. */
  @Override
  public void flush() throws IOException {
    int written = type;
    type = 0;
    if (written == PUBLISH) {
      published++;
    }
    if (written != PUBLISH || published >= promised.get()) {
      send();
      out.flush();
    }
    if (written == PUBACK) {
      acknowledged.run();
    }
  }

  private void send() throws IOException {
    if (filled > 0) {
      out.write(buffer, 0, filled);
      filled = 0;
      sent.run();
    }
  }
}
