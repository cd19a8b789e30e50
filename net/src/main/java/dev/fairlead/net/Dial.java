package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt to reach a host. {@link #connect} once, {@link #abort} at any moment. */
public final class Dial {
  private static final Logger log = LoggerFactory.getLogger(Dial.class);

  /** What abort currently has to release. Does not block. */
  @FunctionalInterface
  interface Release {
    void run() throws IOException;
  }

  /** The failures if a machine, the host itself or its proxy, is not reached. */
  interface ReachFailures {
    UnreachableException resolve(IOException cause);

    UnreachableException connect(
        Map<InetAddress, IOException> attempts, @Nullable IOException cause);
  }

  private final Dialer dialer;
  private final Endpoint endpoint;
  private final Optional<Credential.Certificate> certificate;
  private final Optional<WebSocketTarget> target;
  private final String[] tlsVersions;
  private final HostName host;
  private final DialFailures failures;
  private final TlsFailures tlsFailures;

  private final Object lock = new Object();
  private boolean aborted;
  private @Nullable Release held;

  private volatile String step;

  Dial(
      Dialer dialer,
      Endpoint endpoint,
      Optional<Credential.Certificate> certificate,
      Optional<WebSocketTarget> target,
      String[] tlsVersions) {
    this.dialer = dialer;
    this.endpoint = endpoint;
    this.certificate = certificate;
    this.target = target;
    this.tlsVersions = tlsVersions;
    host = HostName.of(endpoint.host());
    failures = new DialFailures(endpoint);
    tlsFailures = new TlsFailures(endpoint, dialer.clock());
    step = Opening.OWN_WORK + "begin the connection to " + endpoint;
  }

  /**
   * What the attempt currently waits for, for error messages: a noun phrase such as {@code "the TLS
   * handshake with hub.example.net:8883 (10.0.0.1)"}.
   *
   * @return one phrase without a final stop, and without credentials. Any thread; does not block
   */
  public String step() {
    return step;
  }

  /**
   * Resolves, connects, opens TLS and, if asked for, a WebSocket, on this thread; where there is a
   * proxy, through the proxy.
   *
   * @return the open connection
   * @throws UnreachableException if that fails or is aborted; the message says what happened, at
   *     which stage, and what to do next
   */
  public Connection connect() {
    if (!host.valid()) {
      throw failures.noHostName();
    }
    CountingSocket socket =
        dialer.proxy().isPresent()
            ? tunnel(dialer.proxy().get())
            : reach(host, endpoint.port(), failures);
    InetAddress address = socket.getInetAddress();
    boolean open = false;
    long began = dialer.addresses().nanoTime();
    try {
      Connection secured = secure(socket);
      Connection whole = target.isPresent() ? upgrade(secured, socket, target.get()) : secured;
      open = true;
      judge(address, null, socket, began);
      step = "the connection to " + endpoint + ", which is open";
      return whole;
    } catch (UnreachableException e) {
      judge(address, e, socket, began);
      throw e;
    } catch (IOException | GeneralSecurityException e) {
      judge(address, e, socket, began);
      throw isAborted() ? failures.aborted(Stage.TLS) : tlsFailures.of(e);
    } finally {
      if (!open) {
        close(socket::close);
      }
    }
  }

  /** Remembers what became of an address after TCP. Behind a proxy the address is not known. */
  private void judge(
      InetAddress address, @Nullable Exception failure, CountingSocket socket, long began) {
    if (dialer.proxy().isPresent()) {
      return;
    }
    boolean bad =
        failure != null
            && (isAborted()
                // The limit of the whole opening may be reached before this step's own limit.
                ? dialer.addresses().nanoTime() - began >= dialer.handshakeTimeout().toNanos() / 4
                : socket.timedOut() || TlsFailures.isCut(failure));
    if (failure == null) {
      dialer.addresses().worked(host, endpoint.port(), address);
    } else if (bad) {
      log.debug("{} at {} is tried last for some minutes", endpoint, address);
      dialer.addresses().failed(host, endpoint.port(), address);
    }
  }

  /**
   * Stops the attempt, or cuts the connection it has opened: {@link #connect} fails promptly and
   * leaves nothing open. One exception: the platform's name look-up cannot be interrupted, so a
   * thread inside it returns only when the look-up does. Any thread; does not block; no effect when
   * called again.
   */
  public void abort() {
    Release release;
    synchronized (lock) {
      aborted = true;
      release = held;
      held = null;
    }
    if (release != null) {
      close(release);
    }
  }

  boolean isAborted() {
    synchronized (lock) {
      return aborted;
    }
  }

  void failIfAborted() throws IOException {
    if (isAborted()) {
      throw new IOException("aborted");
    }
  }

  /** Replaces what abort has to release. */
  void hold(Release release) throws IOException {
    synchronized (lock) {
      if (!aborted) {
        held = release;
        return;
      }
    }
    close(release);
    throw new IOException("aborted");
  }

  /** A connection through the proxy to the host. */
  private CountingSocket tunnel(Proxy proxy) {
    ProxyFailures messages = new ProxyFailures(proxy, endpoint);
    Tunnel tunnel = Tunnel.through(proxy, host, endpoint.port(), messages, dialer.random());
    while (true) {
      CountingSocket socket = reach(HostName.of(proxy.host()), proxy.port(), messages);
      boolean open = false;
      step = "the answer of the " + proxy;
      try {
        socket.limitReads(dialer.handshakeTimeout().toNanos());
        open = tunnel.open(socket.getInputStream(), socket.getOutputStream());
        if (open) {
          socket.unlimitReads();
          log.debug("{} lets through to {}", proxy, endpoint);
          return socket;
        }
      } catch (IOException e) {
        throw isAborted() ? failures.aborted(Stage.PROXY) : messages.broken(e, socket.timedOut());
      } finally {
        if (!open) {
          close(socket::close);
        }
      }
    }
  }

  /** Resolves and connects; abort closes the result. */
  private CountingSocket reach(HostName name, int port, ReachFailures messages) {
    List<InetAddress> addresses = resolve(name, messages);
    step = "a TCP connection to " + name.authority() + ":" + port + " " + shown(addresses);
    AddressRace race = new AddressRace(port, dialer.stagger(), dialer.connectTimeout(), this);
    try {
      SocketChannel channel = race.run(addresses, dialer.addresses().lastOf(name, port, addresses));
      if (channel == null) {
        throw messages.connect(race.failures(), null);
      }
      hold(channel::close);
      return new CountingSocket(channel.socket());
    } catch (IOException e) {
      throw isAborted() ? failures.aborted(Stage.CONNECT) : messages.connect(race.failures(), e);
    }
  }

  private List<InetAddress> resolve(HostName name, ReachFailures messages) {
    step = "the addresses of " + name + " from the name server";
    try {
      failIfAborted();
      List<InetAddress> addresses =
          name.literal()
              ? List.of(InetAddress.getByName(name.ascii()))
              : dialer.resolver().resolve(name.ascii());
      failIfAborted();
      if (addresses.isEmpty()) {
        throw new UnknownHostException(name.ascii());
      }
      log.debug("{} is {}", name, addresses);
      return addresses;
    } catch (IOException e) {
      throw isAborted() ? failures.aborted(Stage.RESOLVE) : messages.resolve(e);
    }
  }

  private static String shown(List<InetAddress> addresses) {
    return addresses.stream()
        .limit(AddressRace.MAX_ADDRESSES)
        .map(InetAddress::getHostAddress)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  private Connection secure(CountingSocket socket) throws IOException, GeneralSecurityException {
    // Reading trust stores and loading TLS classes takes seconds on a small board.
    step = Opening.OWN_WORK + "set up TLS for " + endpoint;
    SSLContext context = dialer.contexts().get(endpoint.trust(), certificate);
    SSLSocket tls =
        (SSLSocket)
            context.getSocketFactory().createSocket(socket, host.ascii(), endpoint.port(), true);
    SSLParameters parameters = tls.getSSLParameters();
    parameters.setProtocols(tlsVersions);
    // The server's name is verified as for HTTPS, RFC 2818, section 3.1. The platform refuses every
    // name with an underscore; ServerCheck compares such a name itself, in any case.
    parameters.setEndpointIdentificationAlgorithm(host.verifiedByPlatform() ? "HTTPS" : null);
    host.sni().ifPresent(name -> parameters.setServerNames(List.of(name)));
    tls.setSSLParameters(parameters);
    step =
        "the TLS handshake with "
            + endpoint
            + " ("
            + (dialer.proxy().isPresent()
                ? "through the " + dialer.proxy().get()
                : socket.getInetAddress().getHostAddress())
            + ")";
    socket.limitReads(dialer.handshakeTimeout().toNanos());
    try {
      tls.startHandshake();
    } catch (IOException e) {
      if (socket.timedOut() && !isAborted()) {
        throw tlsFailures.timedOut(e);
      }
      throw e;
    }
    socket.unlimitReads();
    log.debug("{} at {} uses {}", endpoint, socket.getInetAddress(), tls.getSession());
    return new TlsConnection(socket, tls);
  }

  private Connection upgrade(Connection carrier, CountingSocket socket, WebSocketTarget asked) {
    step = "the answer of " + endpoint + " to the WebSocket upgrade";
    try {
      socket.limitReads(dialer.handshakeTimeout().toNanos());
      new WebSocketUpgrade(host, endpoint, asked, dialer.random()).run(carrier);
      socket.unlimitReads();
      log.debug("{}: the WebSocket is open", endpoint);
      return new WebSocketConnection(carrier, dialer.random());
    } catch (IOException e) {
      throw isAborted()
          ? failures.aborted(Stage.UPGRADE)
          : UpgradeFailures.broken(endpoint, e, socket.timedOut());
    }
  }

  private static void close(Release release) {
    try {
      release.run();
    } catch (IOException e) {
      log.debug("Closing failed", e);
    }
  }
}
