package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What is said when a host is not reached: what happened, why, and what to do next. */
final class DialFailures implements Dial.ReachFailures {
  private final Endpoint endpoint;
  private final InstantSource clock;

  DialFailures(Endpoint endpoint, InstantSource clock) {
    this.endpoint = endpoint;
    this.clock = clock;
  }

  UnreachableException aborted(Stage stage) {
    return failure("Connecting to " + endpoint + " was stopped by this client.", stage, null);
  }

  @Override
  public UnreachableException resolve(IOException cause) {
    if (cause instanceof UnknownHostException) {
      return failure(
          "The host name "
              + endpoint.host()
              + " is not known: no name server gave an address for it. Check the name in the"
              + " connection string, and that this machine has a network and a name server.",
          Stage.RESOLVE,
          cause);
    }
    return failure(
        "Looking up the host name "
            + endpoint.host()
            + " failed: "
            + cause.getMessage()
            + ". Check this machine's name servers.",
        Stage.RESOLVE,
        cause);
  }

  @Override
  public UnreachableException connect(
      Map<InetAddress, IOException> attempts, @Nullable IOException cause) {
    IOException last = cause;
    boolean refused = !attempts.isEmpty();
    boolean silent = !attempts.isEmpty();
    for (IOException failure : attempts.values()) {
      last = failure;
      refused &= isRefusal(failure);
      silent &= failure instanceof SocketTimeoutException;
    }
    String advice;
    if (refused) {
      advice =
          "Nothing listens on port "
              + endpoint.port()
              + " there, or a firewall refuses it. Check host and port, and whether the server runs.";
    } else if (silent) {
      advice =
          "A firewall may drop what goes out to port "
              + endpoint.port()
              + ". Open that port, or allow a route that uses port 443.";
    } else {
      advice = "Check this machine's network and its outbound port " + endpoint.port() + ".";
    }
    String what =
        attempts.isEmpty()
            ? "Connecting to " + endpoint + " failed: " + (last == null ? "" : last.getMessage())
            : "No address of " + endpoint + " could be connected to (" + told(attempts) + ")";
    return failure(what + ". " + advice, Stage.CONNECT, last);
  }

  /** What happened at each address. */
  static String told(Map<InetAddress, IOException> attempts) {
    StringJoiner told = new StringJoiner("; ");
    attempts.forEach(
        (address, failure) -> told.add(address.getHostAddress() + ": " + describe(failure)));
    return told.toString();
  }

  private static boolean isRefusal(IOException failure) {
    return failure instanceof ConnectException
        && String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("refused");
  }

  private static String describe(IOException failure) {
    if (isRefusal(failure)) {
      return "connection refused";
    }
    if (failure instanceof NoRouteToHostException) {
      return "no route to the host";
    }
    return String.valueOf(failure.getMessage());
  }

