package dev.fairlead.mqtt;

import dev.fairlead.net.Dial;
import dev.fairlead.net.Line;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.eclipse.paho.client.mqttv3.internal.NetworkModule;
import org.jspecify.annotations.Nullable;

/**
 * Paho's way to the network: a line dialled by {@code net}, with inbound packets checked. It keeps
 * the first failure, knows when bytes last moved, and can be cut at any moment from any thread.
 */
final class PahoLine implements NetworkModule {
  private final Dial dial;
  private final LongSupplier clock;
  private final Runnable stopped;
  private final AtomicReference<@Nullable Throwable> fault = new AtomicReference<>();

  /**
   * Opened when CONNECT is written, or its writing has failed. Before that, reading only waits: a
   * reader that ends before Paho has started all its threads makes Paho's connecting thread poll
   * for ever for threads that have ended.
   */
  private final CountDownLatch greeted = new CountDownLatch(1);

  private volatile @Nullable Line line;
  private volatile boolean cut;
  private volatile long lastReceived;
  private volatile long lastSent;

  PahoLine(Dial dial, LongSupplier clock, Runnable stopped) {
    this.dial = dial;
    this.clock = clock;
    this.stopped = stopped;
    lastReceived = clock.getAsLong();
    lastSent = lastReceived;
  }

  /** Ends the line for a reason, unless another reason came first. Any thread; does not block. */
  void cut(Throwable reason) {
    fault.compareAndSet(null, reason);
    cut = true;
    dial.abort();
  }

  /** Why the line ended; null while it has not, or if only Paho knows. */
  @Nullable Throwable fault() {
    return fault.get();
  }

  /** Whether there was TCP and TLS. */
  boolean reached() {
    return line != null;
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
      line = dial.connect();
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
    return new Output(opened().output());
  }

  @Override
  public void stop() {
    // Paho's own reason is told elsewhere; what the line itself knows is noted already.
    cut = true;
    dial.abort();
    greeted.countDown();
    stopped.run();
  }

  @Override
  public String getServerURI() {
    return PahoWire.NOT_DIALLED;
  }

  private Line opened() throws IOException {
    Line now = line;
    if (now == null) {
      throw new IOException("The line is not open.");
    }
    return now;
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
        throw failed(e);
      }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        return packets.read(target, offset, length);
      } catch (IOException | RuntimeException e) {
        throw failed(e);
      }
    }

    private void waitForGreeting() throws IOException {
      try {
        greeted.await();
      } catch (InterruptedException e) {
        throw new IOException("interrupted", e);
      }
    }
  }

  private final class Output extends OutputStream {
    private final OutputStream out;

    Output(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        if (cut) {
          throw new IOException("The line is cut.");
        }
        out.write(bytes, offset, length);
        lastSent = clock.getAsLong();
      } catch (IOException | RuntimeException e) {
        throw failed(e);
      } finally {
        greeted.countDown();
      }
    }
  }
}
