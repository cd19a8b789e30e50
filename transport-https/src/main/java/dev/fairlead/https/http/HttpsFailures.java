package dev.fairlead.https.http;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The one table from what HTTPS shows to the failures of the client. IoT Hub: "Understand and
 * resolve Azure IoT Hub error codes". Who spoke matters: only the hub's own refusal is about the
 * credential; what a proxy, a captive portal or a web server says is about the route.
 */
public final class HttpsFailures {
  /** The hub says no time with these, and none of them passes in seconds. */
  private static final Duration LONG_WAIT = Duration.ofMinutes(10);

  /** What the hub allows clocks to differ. IoT Hub: error 401003. */
  private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(5);

  private final String identity;
  private final Endpoint endpoint;
  private final Credential credential;
  private final InstantSource clock;

  /**
   * Makes the table for one peer.
   *
   * @param identity who speaks, for messages
   * @param endpoint who is spoken to
   * @param credential the kind of credential shown
   * @param clock this machine's clock
   */
  public HttpsFailures(
      String identity, Endpoint endpoint, Credential credential, InstantSource clock) {
    this.identity = identity;
    this.endpoint = endpoint;
    this.credential = credential;
    this.clock = clock;
  }

  /**
   * Whether the hub itself found fault with a request's content, and with nothing before that.
   *
   * @param answer an answer
   * @return true if it is the hub's refusal of an argument or a format
   */
  public static boolean refusesContent(HttpAnswer answer) {
    HubError error = HubError.of(answer);
    // 400001 is about the interface's version; it is the only one that comes before the content.
    return answer.status() == 400 && error.byHub() && error.code().orElse(400000) != 400001;
  }

  /**
   * An answer that is not the expected one.
   *
   * @param answer the answer
   * @param what the request, as in "the hub refused …"
   * @param stage {@link Stage#OPEN} while nothing is known of the peer, {@link Stage#SESSION} once
   *     it has proved to be the hub
   * @return the failure
   */
  public HubException answered(HttpAnswer answer, String what, Stage stage) {
    HubError error = HubError.of(answer);
    int status = answer.status();
    String why = told(status, error);
    if (status == 429) {
      return throttled("The hub asks for fewer requests" + why + ".", answer, null);
    }
    if (status / 100 <= 3 || !error.byHub()) {
      Optional<HubException> between = notTheHub(answer, what, stage, why);
      if (between.isPresent()) {
        return between.get();
      }
    }
    switch (error.code().orElse(status * 1000)) {
      case 400001 -> {
        return unreachable(
            endpoint + " does not take this client's version of the interface" + why + ".", stage);
      }
      case 400021, 400024, 400027, 400029, 400030 -> {
        return unreachable(
            "The hub gave up " + what + why + ". That passes; trying again is right.", stage);
      }
      case 401001 -> {
        return unauthorized(
            "There is no hub of this name"
                + why
                + ". Check the host name in the connection string.",
            answer);
      }
      case 403001, 403002, 403005, 403006 -> {
        return throttled(
            "The hub is over one of its limits, and takes "
                + what
                + " later"
                + why
                + ". A daily quota begins anew at midnight UTC; see the hub's metrics and tier.",
            answer,
            LONG_WAIT);
      }
      case 403012, 404001, 404010 -> {
        return unauthorized(
            "The hub does not know "
                + identity
                + ", or it is disabled there"
                + why
                + ". Check the identity and its status in the registry.",
            answer);
      }
      case 412002 -> {
        return new RejectedException(
            "The message's lock is lost"
                + why
                + ": its 60 s are over, or it is settled already. The hub delivers it again; settle"
                + " sooner, or make the handler take the repetition.",
            Progress.MAYBE_SENT,
            412002);
      }
      case 503008 -> {
        return throttled("The hub asks for fewer requests" + why + ".", answer, null);
      }
      default -> {
        return byStatus(answer, error, what, stage, why);
      }
    }
  }

