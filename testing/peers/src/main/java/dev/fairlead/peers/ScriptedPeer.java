package dev.fairlead.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A server on the loopback interface that runs one script for each connection, with or without TLS,
 * down to the single byte:
 *
 * <pre>{@code
 * try (ScriptedPeer peer =
 *     ScriptedPeer.tls(
 *         connection -> {
 *           connection.read(12);
 *           connection.write(0x20, 2, 0, 0);
 *           connection.reset();
 *         })) {
 *   connectTo("localhost", peer.port(), ScriptedPeer.authority());
 * }
 * }</pre>
 *
 * <p>A script runs on a thread of its own; the connection is closed when the script returns. An
 * {@link IOException} of a script is normal, because most scripts make the client close the
 * connection; every other exception or error is a mistake of the test, and {@link #close()} throws
 * it. Reads end after {@link Builder#readTimeout}. After {@code close()} none of the threads is
 * left.
 *
 * <p>All methods may be called from any thread.
 */
public final class ScriptedPeer implements AutoCloseable {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(20);

  /** The peer's actions on one connection. */
  @FunctionalInterface
  public interface Script {
    /**
     * Runs from the moment the connection is accepted, before any TLS handshake: the first read or
     * write makes the handshake.
     *
     * @param connection the peer's end of it
     * @throws Exception any; see {@link ScriptedPeer}
     */
    void run(PeerConnection connection) throws Exception;
  }

  /** Sends one byte after the handshake, then sends back all input. */
  public static final Script GREETING =
      connection -> {
        connection.write('!');
        connection.echo();
      };

  private final ServerSocket listener;
  private final Script script;
  private final Builder settings;
  private final AtomicInteger accepted = new AtomicInteger();
  private final Set<PeerConnection> open = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  private ScriptedPeer(Builder settings, Script script) {
    this.settings = settings;
    this.script = Objects.requireNonNull(script, "script");
    try {
      listener = new ServerSocket(settings.port, 50, InetAddress.getByName(settings.address));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot listen on " + settings.address, e);
    }
    start("scripted-peer-" + port(), this::acceptAll);
  }

  /**
   * A TLS server whose certificate is made for {@code localhost} and 127.0.0.1 and signed by {@link
   * #authority()}.
   *
   * @param script the script of each connection
   * @return a running server
   */
  public static ScriptedPeer tls(Script script) {
    return builder().tls().start(script);
  }

  /**
   * A server without TLS.
   *
   * @param script the script of each connection
   * @return a running server
   */
  public static ScriptedPeer plain(Script script) {
    return builder().start(script);
  }

  /**
   * A TLS server with a given certificate that runs {@link #GREETING}.
   *
   * @param context for example of {@link TestCa.Issued#server}
   * @return a running server
   */
  public static ScriptedPeer greeting(SSLContext context) {
    return builder().tls(context).start(GREETING);
  }

  /**
   * A builder of a server; by default it listens without TLS on a free port of 127.0.0.1.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The certificate that a client of {@link #tls} and {@link Builder#tls()} must trust; the same
   * for all peers of this process.
   *
   * @return the root's certificate
   */
  public static X509Certificate authority() {
    return DefaultTls.ROOT.certificate();
  }

  /** The settings of a peer. Not safe for several threads. */
  public static final class Builder {
    private String address = "127.0.0.1";
    private int port;
    private @Nullable SSLContext tls;
    private Consumer<SSLSocket> adjustment = socket -> {};
    private Duration readTimeout = Duration.ofSeconds(60);

    private Builder() {}

    /**
     * Speaks TLS with the certificate that {@link ScriptedPeer#tls} describes.
     *
     * @return this builder
     */
    public Builder tls() {
      return tls(DefaultTls.CONTEXT);
    }

    /**
     * Speaks TLS with a given certificate.
     *
     * @param context for example of {@link TestCa.Issued#server}
     * @return this builder
     */
    public Builder tls(SSLContext context) {
      tls = Objects.requireNonNull(context, "context");
      return this;
    }

    /**
     * Changes each TLS socket before its handshake: protocols, cipher suites, client certificates.
     *
     * @param change called once for each connection
     * @return this builder
     */
    public Builder adjust(Consumer<SSLSocket> change) {
      adjustment = adjustment.andThen(change);
      return this;
    }

    /**
     * Requires a client certificate; the context defines which ones it trusts.
     *
     * @return this builder
     */
    public Builder requireClientCertificate() {
      return adjust(socket -> socket.setNeedClientAuth(true));
    }

    /**
     * Listens on another address.
     *
     * @param value an address of the loopback interface, for example {@code ::1}
     * @return this builder
     */
    public Builder address(String value) {
      address = Objects.requireNonNull(value, "value");
      return this;
    }

    /**
     * Listens on a given port.
     *
     * @param value 0 for a free one, which is the default
     * @return this builder
     */
    public Builder port(int value) {
      port = value;
      return this;
    }

    /**
     * How long a script waits for a byte.
     *
     * @param value more than zero; a minute unless set
     * @return this builder
     */
    public Builder readTimeout(Duration value) {
      readTimeout = value;
      return this;
    }

    /**
     * Starts to listen.
     *
     * @param script the script of each connection
     * @return the running server
     */
    public ScriptedPeer start(Script script) {
      return new ScriptedPeer(this, script);
    }
  }

  /** Created at the first use, because a peer without TLS needs no keys. */
  private static final class DefaultTls {
    static final TestCa.Issued ROOT;
    static final SSLContext CONTEXT;

    static {
      try {
        ROOT = TestCa.root("Scripted peers");
        CONTEXT = TestCa.leaf(ROOT, "localhost", "127.0.0.1").server(null);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void acceptAll() {
    while (!closed) {
      try {
        Socket socket = listener.accept();
        int number = accepted.getAndIncrement();
        try {
          serve(socket, number);
        } catch (IOException e) {
          // This client left before it was served; go on with the next one.
          socket.close();
        }
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket, int number) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(Math.toIntExact(settings.readTimeout.toMillis()));
    Socket top = socket;
    if (settings.tls != null) {
      // Layered over a plain socket, so that a script can cut the connection without a TLS alert.
      SSLSocket secure =
          (SSLSocket) settings.tls.getSocketFactory().createSocket(socket, null, true);
      secure.setUseClientMode(false);
      settings.adjustment.accept(secure);
      top = secure;
    }
    PeerConnection connection = new PeerConnection(number, socket, top);
    open.add(connection);
    if (closed) {
      connection.close();
    }
    start("scripted-peer-" + port() + "-" + number, () -> run(connection));
  }

  private void run(PeerConnection connection) {
    try (connection) {
      script.run(connection);
    } catch (IOException e) {
      // The client has closed the connection, or the test has.
    } catch (Exception | Error e) {
      if (!closed) {
        failures.add(e);
      }
    } finally {
      open.remove(connection);
    }
  }

  private void start(String name, Runnable task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } finally {
                threads.remove(Thread.currentThread());
              }
            },
            name);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  /**
   * The port it listens on.
   *
   * @return the port
   */
  public int port() {
    return listener.getLocalPort();
  }

  /**
   * How many connections it has accepted so far, including those whose handshake failed.
   *
   * @return the count
   */
  public int accepted() {
    return accepted.get();
  }

  /**
   * How many connections are open, that is, have a running script.
   *
   * @return the count
   */
  public int open() {
    return open.size();
  }

  /**
   * Whether no connection is open.
   *
   * @return true if no script runs
   */
  public boolean idle() {
    return open.isEmpty();
  }

  /**
   * Exceptions and errors of scripts so far, except I/O errors; {@link #close()} throws the first.
   *
   * @return a copy
   */
  public List<Throwable> failures() {
    return List.copyOf(failures);
  }

  /** Ends all open connections without a TLS alert and without waiting for their scripts. */
  public void cut() {
    open.forEach(PeerConnection::cut);
  }

  /**
   * Stops listening, so that connecting is refused; open connections remain.
   *
   * @throws IOException if the operating system fails
   */
  public void stopListening() throws IOException {
    listener.close();
  }

  /**
   * Stops listening, closes all connections and waits for the scripts' threads to end. Throws what
   * a script threw, I/O errors excepted.
   */
  @Override
  public void close() throws IOException {
    closed = true;
    listener.close();
    open.forEach(PeerConnection::cut);
    joinAll();
    if (!failures.isEmpty()) {
      throw new AssertionError("A script failed: " + failures.get(0), failures.get(0));
    }
  }

  private void joinAll() {
    long end = System.nanoTime() + CLOSE_LIMIT.toNanos();
    boolean interrupted = false;
    // The acceptor may add a last thread during the joins, so repeat until none is left.
    for (List<Thread> left = left(); !left.isEmpty(); left = left()) {
      Thread thread = left.get(0);
      if (System.nanoTime() - end > 0) {
        IllegalStateException stuck =
            new IllegalStateException(
                "The script on thread " + thread.getName() + " did not end; it is at this line.");
        stuck.setStackTrace(thread.getStackTrace());
        throw stuck;
      }
      thread.interrupt();
      try {
        thread.join(100);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Thread> left() {
    List<Thread> left = new ArrayList<>(threads);
    left.remove(Thread.currentThread());
    return left;
  }
}
