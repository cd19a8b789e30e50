package dev.fairlead.amqp;

import dev.fairlead.net.Connection;
import dev.fairlead.net.Dial;
import dev.fairlead.spi.Loop;
import dev.fairlead.transport.WakeUp;
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
 * The two threads of a connection, which only move bytes: one dials and then reads, one writes.
 * Their events reach the loop in batches, and both threads are slowed down if the loop or the
 * network does not keep pace. An idle connection costs two sleeping threads and no buffer.
 */
final class ConnectionThreads {
  /** Events of the connection, on the loop. */
  interface Events {
    /** It is open. */
    void connected();

    /** Bytes have arrived; the array is reused when this returns. */
    void arrived(byte[] bytes, int length);

    /** All bytes so far were handed over, or there is room to write again. */
    void batchDone();

    /** Nothing can be written any more; the hub's reason may still arrive. */
    void writeFailed(Throwable cause);

    /** The connection has ended. Not called after {@link #cut}. */
    void broken(Throwable cause);
  }

  /** One TLS record's worth (RFC 8446, section 5.1). */
  private static final int PIECE = 16 * 1024;

  /** The most pieces queued for the loop. */
  private static final int MAX_PIECES = 4;

  /** Above this, the loop produces nothing until the writer has caught up. */
  private static final int MAX_BACKLOG = 256 * 1024;

  private static final int SMALL = 1024;

  /** A buffer that grew beyond this in a burst is dropped after the burst. */
  private static final int KEPT = 64 * 1024;

  /** A burst ends after this much silence. */
  private static final int BURST_PAUSE_MILLIS = 1000;

  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Piece(byte[] bytes, int length) {}

  private final String name;
  private final Dial dial;
  private final Events events;
  private final WakeUp wakeUp;

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

  /** Bytes that are queued or being written; changed under the lock, read without it. */
  private volatile int backlog;

  // On the loop.
  private boolean notedConnected;
  private boolean notedWriteFailure;

  ConnectionThreads(String name, Dial dial, Loop loop, Events events) {
    this.name = name;
    this.dial = dial;
    this.events = events;
    wakeUp = new WakeUp(loop, this::drain);
  }

  /** Begins to dial. */
  void start() {
    thread("AMQP reader: ", this::read).start();
  }

  /** What dialling waits for. Any thread. */
  String step() {
    return dial.step();
  }

  private Thread thread(String role, Runnable task) {
    Thread thread = new Thread(task, role + name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Queues bytes for the writer. On the loop.
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
      backlog = outgoingLength + writing;
      lock.notifyAll();
    }
  }

  /**
   * Whether more may be written now; if not, {@link Events#batchDone} follows when there is room.
   */
  boolean hasRoom() {
    if (backlog < MAX_BACKLOG) {
      return true;
    }
    synchronized (lock) {
      wantsRoom = backlog >= MAX_BACKLOG;
      return !wantsRoom;
    }
  }

  /** Ends the connection, or the dialling, immediately. Any thread; does not block. */
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
      Connection connection = dial.connect();
      synchronized (lock) {
        connected = true;
      }
      wakeUp.signal();
      thread("AMQP writer: ", () -> write(connection)).start();
      InputStream in = connection.input();
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
    wakeUp.signal();
  }

  private void ended(Throwable why) {
    synchronized (lock) {
      if (cause == null) {
        cause = why;
      }
      lock.notifyAll();
    }
    // The other thread may be blocked in a write that the peer never reads.
    dial.abort();
    wakeUp.signal();
  }

  // The writer's thread.

  private void write(Connection connection) {
    try {
      OutputStream out = connection.output();
      for (Piece batch = nextBatch(); batch != null; batch = nextBatch()) {
        out.write(batch.bytes, 0, batch.length);
        out.flush();
        if (written(batch.bytes)) {
          wakeUp.signal();
        }
      }
    } catch (IOException e) {
      synchronized (lock) {
        writeFailure = e;
      }
      wakeUp.signal();
    } catch (RuntimeException | InterruptedException e) {
      ended(e);
    }
  }

  /** Waits for something to write; null when the connection has ended. */
  private @Nullable Piece nextBatch() throws InterruptedException {
    synchronized (lock) {
      while (outgoingLength == 0 && !over && cause == null) {
        long began = System.nanoTime();
        // Large buffers are kept during a burst, because otherwise each write would grow a new one.
        lock.wait(holdsLargeBuffer() ? BURST_PAUSE_MILLIS : 0);
        if (outgoingLength == 0 && System.nanoTime() - began >= BURST_PAUSE_MILLIS * 1_000_000L) {
          outgoing = outgoing.length > KEPT ? new byte[SMALL] : outgoing;
          empty = null;
        }
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

  private boolean holdsLargeBuffer() {
    synchronized (lock) {
      return outgoing.length > KEPT || (empty != null && empty.length > KEPT);
    }
  }

  /** Notes that a batch was written; returns whether the loop waits for room and there is some. */
  private boolean written(byte[] buffer) {
    synchronized (lock) {
      writing = 0;
      backlog = outgoingLength;
      empty = buffer;
      boolean signal = wantsRoom && backlog < MAX_BACKLOG;
      wantsRoom &= !signal;
      return signal;
    }
  }

  // The loop.

  private void drain() {
    boolean open;
    Throwable end;
    Throwable unwritten;
    int count;
    synchronized (lock) {
      open = connected;
      end = cause;
      unwritten = writeFailure;
      count = arrived.size();
    }
    if (open && !notedConnected) {
      notedConnected = true;
      events.connected();
    }
    for (int i = 0; i < count; i++) {
      Piece piece;
      synchronized (lock) {
        piece = arrived.poll();
      }
      if (piece == null) {
        return; // cut while handing over
      }
      events.arrived(piece.bytes, piece.length);
      synchronized (lock) {
        pieces--;
        spare.add(piece.bytes);
        lock.notifyAll();
      }
    }
    events.batchDone();
    if (unwritten != null && !notedWriteFailure && !isOver()) {
      notedWriteFailure = true;
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
