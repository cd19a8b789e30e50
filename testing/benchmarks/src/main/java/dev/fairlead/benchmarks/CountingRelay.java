package dev.fairlead.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A relay to a port of this machine that counts the bytes it forwards: with TLS, without the
 * headers of TCP.
 */
final class CountingRelay implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final AtomicLong out = new AtomicLong();
  private final AtomicLong in = new AtomicLong();

  CountingRelay(int target) throws IOException {
    this.target = target;
    listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "counting-relay");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (true) {
      try {
        Socket client = listener.accept();
        Socket server = new Socket(listener.getInetAddress(), target);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        start(() -> pass(client, server, out));
        start(() -> pass(server, client, in));
      } catch (IOException e) {
        if (listener.isClosed()) {
          return;
        }
      }
    }
  }

  private static void pass(Socket from, Socket to, AtomicLong count) {
    try (from;
        to) {
      InputStream source = from.getInputStream();
      OutputStream sink = to.getOutputStream();
      byte[] buffer = new byte[16 * 1024];
      for (int bytes = source.read(buffer); bytes >= 0; bytes = source.read(buffer)) {
        count.addAndGet(bytes);
        sink.write(buffer, 0, bytes);
      }
    } catch (IOException e) {
      // One side has closed.
    }
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Bytes to the target so far. */
  long out() {
    return out.get();
  }

  /** Bytes from the target so far. */
  long in() {
    return in.get();
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
