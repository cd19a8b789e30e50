package dev.fairlead.integration;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * A proxy to a port of the loopback interface that applies a fault to each connection. It only
 * affects bytes and is independent of protocols.
 */
final class FaultyNetwork implements AutoCloseable {
  private static final int CHUNK = 4096;

  private final ServerSocket listener;
  private final int target;
  private final IntFunction<NetworkFault> faults;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();

  private FaultyNetwork(int target, IntFunction<NetworkFault> faults) throws IOException {
    this.target = target;
    this.faults = faults;
    listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    start("accept", this::accept);
  }

  /**
   * Starts the proxy.
   *
   * @param target the port it forwards to
   * @param faults the fault of each connection, counted from 0
   */
  static FaultyNetwork to(int target, IntFunction<NetworkFault> faults) throws IOException {
    return new FaultyNetwork(target, faults);
  }

  int port() {
    return listener.getLocalPort();
  }

  int connections() {
    return connections.get();
  }

  /** How many connections have ended by their fault. */
  int ended() {
    return ended.get();
  }

  private static void start(String what, Runnable task) {
    Thread thread = new Thread(task, "faulty-network-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (true) {
      try {
        Socket client = listener.accept();
        open.add(client);
        Socket server = new Socket(listener.getInetAddress(), target);
        open.add(server);
        NetworkFault fault = faults.apply(connections.getAndIncrement());
        Connection connection = new Connection(client, server, fault);
        start("out", () -> connection.pump(client, server));
        start("in", () -> connection.pump(server, client));
      } catch (IOException e) {
        if (listener.isClosed()) {
          return;
        }
        // The target is unreachable: the client's connection stays open, as behind a broken NAT.
      }
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  /** Both directions between a client and its server. */
  private final class Connection {
    private final Socket client;
    private final Socket server;
    private final NetworkFault fault;
    private int passed;
    private boolean over;

    Connection(Socket client, Socket server, NetworkFault fault) {
      this.client = client;
      this.server = server;
      this.fault = fault;
    }

    void pump(Socket from, Socket to) {
      ScheduledExecutorService later =
          Executors.newSingleThreadScheduledExecutor(
              task -> {
                Thread thread = new Thread(task, "faulty-network-later");
                thread.setDaemon(true);
                return thread;
              });
      byte[] chunk = new byte[CHUNK];
      try {
        int count = from.getInputStream().read(chunk);
        while (count >= 0) {
          int allowed = allow(count);
          pass(Arrays.copyOf(chunk, allowed), to, later);
          if (allowed < count) {
            end();
          }
          count = from.getInputStream().read(chunk);
        }
      } catch (IOException e) {
        // One side has closed the connection.
      } finally {
        // After the bytes in flight; the executor runs queued tasks before it ends.
        Duration rest = fault.latency().plus(fault.slowClose());
        later.schedule(() -> endOf(from, to), rest.toNanos(), TimeUnit.NANOSECONDS);
        later.shutdown();
      }
    }

    /** How many of these bytes are still forwarded. */
    private synchronized int allow(int count) {
      if (over) {
        return 0;
      }
      int allowed = fault.limit() == 0 ? count : Math.min(count, fault.limit() - passed);
      passed += allowed;
      return allowed;
    }

    private void pass(byte[] bytes, Socket to, ScheduledExecutorService later) {
      if (fault.bytesPerSecond() > 0) {
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(bytes.length) / fault.bytesPerSecond());
      }
      later.schedule(() -> write(bytes, to), fault.latency().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void write(byte[] bytes, Socket to) {
      int slice = fault.slice() == 0 ? bytes.length : fault.slice();
      try {
        to.setTcpNoDelay(true);
        OutputStream out = to.getOutputStream();
        for (int from = 0; from < bytes.length; from += slice) {
          out.write(bytes, from, Math.min(slice, bytes.length - from));
        }
      } catch (IOException e) {
        // It has closed the connection.
      }
    }

    private void end() throws IOException {
      synchronized (this) {
        if (over) {
          return;
        }
        over = true;
      }
      ended.incrementAndGet();
      if (fault.end() == NetworkFault.End.SILENCE) {
        return;
      }
      if (fault.end() == NetworkFault.End.RESET) {
        client.setSoLinger(true, 0);
        server.setSoLinger(true, 0);
      }
      client.close();
      server.close();
    }

    /** One side has closed; behind a silence the other side receives nothing. */
    private void endOf(Socket from, Socket to) {
      synchronized (this) {
        if (over && fault.end() == NetworkFault.End.SILENCE) {
          return;
        }
      }
      try {
        from.close();
        to.close();
      } catch (IOException e) {
        // It is closed already.
      }
      open.remove(from);
      open.remove(to);
    }
  }
}
