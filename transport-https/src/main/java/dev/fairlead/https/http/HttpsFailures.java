package dev.fairlead.https.http;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.HubCode.Scope;
import dev.fairlead.transport.HubError;
import dev.fairlead.transport.SessionFailures;
import java.net.ProtocolException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes failures from HTTP's own means: statuses, redirects, web pages, times to wait. The hub's
 * codes are in {@link HubError}. The origin of an answer matters: only an answer in the hub's form
 * is about the credential or the hub's limits; that of a proxy, a captive portal or a web server is
 * about the route.
 */
public final class HttpsFailures {
  /** The difference between clocks that the hub allows. IoT Hub: error 401003. */
  private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(5);

  private final String identity;
  private final Endpoint endpoint;
  private final boolean token;
  private final InstantSource clock;
  private final SessionFailures session;

  /**
   * Makes the failures of one peer.
   *
   * @param identity the identity, for messages
   * @param endpoint the peer
   * @param credential the kind of credential shown
   * @param clock this machine's clock
   */
  public HttpsFailures(
      String identity, Endpoint endpoint, Credential credential, InstantSource clock) {
    this.identity = identity;
    this.endpoint = endpoint;
    this.token = credential instanceof Credential.Token;
    this.clock = clock;
    session = new SessionFailures("HTTPS", identity, endpoint, !token);
  }

  private static HubError read(HttpAnswer answer) {
    return HubError.ofStatus(
        answer.status(), answer.text(), answer.header("iothub-errorcode").orElse(null));
  }

  /**
   * Whether an answer to a request without useful content shows that the hub accepted the
   * credential: it accepted the content, or refused only the content, which it checks last. This is
   * undocumented, so any answer of the hub counts that refuses neither the identity nor the path,
   * and asks for no wait.
   *
   * @param answer an answer
   * @return true if the credential is good
   */
  public static boolean provesCredential(HttpAnswer answer) {
    int status = answer.status();
    if (status == 204) {
      return true;
    }
    HubError error = read(answer);
    boolean contentRefused = error.kind() == Kind.REJECTED && status != 403 && status != 404;
    // An internal error on this unusual content counts too; 503 and 408 mean "retry later".
    boolean broke = error.kind() == Kind.TEMPORARY && status >= 500 && status != 503;
    return error.byHub() && (contentRefused || broke);
  }

  /**
   * An answer that is not the expected one.
   *
   * @param answer the answer
   * @param what the request, as in "the hub refused …"
   * @param stage {@link Stage#OPEN} while nothing is known of the peer, {@link Stage#SESSION} once
   *     it is known to be the hub
   * @return the failure
   */
  public HubException answered(HttpAnswer answer, String what, Stage stage) {
    int status = answer.status();
    HubError error = read(answer);
    String quoted = error.quote("HTTP " + status);
    if (status < 400 || !(error.byHub() || isOfFrontEnd(status, stage))) {
      return new UnreachableException(
          endpoint + " answered " + what + " " + quoted + ". " + stranger(answer),
          stage,
          Progress.MAYBE_SENT,
          null);
    }
    boolean refused = error.kind() == Kind.UNAUTHORIZED;
    HubException failure =
        error.failure(
            refused
                ? endpoint
                    + " refused the "
                    + (token ? "key or token" : "certificate")
                    + " of "
                    + identity
                    + " "
                    + quoted
                : "The hub did not take " + what + " " + quoted,
            stage,
            refused ? Progress.NOT_SENT : Progress.MAYBE_SENT,
            RetryAfter.of(answer, clock.instant()).orElse(null));
    return failure instanceof UnauthorizedException unauthorized
        ? clockDoubt(answer).<HubException>map(unauthorized::withClockEvidence).orElse(unauthorized)
        : failure;
  }

  /** The hub's front end refuses unreadable requests with a page of its own. */
  private static boolean isOfFrontEnd(int status, Stage stage) {
    return stage == Stage.SESSION && (status == 400 || status == 413 || status == 431);
  }

  /** What to do about an answer that is not from the hub. */
  private static String stranger(HttpAnswer answer) {
    int status = answer.status();
    if (status < 300) {
      return "A captive portal, a proxy that inspects TLS, or a web server that is not an IoT "
          + "hub does"
          + " this. Sign in to the network, or check the host.";
    }
    if (status < 400) {
      return "It redirects, as the sign-in page of a network does. Sign in to the network, or check"
          + " the host.";
    }
    if (status == 511) {
      return "The network requires a sign-in (RFC 6585). Sign in to the network.";
    }
    if (status == 407) {
      return "A proxy requires authentication. Set that proxy on the client.";
    }
    String why =
        answer.page()
            ? "It is a web page, which the hub does not send: "
            : "It is not in the hub's form: ";
    return status == 408 || status == 429 || status >= 500
        ? why
            + "something in between answered, or a front end of the hub. This is temporary; retry."
        : why
            + "something in between answered, such as a proxy or a firewall, or the host is not "
            + "an IoT hub. Check the host, and what the network lets through.";
  }

