package dev.fairlead.mqtt;

import dev.fairlead.net.Connection;
import dev.fairlead.net.Dial;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.eclipse.paho.client.mqttv3.internal.NetworkModule;
import org.jspecify.annotations.Nullable;

/**
 * Paho's network module: a connection dialled by {@code net}, with inbound packets checked. It
 * keeps the first failure and the times at which bytes last moved, and can be cut at any moment
 * from any thread.
 */
final class PahoConnection implements NetworkModule {
  private static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long SETTLE_STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

  /** The events on Paho's threads. Returns immediately. */
  interface Events {
    /** A PUBACK has been written. */
    void acknowledgementWritten();

    /** Paho ends the connection. */
    void stopped();
  }

  private final Dial dial;
  private final LongSupplier clock;
  private final Events events;
  private final AtomicReference<@Nullable Throwable> fault = new AtomicReference<>();

  /**
   * Opened when CONNECT is written, or its writing has failed. Before that, reading only waits: a
   * reader that ends before Paho has started all its threads makes Paho's connecting thread poll
   * for ever for threads that have ended.
   */
  private final CountDownLatch greeted = new CountDownLatch(1);

  /** Paho's connecting thread, once the connection is open. */
  private volatile @Nullable Thread connecting;

  /** Messages handed to Paho. */
  private final AtomicLong promised = new AtomicLong();

  /** Answers of the peer that Paho has reported. */
  private final AtomicLong reported = new AtomicLong();

  private volatile boolean readerEnded;
  private volatile @Nullable Connection connection;
  private volatile boolean cut;
  private volatile boolean disconnecting;
  private volatile long lastReceived;
  private volatile long lastSent;

  PahoConnection(Dial dial, LongSupplier clock, Events events) {
    this.dial = dial;
    this.clock = clock;
    this.events = events;
    lastReceived = clock.getAsLong();
    lastSent = lastReceived;
  }

  /** Ends the connection for a reason, unless another reason came first. Does not block. */
  void cut(Throwable reason) {
    fault.compareAndSet(null, reason);
    cut = true;
    dial.abort();
  }

  /** Why the connection ended; null while it has not, or if only Paho holds the reason. */
  @Nullable Throwable fault() {
    return fault.get();
  }

  /** Whether the connection was opened, so that CONNECT could be sent. */
  boolean reached() {
    return connection != null;
  }

  long lastReceived() {
    return lastReceived;
  }

  long lastSent() {
    return lastSent;
  }

  @Override
  public void start() throws IOException {
    try {
      connection = dial.connect();
      connecting = Thread.currentThread();
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  @Override
  public InputStream getInputStream() throws IOException {
    PacketReader packets =
        new PacketReader(opened().input(), () -> lastReceived = clock.getAsLong());
    return new Input(packets);
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return new Output(
        new PacketWriter(
            opened().output(),
            promised,
            () -> lastSent = clock.getAsLong(),
            events::acknowledgementWritten));
  }

  @Override
  public void stop() {
    if (disconnecting && !cut && fault.get() == null) {
      close();
    }
    // Paho's own reason is reported elsewhere; the connection's own failure is already recorded.
    cut = true;
    dial.abort();
    greeted.countDown();
    events.stopped();
  }

  @Override
  public String getServerURI() {
    return PahoClient.NOT_DIALLED;
  }

  /** From now on the end of the connection is intended; it follows DISCONNECT. */
  void disconnecting() {
    disconnecting = true;
  }

  /** After DISCONNECT. Waits for the answer for a limited time. */
  private void close() {
    try {
      if (opened().end()) {
        settle(() -> readerEnded);
      }
    } catch (IOException e) {
      failed(e);
    }
  }

  private Connection opened() throws IOException {
    Connection now = connection;
    if (now == null) {
      throw new IOException("The connection is not open.");
    }
    return now;
  }

  /** A message is on its way to the writer. */
  void promise() {
    promised.incrementAndGet();
  }

  /** Paho did not take the message after all. */
  void retract() {
    promised.decrementAndGet();
  }

  /** Paho has reported one answer of the peer. */
  void reported() {
    reported.incrementAndGet();
  }

  /**
   * Lets Paho report the packets before the end: when Paho detects the end, it drops the
   * acknowledgements queued for its calling thread, and each would become a message sent twice.
   */
  private void settle(BooleanSupplier settled) {
    long until = System.nanoTime() + SETTLE_NANOS;
    while (!cut && !settled.getAsBoolean() && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(SETTLE_STEP_NANOS);
    }
  }

  private IOException failed(Exception e) {
    fault.compareAndSet(null, e);
    return e instanceof IOException io ? io : new IOException(e);
  }

  private final class Input extends InputStream {
    private final PacketReader packets;

    Input(PacketReader packets) {
      this.packets = packets;
    }

    @Override
    public int available() {
      return packets.available();
    }

    @Override
    public int read() throws IOException {
      try {
        waitForGreeting();
        return packets.read();
      } catch (IOException | RuntimeException e) {
        throw ended(e);
      }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        return packets.read(target, offset, length);
      } catch (IOException | RuntimeException e) {
        throw ended(e);
      }
    }

    private IOException ended(Exception e) {
      IOException failure = failed(e);
      settle(() -> reported.get() >= packets.answers());
      readerEnded = true;
      return failure;
    }

    /**
     * Waits for CONNECT, and wakes Paho's connecting thread until then: it sleeps 100 ms after the
     * start of each of three threads before it looks again whether that thread runs.
     */
    private void waitForGreeting() throws IOException {
      if (greeted.getCount() == 0) {
        return;
      }
      try {
        while (!greeted.await(1, TimeUnit.MILLISECONDS)) {
          Thread sleeper = connecting;
          if (sleeper != null && sleeper.getState() == Thread.State.TIMED_WAITING) {
            sleeper.interrupt();
          }
        }
        connecting = null;
      } catch (InterruptedException e) {
        throw new IOException("interrupted", e);
      }
    }
  }

  private final class Output extends OutputStream {
    private final PacketWriter packets;

    Output(PacketWriter packets) {
      this.packets = packets;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        failIfCut();
        packets.write(bytes, offset, length);
      } catch (IOException | RuntimeException e) {
        throw ended(e);
      }
    }

    @Override
    public void flush() throws IOException {
      try {
        failIfCut();
        packets.flush();
      } catch (IOException | RuntimeException e) {
        throw ended(e);
      } finally {
        greeted.countDown();
      }
    }

    private void failIfCut() throws IOException {
      if (cut) {
        throw new IOException("The connection is cut.");
      }
    }

    private IOException ended(Exception e) {
      greeted.countDown();
      IOException failure = failed(e);
      // Bytes that the peer sent before it closed may still be unread.
      settle(() -> readerEnded);
      return failure;
    }
  }
}
