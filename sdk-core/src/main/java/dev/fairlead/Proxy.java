package dev.fairlead;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;

/**
 * A proxy between this machine and the hub. The proxy resolves the hub's name; TLS goes through it
 * from end to end. Immutable and safe for any thread; prints no credentials.
 *
 * @param kind the proxy protocol
 * @param host its name or address
 * @param port its TCP port, 1 to 65535
 * @param user the user name, if it requires one
 * @param password the password; present if and only if there is a user name
 */
public record Proxy(
    Kind kind, String host, int port, Optional<String> user, Optional<Secret> password) {
  /** RFC 1929, section 2: both lengths are one byte, from 1. */
  private static final int SOCKS_MAX_BYTES = 255;

  /** The protocol by which a proxy opens a connection. */
  public enum Kind {
    /** HTTP {@code CONNECT}: RFC 9110, section 9.3.6; Basic and Digest authentication. */
    HTTP,
    /** SOCKS version 5: RFC 1928; without authentication or with a user name, RFC 1929. */
    SOCKS5
  }

  /** Checks the values; the messages show no credentials. */
  public Proxy {
    Objects.requireNonNull(kind, "kind");
    if (host.isBlank() || !printable(host) || host.indexOf(' ') >= 0 || host.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "A proxy's host must be a name or an address alone, without scheme, port or path.");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("A proxy's port is 1 to 65535, not " + port + ".");
    }
    if (user.isPresent() != password.isPresent()) {
      throw new IllegalArgumentException(
          "A proxy needs both a user name and a password, or neither.");
    }
    user.ifPresent(name -> check(kind, "user name", name));
    password.ifPresent(secret -> check(kind, "password", secret.reveal()));
    // RFC 7617, section 2: the first colon ends the user name.
    if (kind == Kind.HTTP && user.isPresent() && user.get().indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "The user name for an HTTP proxy must not contain a colon.");
    }
  }

  /**
   * An HTTP proxy. Routes that are not HTTP from the start are left out of the plan: IoT Hub,
   * "Choose a device communication protocol", network traversal.
   *
   * @param host its name or address
   * @param port its TCP port
   * @return the proxy, without credentials
   */
  public static Proxy http(String host, int port) {
    return new Proxy(Kind.HTTP, host, port, Optional.empty(), Optional.empty());
  }

  /**
   * A SOCKS5 proxy, which lets every route through.
   *
   * @param host its name or address
   * @param port its TCP port
   * @return the proxy, without credentials
   */
  public static Proxy socks5(String host, int port) {
    return new Proxy(Kind.SOCKS5, host, port, Optional.empty(), Optional.empty());
  }

  /**
   * The proxy that the environment names for command line tools: {@code https_proxy}, else {@code
   * all_proxy}, each in lower case before upper case, unless {@code no_proxy} lists the host or a
   * domain that it is in ({@code *} for all; ports and address ranges are not understood there).
   *
   * <pre>{@code
   * Proxy.fromEnvironment(host).ifPresent(builder::proxy);
   * }</pre>
   *
   * @param host the host to reach, such as the hub's
   * @return the proxy, with the credentials of its address; empty if none is to be used
   * @throws IllegalArgumentException if the variable names no usable proxy; the message does not
   *     show its value
   */
  public static Optional<Proxy> fromEnvironment(String host) {
    return ProxyVariables.proxy(System.getenv(), host);
  }

  /**
   * The proxy that the JVM is set up with ({@link java.net.ProxySelector}): by the properties
   * {@code https.proxyHost}, {@code https.proxyPort}, {@code socksProxyHost} and {@code
   * http.nonProxyHosts}, or by the operating system with {@code java.net.useSystemProxies=true}. It
   * has no credentials.
   *
   * @param host the host to reach, such as the hub's
   * @return the first proxy for it; empty if the host is to be reached directly
   * @throws IllegalArgumentException if the host cannot be part of a URL
   */
  public static Optional<Proxy> system(String host) {
    java.net.ProxySelector selector = java.net.ProxySelector.getDefault();
    if (selector == null) {
      return Optional.empty();
    }
    java.net.Proxy first = selector.select(URI.create("https://" + host)).get(0);
    if (!(first.address() instanceof InetSocketAddress address)) {
      return Optional.empty();
    }
    return Optional.of(
        first.type() == java.net.Proxy.Type.SOCKS
            ? socks5(address.getHostString(), address.getPort())
            : http(address.getHostString(), address.getPort()));
  }

  /**
   * With credentials. An HTTP proxy is shown them only when it asks, with Digest if it offers that
   * (the password is not sent), else with Basic, in clear text as far as the proxy; SOCKS5 sends
   * them in clear text too.
   *
   * @param name the user name, without a colon for an HTTP proxy; for SOCKS5 1 to 255 bytes
   * @param secret the password; for SOCKS5 1 to 255 bytes
   * @return a new value
   */
  public Proxy withCredentials(String name, Secret secret) {
    return new Proxy(kind, host, port, Optional.of(name), Optional.of(secret));
  }

  private static void check(Kind kind, String what, String text) {
    if (!printable(text)) {
      throw new IllegalArgumentException(
          "A proxy's " + what + " must not contain control characters.");
    }
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (kind == Kind.SOCKS5 && (bytes < 1 || bytes > SOCKS_MAX_BYTES)) {
      throw new IllegalArgumentException(
          "The " + what + " for a SOCKS5 proxy has 1 to 255 bytes, not " + bytes + ".");
    }
  }

  private static boolean printable(String text) {
    return text.chars().noneMatch(Character::isISOControl);
  }

  /** Kind, host and port; no credentials. */
  @Override
  public String toString() {
    return (kind == Kind.HTTP ? "HTTP proxy " : "SOCKS5 proxy ") + host + ":" + port;
  }
}
