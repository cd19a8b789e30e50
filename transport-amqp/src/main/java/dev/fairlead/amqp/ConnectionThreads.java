package dev.fairlead.amqp;

import dev.fairlead.net.Connection;
import dev.fairlead.net.Dial;
import dev.fairlead.spi.Loop;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The two threads of a connection, which do nothing but move bytes: one dials and then reads, one
 * writes. What they bring reaches the loop many pieces at a time, and both are held up where the
 * loop, or the network, does not keep pace. Neither waits with a time-out; a line that is idle
 * costs two sleeping threads.
 */
final class ConnectionThreads {
  /** What the loop is told, on the loop. */
  interface Events {
    /** The line is open. */
    void connected();

    /** Bytes have come; the array is the wire's own again when this returns. */
    void arrived(byte[] bytes, int length);

    /** All that had come so far has been handed over, or there is room to write again. */
    void batchDone();

    /**
     * Nothing can be written any more; what the hub has to say about it may still be on its way in.
     */
    void writeFailed(Throwable cause);

    /** The line is over. Not after {@link #cut}. */
    void broken(Throwable cause);
  }

  /** One TLS record's worth (RFC 8446, section 5.1). */
  private static final int PIECE = 16 * 1024;

  /** Pieces that may wait for the loop. */
  private static final int MAX_PIECES = 4;

  /** Beyond this, the loop is asked to produce nothing until the writer has caught up. */
  private static final int MAX_BACKLOG = 256 * 1024;

  private static final int SMALL = 1024;

  /** A buffer that grew beyond this in a burst is let go of. */
  private static final int KEPT = 64 * 1024;

  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Piece(byte[] bytes, int length) {}

  private final String name;
  private final Dial dial;
  private final Loop loop;
  private final Events events;

  private final Object lock = new Object();
  private final Deque<Piece> arrived = new ArrayDeque<>();
  private final Deque<byte[]> spare = new ArrayDeque<>();
  private int pieces;
  private byte[] outgoing = new byte[SMALL];
  private byte @Nullable [] empty;
  private int outgoingLength;
  private int writing;
  private boolean wantsRoom;
  private boolean connected;
  private boolean over;
  private @Nullable Throwable cause;
  private @Nullable Throwable writeFailure;
  private boolean scheduled;

  // On the loop.
  private boolean toldConnected;
  private boolean toldWriteFailure;

  ConnectionThreads(String name, Dial dial, Loop loop, Events events) {
    this.name = name;
    this.dial = dial;
    this.loop = loop;
    this.events = events;
  }

  /** Begins to dial. */
  void start() {
    thread("AMQP reader: ", this::read).start();
  }

