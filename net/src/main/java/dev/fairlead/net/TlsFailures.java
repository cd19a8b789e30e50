package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.transport.ForeignText;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;

/**
 * The failures of the TLS handshake: what happened, why, and what to do next. Anyone on the path
 * can present a certificate with any text in it, so all text is sanitised.
 */
final class TlsFailures {
  private static final int MAX_NAME = 200;
  private static final int MAX_TEXT = 400;

  private static final Set<String> CERTIFICATE_ALERTS =
      Set.of(
          "certificate_required",
          "bad_certificate",
          "certificate_unknown",
          "unknown_ca",
          "certificate_expired");

  private final Endpoint endpoint;
  private final InstantSource clock;

  TlsFailures(Endpoint endpoint, InstantSource clock) {
    this.endpoint = endpoint;
    this.clock = clock;
  }

  UnreachableException timedOut(Exception cause) {
    return failure(
        endpoint
            + " accepted the connection but did not finish the TLS handshake in time. Is it a TLS"
            + " port? A firewall that inspects TLS can do this as well.",
        cause);
  }

  UnreachableException of(Exception cause) {
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof UntrustedServer refused) {
        return untrusted(refused, cause);
      }
    }
    return failure(handshake(cause), cause);
  }

  private UnreachableException untrusted(UntrustedServer refused, Exception cause) {
    X509Certificate leaf = refused.leaf();
    String subject = "server certificate of " + endpoint + " (" + subject(leaf) + ")";
    return switch (refused.reason()) {
      case EXPIRED, NOT_YET_VALID -> outOfDate(refused, cause);
      case WRONG_NAME ->
          failure(
              "The server at "
                  + endpoint
                  + " is not the host that was dialled: its certificate is for "
                  + (refused.names().isEmpty()
                      ? "no host name at all"
                      : refused.names().stream()
                          .map(name -> ForeignText.clean(name, MAX_NAME))
                          .collect(Collectors.joining(", ")))
                  + ", not for "
                  + endpoint.host()
                  + ". Check the host name. If a proxy or firewall inspects TLS, exempt this host"
                  + " there.",
              cause);
      case SELF_SIGNED ->
          failure(
              "The "
                  + subject
                  + " is not signed by a trusted CA: it is self-signed. For a test server or a"
                  + " gateway of your own, give its certificate as trust. The real hub never presents"
                  + " such a certificate; something between inspects TLS.",
              cause);
      case LONE_CERTIFICATE ->
          failure(
              "The "
                  + subject
                  + " is not signed by a trusted CA: the server sent that certificate alone, and its"
                  + " issuer "
                  + issuer(leaf)
                  + " is not trusted here. Either the server leaves out an intermediate certificate,"
                  + " which must be corrected there, or that issuer has to be given as trust.",
              cause);
      case UNKNOWN_ISSUER ->
          failure(
              "The "
                  + subject
                  + " is not signed by a trusted CA: the issuer at the top of its chain, "
                  + issuer(refused.top())
                  + ", is unknown to the trust in use ("
                  + endpoint.trust()
                  + "). If it is the right issuer, give its certificate as trust; a proxy that"
                  + " inspects TLS shows itself in this way too.",
              cause);
      case OTHER ->
          failure(
              "The Java platform refuses the "
                  + subject
                  + ": "
                  + text(refused)
                  + ". Check the server's certificates and this platform's disabled algorithms.",
              cause);
    };
  }

  private UnreachableException outOfDate(UntrustedServer refused, Exception cause) {
    X509Certificate found = refused.outOfDate();
    X509Certificate bad = found == null ? refused.leaf() : found;
    Instant from = bad.getNotBefore().toInstant();
    Instant until = bad.getNotAfter().toInstant();
    Instant now = clock.instant();
    boolean early = refused.reason() == UntrustedServer.Reason.NOT_YET_VALID;
    String dates =
        "the certificate "
            + subject(bad)
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
                    ? ". Set this machine's clock; the certificate is probably valid."
                    : ". Check this machine's clock first; if it is right, the server has to renew its"
                        + " certificate."),
            cause)
        .withClockEvidence("T" + dates.substring(1) + ".");
  }

  /** JSSE distinguishes these only by their texts. */
  private String handshake(Exception cause) {
    String text = text(cause);
    if (text.contains("protocol_version") || text.contains("No appropriate protocol")) {
      return endpoint
          + " supports no safe TLS version: TLS 1.2 or 1.3 is needed ("
          + text
          + "). Update the server; an old proxy in between can be the cause too.";
    }
    if (text.contains("Unsupported or unrecognized SSL message")) {
      return endpoint
          + " does not use TLS: it answered in plain text. Check the port; a proxy or a captive"
          + " portal answers like that too.";
    }
    if (text.contains("handshake_failure") || text.contains("cipher suites in common")) {
      return endpoint
          + " and this machine found no common way to secure the connection ("
          + text
          + "). Check the server's TLS settings and this platform's disabled algorithms; the server"
          + " may also require a client certificate.";
    }
    if (text.contains("unrecognized_name")) {
      return endpoint
          + " does not know the name "
          + endpoint.host()
          + " ("
          + text
          + "). Check the host name.";
    }
    if (CERTIFICATE_ALERTS.stream().anyMatch(text::contains)) {
      return endpoint
          + " refused this device's certificate ("
          + text
          + "). Check that it is the one registered, and its dates.";
    }
    if (isCut(cause)) {
      return endpoint
          + " closed the connection during the TLS handshake. A firewall or proxy that lets TCP but"
          + " not TLS through does this; so does a server that is overloaded.";
    }
    if (cause instanceof SSLException || cause instanceof IOException) {
      return "The TLS handshake with " + endpoint + " failed: " + text + ".";
    }
    return "TLS cannot be set up on this machine: "
        + text
        + ". Check the trust store and the client certificate's key.";
  }

  /**
   * Whether the connection ended without a TLS alert. JSSE reports that directly or inside an
   * {@link SSLException} of its own: an end of the stream, a reset (which sockets over channels
   * report as a plain {@link IOException}), or TLS closed in the middle.
   */
  static boolean isCut(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      String text = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
      if (t instanceof EOFException
          || (t instanceof SocketException && !(t instanceof ConnectException))
          || (t.getClass() == IOException.class
              && (text.contains("reset") || text.contains("broken pipe")))
          || (t instanceof SSLException && text.contains("close_notify"))) {
        return true;
      }
    }
    return false;
  }

  private static String subject(X509Certificate certificate) {
    return ForeignText.clean(certificate.getSubjectX500Principal().toString(), MAX_NAME);
  }

  private static String issuer(X509Certificate certificate) {
    return ForeignText.clean(certificate.getIssuerX500Principal().toString(), MAX_NAME);
  }

  private static String text(Exception failure) {
    String message = failure.getMessage();
    return ForeignText.clean(message == null ? failure.toString() : message, MAX_TEXT);
  }

  private static UnreachableException failure(String message, Exception cause) {
    return new UnreachableException(message, Stage.TLS, Progress.NOT_SENT, safe(cause));
  }

  /**
   * The cause, whose texts a log prints as well; if one of them is not clean, only its stack trace,
   * with a sanitised text.
   */
  private static Throwable safe(Exception cause) {
    for (Throwable t = cause; t != null; t = t.getCause()) {
      String message = String.valueOf(t.getMessage());
      if (!ForeignText.clean(message, message.length()).equals(message)) {
        IOException replaced = new IOException(cause.getClass().getName() + ": " + text(cause));
        replaced.setStackTrace(cause.getStackTrace());
        return replaced;
      }
    }
    return cause;
  }
}
