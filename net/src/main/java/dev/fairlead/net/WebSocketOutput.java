package dev.fairlead.net;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes what is given to it as binary messages of one frame each: one at each flush, and one
 * whenever the buffer is full. One writer thread; {@link #pong} and {@link #close(int)} are called
 * by the reader thread.
 *
 * <p>One frame is written at a time. If the writer is busy, the reader leaves its answer to the
 * writer, which sends it after its own frame; so the reader never waits for the writer. At most one
 * pong, the newest (RFC 6455, section 5.5.3), and one close are pending.
 */
final class WebSocketOutput extends OutputStream {
  /** With its header, a frame fills no more than one TLS record. */
  static final int MAX_PAYLOAD = 8192;

  private static final int FINAL = 0x80;
  private static final int MASKED = 0x80;
  private static final int MASK_BYTES = 4;

  /** Two bytes, two of length, the mask. */
  private static final int MAX_HEADER = 4 + MASK_BYTES;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final OutputStream out;
  private final SecureRandom random;

  /** The payload begins at {@link #MAX_HEADER}, so that a frame is sent in one piece. */
  private final byte[] frame = new byte[MAX_HEADER + MAX_PAYLOAD];

  private int filled;

  private final ReentrantLock turn = new ReentrantLock();

  /** Guarded by the turn. */
  private final byte[] masks = new byte[64 * MASK_BYTES];

  private int nextMask = masks.length;
  private final AtomicReference<byte @Nullable []> pong = new AtomicReference<>();
  private final AtomicReference<byte @Nullable []> close = new AtomicReference<>();

  /** Guarded by the turn: nothing is sent after a close frame. RFC 6455, section 5.5.1. */
  private boolean closed;

  WebSocketOutput(OutputStream out, SecureRandom random) {
    this.out = out;
    this.random = random;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    int from = offset;
    int left = length;
    while (left > 0) {
      if (filled == MAX_PAYLOAD) {
        send();
      }
      int count = Math.min(left, MAX_PAYLOAD - filled);
      System.arraycopy(bytes, from, frame, MAX_HEADER + filled, count);
      filled += count;
      from += count;
      left -= count;
    }
  }

  @Override
  public void flush() throws IOException {
    if (filled > 0) {
      send();
    }
  }

  private void send() throws IOException {
    int length = filled;
    filled = 0;
    turn.lock();
    try {
      write(WebSocketInput.BINARY, frame, length);
    } finally {
      turn.unlock();
    }
    answer();
  }

  /** Answers a ping. */
  void pong(byte[] body) throws IOException {
    pong.set(body);
    answer();
  }

  /** Sends or answers a close frame. */
  void close(int status) throws IOException {
    close.set(new byte[] {(byte) (status >> 8), (byte) status});
    answer();
  }

  /** Sends the pending answers, unless the thread that has the turn will. */
  private void answer() throws IOException {
    while ((pong.get() != null || close.get() != null) && turn.tryLock()) {
      try {
        answer(WebSocketInput.PONG, pong.getAndSet(null));
        answer(WebSocketInput.CLOSE, close.getAndSet(null));
      } finally {
        turn.unlock();
      }
    }
  }

  private void answer(int opcode, byte @Nullable [] body) throws IOException {
    if (body != null && !closed) {
      byte[] whole = new byte[MAX_HEADER + body.length];
      System.arraycopy(body, 0, whole, MAX_HEADER, body.length);
      write(opcode, whole, body.length);
    }
  }

  /**
   * RFC 6455, section 10.3: a fresh, unpredictable mask for every frame. Many are generated
   * together, because all connections share the source.
   */
  private int nextMask() {
    if (nextMask == masks.length) {
      random.nextBytes(masks);
      nextMask = 0;
    }
    int mask = (int) INTS.get(masks, nextMask);
    nextMask += MASK_BYTES;
    return mask;
  }

  /** Masks the payload in place and writes the frame. RFC 6455, sections 5.2 and 5.3. */
  private void write(int opcode, byte[] whole, int length) throws IOException {
    if (closed) {
      throw new IOException("The WebSocket is closed.");
    }
    closed = opcode == WebSocketInput.CLOSE;
    int start;
    if (length < 126) {
      start = 2;
      whole[start + 1] = (byte) (MASKED | length);
    } else {
      start = 0;
      whole[1] = (byte) (MASKED | 126);
      whole[2] = (byte) (length >> 8);
      whole[3] = (byte) length;
    }
    whole[start] = (byte) (FINAL | opcode);
    int mask = nextMask();
    INTS.set(whole, MAX_HEADER - MASK_BYTES, mask);
    long masks = ((long) mask << 32) | (mask & 0xffff_ffffL);
    int end = MAX_HEADER + length;
    int at = MAX_HEADER;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      LONGS.set(whole, at, (long) LONGS.get(whole, at) ^ masks);
    }
    for (int shift = 56; at < end; at++, shift -= 8) {
      whole[at] ^= (byte) (masks >> shift);
    }
    out.write(whole, start, MAX_HEADER - start + length);
    out.flush();
  }
}