  /** Why this machine's clock may be the reason: the hub checks tokens by its own clock. */
  private Optional<String> clockDoubt(HttpAnswer answer) {
    if (!token) {
      return Optional.empty();
    }
    Instant here = clock.instant();
    return answer
        .header("Date")
        .flatMap(RetryAfter::date)
        .filter(there -> Duration.between(here, there).abs().compareTo(CLOCK_TOLERANCE) > 0)
        .map(
            there ->
                "The hub's clock says "
                    + there
                    + " and this machine's says "
                    + here
                    + ": set this machine's clock.");
  }

  /**
   * Whether the hub refused the content of a request, and would refuse it again.
   *
   * @param answer its refusal
   * @return true if it is too large or malformed
   */
  public static boolean namesContent(HttpAnswer answer) {
    int status = answer.status();
    return status == 400
        || status == 413
        || status == 415
        || status == 431
        || read(answer).scope() == Scope.THIS_MESSAGE;
  }

  /**
   * An exchange without an answer.
   *
   * @param cause the failure of {@link HubHttp#send}
   * @param what the request, as in "there was no answer to …"
   * @param stage as in {@link #answered}
   * @return the failure
   */
  public HubException broken(Throwable cause, String what, Stage stage) {
    if (cause instanceof HubException mapped) {
      return mapped;
    }
    if (cause instanceof ExchangeFailure failure) {
      return unanswered(failure, what, stage);
    }
    if (session.refusesCertificate(cause)) {
      return session.certificateRefused(cause);
    }
    if (cause instanceof ProtocolException) {
      return unreachable(
          "The answer of "
              + endpoint
              + " to "
              + what
              + " is not valid HTTP. Check host and port; something in between may"
              + " change what is sent.",
          stage,
          cause);
    }
    // OkHttp wraps the end of the stream.
    if (SessionFailures.endedByPeer(cause)
        || (cause.getCause() != null && SessionFailures.endedByPeer(cause.getCause()))) {
      return unreachable(
          endpoint
              + " closed the connection instead of answering "
              + what
              + ". A firewall does this, and so does a hub in maintenance.",
          stage,
          cause);
    }
    return stage == Stage.SESSION
        ? session.broke(cause, Progress.MAYBE_SENT)
        : session.brokeOpening(cause);
  }

  private HubException unanswered(ExchangeFailure failure, String what, Stage stage) {
    return switch (failure.reason()) {
      case ABORTED -> aborted(stage);
      case NOT_WANTED ->
          new UnreachableException(
              "The connection for " + what + " was open too late; nothing was sent.",
              stage,
              Progress.NOT_SENT,
              failure);
      case SLOW ->
          unreachable(
              endpoint
                  + " did not answer "
                  + what
                  + " in time. The network in between may be down, a proxy may swallow data, or the"
                  + " hub is overloaded.",
              stage,
              null);
      case TOO_LARGE ->
          unreachable(
              endpoint
                  + " answered "
                  + what
                  + " with "
                  + failure.getMessage()
                  + ". The hub does not: something in between answered, or the host is not an "
                  + "IoT hub.",
              stage,
              null);
      case PROXY_ANSWERED ->
          unreachable(
              "A proxy in front of "
                  + endpoint
                  + " requires authentication (HTTP 407). Set that proxy on the client.",
              stage,
              null);
      case ENCODED ->
          unreachable(
              endpoint
                  + " answered "
                  + what
                  + " in an encoding that was not asked for. Something in between changes answers;"
                  + " have it leave this host alone.",
              stage,
              null);
    };
  }

  /**
   * This client cut it.
   *
   * @param stage as in {@link #answered}
   * @return the failure
   */
  public HubException aborted(Stage stage) {
    return session.aborted(stage == Stage.SESSION, Progress.MAYBE_SENT);
  }

  /**
   * A request to a session that has ended.
   *
   * @return the failure
   */
  public HubException ended() {
    return session.over(Progress.NOT_SENT);
  }

  private static UnreachableException unreachable(
      String message, Stage stage, @Nullable Throwable cause) {
    return new UnreachableException(message, stage, Progress.MAYBE_SENT, cause);
  }
}