  UnreachableException tls(Exception cause, boolean timedOut) {
    if (cause instanceof UnreachableException mapped) {
      return mapped;
    }
    if (timedOut) {
      return failure(
          endpoint
              + " accepted the connection but did not finish the TLS handshake in time. Is it a TLS"
              + " port? A firewall that inspects TLS can do this as well.",
          Stage.TLS,
          cause);
    }
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof UntrustedServer refused) {
        return untrusted(refused, cause);
      }
    }
    return failure(handshake(cause), Stage.TLS, cause);
  }

  private UnreachableException untrusted(UntrustedServer refused, Throwable cause) {
    X509Certificate leaf = refused.leaf();
    String subject = "the certificate of " + endpoint + " (" + leaf.getSubjectX500Principal() + ")";
    switch (refused.reason()) {
      case EXPIRED, NOT_YET_VALID -> {
        return outOfDate(refused, cause);
      }
      case WRONG_NAME -> {
        return failure(
            "The server at "
                + endpoint
                + " is not who was dialled: its certificate is made out to "
                + (refused.names().isEmpty()
                    ? "no host name at all"
                    : String.join(", ", refused.names()))
                + ", not to "
                + endpoint.host()
                + ". Check the host name; a proxy or firewall that inspects TLS must be told to let"
                + " this host through.",
            Stage.TLS,
            cause);
      }
      case SELF_SIGNED -> {
        return failure(
            "Nobody trusted vouches for "
                + subject
                + ": it is self-signed. For a test server or a gateway of your own, give its"
                + " certificate as trust; for the real hub, something stands in between.",
            Stage.TLS,
            cause);
      }
      case LONE_CERTIFICATE -> {
        return failure(
            "Nobody trusted vouches for "
                + subject
                + ": the server sent that certificate alone, and its issuer "
                + leaf.getIssuerX500Principal()
                + " is not trusted here. Either the server leaves out an intermediate certificate"
                + " (to be put right there), or that issuer has to be given as trust.",
            Stage.TLS,
            cause);
      }
      case UNKNOWN_ISSUER -> {
        return failure(
            "Nobody trusted vouches for "
                + subject
                + ": the issuer at the top of its chain, "
                + refused.top().getIssuerX500Principal()
                + ", is unknown to the trust in use ("
                + endpoint.trust()
                + "). Give that issuer's certificate as trust if it is right; a proxy that inspects"
                + " TLS shows itself in this way too.",
            Stage.TLS,
            cause);
      }
      case OTHER -> {
        return failure(
            "The platform refuses " + subject + ": " + refused.getMessage() + ".",
            Stage.TLS,
            cause);
      }
    }
    throw new AssertionError(refused.reason());
  }

  private UnreachableException outOfDate(UntrustedServer refused, Throwable cause) {
    X509Certificate bad = refused.outOfDate();
    X509Certificate told = bad == null ? refused.leaf() : bad;
    Instant from = told.getNotBefore().toInstant();
    Instant until = told.getNotAfter().toInstant();
    Instant now = clock.instant();
    boolean early = refused.reason() == UntrustedServer.Reason.NOT_YET_VALID;
    String dates =
        "the certificate "
            + told.getSubjectX500Principal()
            + " of "
            + endpoint
            + " is valid from "
            + from
            + " until "
            + until
            + ", and this machine's clock says "
            + now;
    return failure(
            (early
                    ? "The server's certificate is not valid yet: "
                    : "The server's certificate has expired: ")
                + dates
                + (early
                    ? ". Set this machine's clock; the certificate is hardly at fault."
                    : ". Check this machine's clock first; if it is right, the server has to renew its"
                        + " certificate."),
            Stage.TLS,
            cause)
        .withClockEvidence(Character.toUpperCase(dates.charAt(0)) + dates.substring(1) + ".");
  }

  /** JSSE tells these apart in its texts only. */
  private String handshake(Exception cause) {
    String text = String.valueOf(cause.getMessage());
    if (text.contains("protocol_version") || text.contains("No appropriate protocol")) {
      return endpoint
          + " speaks no TLS version that is safe: TLS 1.2 or 1.3 is needed ("
          + text
          + "). Bring the server up to date; an old proxy in between can be the cause too.";
    }
    if (text.contains("Unsupported or unrecognized SSL message")) {
      return endpoint
          + " does not speak TLS: it answered in plain text. Check the port; a proxy or a captive"
          + " portal answers like that too.";
    }
    if (text.contains("handshake_failure") || text.contains("cipher suites in common")) {
      return endpoint
          + " and this machine found no common way to secure the connection ("
          + text
          + "). Check the server's TLS settings and this platform's disabled algorithms; the server"
          + " may also want a client certificate.";
    }
    if (text.contains("unrecognized_name")) {
      return endpoint
          + " does not know the name "
          + endpoint.host()
          + " ("
          + text
          + "). Check the host name.";
    }
    if (text.contains("certificate_required")
        || text.contains("bad_certificate")
        || text.contains("certificate_unknown")
        || text.contains("unknown_ca")
        || text.contains("certificate_expired")) {
      return endpoint
          + " refused this device's certificate ("
          + text
          + "). Check that it is the one registered, and its dates.";
    }
    if (cause.getCause() instanceof EOFException
        || cause instanceof EOFException
        || (cause instanceof SocketException && !(cause instanceof ConnectException))) {
      return endpoint
          + " closed the connection during the TLS handshake. A firewall or proxy that lets TCP but"
          + " not TLS through does this; so does a server that is overloaded.";
    }
    if (cause instanceof SSLException || cause instanceof IOException) {
      return "The TLS handshake with " + endpoint + " failed: " + text + ".";
    }
    return "TLS cannot be set up on this machine: "
        + cause
        + ". Check the trust store and the client certificate's key.";
  }

  private static UnreachableException failure(
      String message, Stage stage, @Nullable Throwable cause) {
    return new UnreachableException(message, stage, Progress.NOT_SENT, cause);
  }
}
