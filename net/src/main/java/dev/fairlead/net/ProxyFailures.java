package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.Proxy;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.transport.ForeignText;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The failures at a proxy. All of them are about the route: a proxy's refusal says nothing about
 * the device's own credentials. Of the proxy's answer, only status codes and the sanitised names of
 * schemes are repeated.
 */
final class ProxyFailures implements Dial.ReachFailures {
  private static final int MAX_OFFERED = 80;

  private final Proxy proxy;
  private final Endpoint endpoint;

  ProxyFailures(Proxy proxy, Endpoint endpoint) {
    this.proxy = proxy;
    this.endpoint = endpoint;
  }

  @Override
  public UnreachableException resolve(IOException cause) {
    return failure(
        "The name of the "
            + proxy
            + (cause instanceof UnknownHostException
                ? " is not known: no name server gave an address for it."
                : " could not be looked up: " + cause.getMessage() + ".")
            + " Check the proxy's name and this machine's name servers.",
        cause);
  }

  @Override
  public UnreachableException connect(
      Map<InetAddress, IOException> attempts, @Nullable IOException cause) {
    IOException last = cause;
    for (IOException attempt : attempts.values()) {
      last = attempt;
    }
    return failure(
        "The "
            + proxy
            + " cannot be reached ("
            + (attempts.isEmpty() ? String.valueOf(last) : DialFailures.list(attempts))
            + "). Check its host and port, and that it runs.",
        last);
  }

  UnreachableException noCredentials() {
    return failure(
        "The "
            + proxy
            + " requires proxy authentication"
            + (proxy.kind() == Proxy.Kind.HTTP ? " (HTTP 407)" : "")
            + ", and no user name is set. Set one with Proxy.withCredentials(…).",
        null);
  }

  UnreachableException wrongCredentials() {
    return failure(
        "The "
            + proxy
            + " refused its user name or password"
            + (proxy.kind() == Proxy.Kind.HTTP ? " (HTTP 407)" : "")
            + ". Check the arguments of Proxy.withCredentials(…); the device's own key is not "
            + "the cause.",
        null);
  }

  UnreachableException unknownScheme(String offered) {
    return failure(
        "The "
            + proxy
            + " requires a kind of authentication that this client does not have ("
            + (offered.isEmpty() ? "it named none" : ForeignText.clean(offered, MAX_OFFERED))
            + "). It has "
            + (proxy.kind() == Proxy.Kind.HTTP ? "Basic and Digest" : "none and user name")
            + "; have the proxy allow one of those for this device, or let "
            + endpoint
            + " pass.",
        null);
  }

  /** A status other than 2xx and 407. */
  UnreachableException refused(int status) {
    String why =
        switch (status) {
          case 403 ->
              "does not let this machine connect to "
                  + endpoint
                  + " (HTTP 403). Have its administrator allow that host and port.";
          case 400, 404, 405, 501 ->
              "does not open tunnels (HTTP "
                  + status
                  + " to CONNECT). It may be a web server or a proxy for plain HTTP only; check"
                  + " host and port.";
          case 429 -> "has had too many requests (HTTP 429). This is temporary; retry.";
          case 502, 503, 504 ->
              "could not reach "
                  + endpoint
                  + " itself (HTTP "
                  + status
                  + "). Check the host name, and the proxy's own network.";
          default ->
              "refused a tunnel to " + endpoint + " (HTTP " + status + "). Ask its administrator.";
        };
    return failure("The " + proxy + " " + why, null);
  }

  /** RFC 1928, section 6. */
  UnreachableException socksReply(int reply) {
    String why =
        switch (reply) {
          case 2 -> "its rules forbid it. Have its administrator allow that host and port";
          case 3 -> "it finds no network to it. Check the proxy's own network";
          case 4 ->
              "it cannot reach that host, or cannot resolve its name. Check the host name and"
                  + " the proxy's name servers";
          case 5 -> "the host refused the connection. Check host and port";
          case 6 -> "the host did not answer it in time. Check host and port";
          case 7 ->
              "it does not support CONNECT. Check that it is a proxy for outgoing connections";
          case 8 ->
              "it does not take this kind of address. Give the hub by a name, not by an address";
          default -> "it failed and gave no reason. Ask its administrator";
        };
    return failure(
        "The "
            + proxy
            + " did not connect to "
            + endpoint
            + ": "
            + why
            + " (SOCKS reply "
            + reply
            + ").",
        null);
  }

  /** The connection to the proxy failed before the proxy had said yes or no. */
  UnreachableException broken(IOException cause, boolean timedOut) {
    if (timedOut) {
      return failure(
          "The "
              + proxy
              + " accepted the connection but did not answer in time. Check that it is a proxy of this"
              + " kind; it may also be waiting for "
              + endpoint
              + " itself.",
          cause);
    }
    if (cause instanceof ProtocolException) {
      return failure(
          "What listens where the "
              + proxy
              + " should be does not answer like one: "
              + cause.getMessage()
              + ". Check the proxy's kind, host and port.",
          cause);
    }
    if (cause instanceof EOFException) {
      return failure(
          "The "
              + proxy
              + " closed the connection without an answer. Check its kind and port, and whether"
              + " this machine may use it.",
          cause);
    }
    return failure("The connection to the " + proxy + " broke: " + cause.getMessage() + ".", cause);
  }

  private static UnreachableException failure(String message, @Nullable Throwable cause) {
    return new UnreachableException(message, Stage.PROXY, Progress.NOT_SENT, cause);
  }
}