  private HubException byStatus(
      HttpAnswer answer, HubError error, String what, Stage stage, String why) {
    int status = answer.status();
    if (status == 401) {
      return unauthorized(
          endpoint
              + " refused the "
              + (credential instanceof Credential.Token ? "key or token" : "certificate")
              + " of "
              + identity
              + why
              + ". It may be wrong or expired, or the device unknown or disabled.",
          answer);
    }
    if (status == 408 || status == 499 || status >= 500) {
      // RFC 9110, section 10.2.3: with a time to wait it is an order to wait.
      if (status == 503 && RetryAfter.of(answer, clock.instant()).isPresent()) {
        return throttled("The hub is busy" + why + ".", answer, null);
      }
      return unreachable(
          "The hub could not take " + what + why + ". That passes; trying again is right.", stage);
    }
    return new RejectedException(
        "The hub refused " + what + why + ". " + advice(status),
        Progress.MAYBE_SENT,
        error.code().orElse(status));
  }

  private static String advice(int status) {
    return switch (status) {
      case 400 -> "Check property names, values and ids against the hub's rules.";
      case 413 -> "It is too large: a message has at most 256 KB with its properties.";
      case 403 -> "The hub's tier or the device's permissions may not include it.";
      case 404 -> "It is not there, or not there any more.";
      default -> "Sending it again would be refused again.";
    };
  }

  /** What only something else than the hub answers; empty if it may have been the hub. */
  private Optional<HubException> notTheHub(
      HttpAnswer answer, String what, Stage stage, String why) {
    int status = answer.status();
    String next;
    if (status < 200 || status / 100 == 2) {
      next =
          "A captive portal, a proxy that inspects TLS, or a web server that is no IoT hub does this."
              + " Sign in to the network, or check the host.";
    } else if (status / 100 == 3) {
      next =
          "It wants to lead elsewhere, as the sign-in page of a network does. Sign in to the network,"
              + " or check the host.";
    } else if (status == 511) {
      next = "The network wants a sign-in first (RFC 6585). Sign in to the network.";
    } else if (status == 407) {
      next = "A proxy that stands in the way wants credentials. Set that proxy on the client.";
    } else if (stage == Stage.SESSION && (status == 400 || status == 413 || status == 431)) {
      // The hub's front end refuses what it cannot read with a page of its own.
      return Optional.empty();
    } else if (answer.page()) {
      next =
          "It is a web page, which the hub does not send: a proxy or firewall in between answered, or"
              + " the host is no IoT hub.";
    } else if (status == 401 || status == 413 || status == 408 || status >= 500) {
      return Optional.empty();
    } else {
      next =
          "It is not in the hub's form: something in between answered, or the host is no IoT hub.";
    }
    return Optional.of(unreachable(endpoint + " answered " + what + why + ". " + next, stage));
  }

  private static String told(int status, HubError error) {
    StringBuilder told = new StringBuilder(" (HTTP ").append(status);
    if (!error.name().isEmpty()) {
      told.append(", ").append(error.name());
    }
    error.code().ifPresent(code -> told.append(", ").append(code));
    told.append(')');
    if (!error.text().isEmpty()) {
      told.append(": \"").append(error.text()).append('"');
    }
    return told.toString();
  }

  private HubException throttled(String what, HttpAnswer answer, @Nullable Duration wait) {
    Optional<Duration> asked = RetryAfter.of(answer, clock.instant());
    return new ThrottledException(
        what + (asked.isPresent() ? " It asks to wait " + asked.get().toSeconds() + " s." : ""),
        Progress.MAYBE_SENT,
        asked.orElse(wait));
  }

  private HubException unauthorized(String what, HttpAnswer answer) {
    UnauthorizedException failure = new UnauthorizedException(what, Progress.NOT_SENT);
    return clockDoubt(answer).map(failure::withClockEvidence).orElse(failure);
  }