  private Thread thread(String role, Runnable task) {
    Thread thread = new Thread(task, role + name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Puts bytes in line to be written. On the loop.
   *
   * @param bytes whole frames
   */
  void write(ByteBuffer bytes) {
    int count = bytes.remaining();
    synchronized (lock) {
      if (over) {
        return;
      }
      if (outgoing.length - outgoingLength < count) {
        outgoing = Arrays.copyOf(outgoing, Math.max(outgoing.length * 2, outgoingLength + count));
      }
      bytes.get(outgoing, outgoingLength, count);
      outgoingLength += count;
      lock.notifyAll();
    }
  }

  /** Whether more may be written now; if not, {@link Events#batchDone} comes when it may. */
  boolean hasRoom() {
    synchronized (lock) {
      boolean room = outgoingLength + writing < MAX_BACKLOG;
      wantsRoom = !room;
      return room;
    }
  }

  /** Ends the line, or the dialling, at once. Any thread; does not block. */
  void cut() {
    synchronized (lock) {
      over = true;
      arrived.clear();
      lock.notifyAll();
    }
    dial.abort();
  }

  // The reader's thread.

  private void read() {
    try {
      Connection line = dial.connect();
      synchronized (lock) {
        connected = true;
      }
      schedule();
      thread("AMQP writer: ", () -> write(line)).start();
      InputStream in = line.input();
      while (true) {
        byte[] bytes = takeSpare();
        int count = in.read(bytes);
        if (count < 0) {
          throw new EOFException("The hub closed the connection.");
        }
        hand(new Piece(bytes, count));
      }
    } catch (IOException | RuntimeException | InterruptedException e) {
      ended(e);
    } catch (Error e) {
      ended(e);
      throw e;
    }
  }

  private byte[] takeSpare() throws InterruptedException, IOException {
    synchronized (lock) {
      while (pieces >= MAX_PIECES && !over) {
        lock.wait();
      }
      if (over) {
        throw new IOException("cut");
      }
      pieces++;
      byte[] bytes = spare.poll();
      return bytes == null ? new byte[PIECE] : bytes;
    }
  }

  private void hand(Piece piece) {
    synchronized (lock) {
      if (over) {
        return;
      }
      arrived.add(piece);
    }
    schedule();
  }

  private void ended(Throwable why) {
    synchronized (lock) {
      if (cause == null) {
        cause = why;
      }
      lock.notifyAll();
    }
    // The other thread may hang in a write that no peer will ever take.
    dial.abort();
    schedule();
  }

  // The writer's thread.

  private void write(Connection line) {
    try {
      OutputStream out = line.output();
      for (Piece batch = nextBatch(); batch != null; batch = nextBatch()) {
        out.write(batch.bytes, 0, batch.length);
        out.flush();
        if (written(batch.bytes)) {
          schedule();
        }
      }
    } catch (IOException e) {
      synchronized (lock) {
        writeFailure = e;
      }
      schedule();
    } catch (RuntimeException | InterruptedException e) {
      ended(e);
    }
  }

  /** Waits for something to write; null when the line is over. */
  private @Nullable Piece nextBatch() throws InterruptedException {
    synchronized (lock) {
      while (outgoingLength == 0 && !over && cause == null) {
        lock.wait();
      }
      if (over || cause != null) {
        return null;
      }
      Piece batch = new Piece(outgoing, outgoingLength);
      outgoing = empty == null ? new byte[SMALL] : empty;
      empty = null;
      outgoingLength = 0;
      writing = batch.length;
      return batch;
    }
  }

  /** Takes note; whether the loop waits for room and there is some. */
  private boolean written(byte[] buffer) {
    synchronized (lock) {
      writing = 0;
      empty = buffer.length > KEPT ? null : buffer;
      boolean tell = wantsRoom && outgoingLength < MAX_BACKLOG;
      wantsRoom &= !tell;
      return tell;
    }
  }

  // The loop.

  private void schedule() {
    synchronized (lock) {
      if (scheduled) {
        return;
      }
      scheduled = true;
    }
    loop.execute(this::drain);
  }

  private void drain() {
    boolean open;
    Throwable end;
    Throwable unwritten;
    int count;
    synchronized (lock) {
      scheduled = false;
      open = connected;
      end = cause;
      unwritten = writeFailure;
      count = arrived.size();
    }
    if (open && !toldConnected) {
      toldConnected = true;
      events.connected();
    }
    for (int i = 0; i < count; i++) {
      Piece piece;
      synchronized (lock) {
        piece = arrived.poll();
      }
      if (piece == null) {
        return; // cut meanwhile
      }
      events.arrived(piece.bytes, piece.length);
      synchronized (lock) {
        pieces--;
        spare.add(piece.bytes);
        lock.notifyAll();
      }
    }
    events.batchDone();
    if (unwritten != null && !toldWriteFailure && !isOver()) {
      toldWriteFailure = true;
      events.writeFailed(unwritten);
    }
    if (end != null && !isOver()) {
      events.broken(end);
    }
  }

  private boolean isOver() {
    synchronized (lock) {
      return over;
    }
  }
}