  /** Why this machine's clock may be the reason: tokens are good or not by the hub's clock. */
  private Optional<String> clockDoubt(HttpAnswer answer) {
    if (!(credential instanceof Credential.Token)) {
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
   * An exchange that brought no answer.
   *
   * @param cause what {@link HubHttp#send} failed with
   * @param what the request, as in "there was no answer to …"
   * @param stage as in {@link #answered}
   * @return the failure
   */
  public HubException broken(Throwable cause, String what, Stage stage) {
    if (cause instanceof HubException mapped) {
      return mapped;
    }
    if (cause instanceof ExchangeFailure broken) {
      return switch (broken.reason()) {
        case ABORTED -> aborted(stage);
        case NOT_WANTED ->
            new UnreachableException(
                "The line for " + what + " stood too late.", stage, Progress.NOT_SENT, broken);
        case SLOW ->
            unreachable(
                endpoint
                    + " did not answer "
                    + what
                    + " in time. The network between may be down, a proxy may swallow data, or the hub"
                    + " is overloaded.",
                stage);
        case TOO_LARGE ->
            unreachable(
                endpoint
                    + " answered "
                    + what
                    + " with "
                    + broken.getMessage()
                    + ". The hub does not: something in between answered, or the host is no IoT hub.",
                stage);
        case PROXY_ANSWERED ->
            unreachable(
                "A proxy that stands in the way of "
                    + endpoint
                    + " wants credentials (HTTP 407). Set that proxy on the client.",
                stage);
        case ENCODED ->
            unreachable(
                endpoint
                    + " answered "
                    + what
                    + " in an encoding that was not asked for. Something in between changes answers;"
                    + " have it leave this host alone.",
                stage);
      };
    }
    if (certificateAlert(cause)) {
      return new UnauthorizedException(
          endpoint
              + " refused the certificate of "
              + identity
              + " ("
              + cause.getMessage()
              + "). Check that it is the one registered, and its dates.",
          Progress.NOT_SENT,
          cause);
    }
    if (cause instanceof ProtocolException) {
      return new UnreachableException(
          "What "
              + endpoint
              + " answered to "
              + what
              + " is not HTTP as the hub speaks it. Check host and port; something in between may"
              + " change what is sent.",
          stage,
          Progress.MAYBE_SENT,
          cause);
    }
    if (isEnd(cause)) {
      return new UnreachableException(
          endpoint
              + " closed the connection instead of answering "
              + what
              + ". A firewall does this, and so does a hub in maintenance.",
          stage,
          Progress.MAYBE_SENT,
          cause);
    }
    return new UnreachableException(
        "The connection to " + endpoint + " broke during " + what + ": " + describe(cause) + ".",
        stage,
        Progress.MAYBE_SENT,
        cause);
  }

  /** TLS 1.3 servers refuse a client certificate only after the client has finished. */
  private boolean certificateAlert(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    return cause instanceof SSLException
        && credential instanceof Credential.Certificate
        && (text.contains("certificate") || text.contains("unknown_ca"));
  }

  private static boolean isEnd(Throwable cause) {
    String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    return cause instanceof EOFException
        || cause.getCause() instanceof EOFException
        || (cause instanceof IOException
            && (text.contains("unexpected end of stream")
                || text.contains("reset")
                || text.contains("broken pipe")));
  }

  private static String describe(Throwable cause) {
    String text = cause.getMessage();
    return text == null ? cause.getClass().getSimpleName() : text;
  }

  /**
   * This client cut it.
   *
   * @param stage as in {@link #answered}
   * @return the failure
   */
  public HubException aborted(Stage stage) {
    return unreachable("The HTTPS session of " + identity + " was cut by this client.", stage);
  }

  /**
   * What is asked of a session that has ended.
   *
   * @return the failure
   */
  public HubException ended() {
    return new UnreachableException(
        "The HTTPS session of " + identity + " has ended.", Stage.SESSION, Progress.NOT_SENT, null);
  }

  private UnreachableException unreachable(String message, Stage stage) {
    return new UnreachableException(message, stage, Progress.MAYBE_SENT, null);
  }
}
