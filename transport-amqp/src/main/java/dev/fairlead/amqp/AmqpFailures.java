package dev.fairlead.amqp;

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
import java.net.SocketTimeoutException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * From what AMQP shows to the failures of the client; {@link HubError} says what each of the hub's
 * errors means, and here it is put into words. Of one identity, or of a shared connection.
 */
final class AmqpFailures {
  private final String who;
  private final Endpoint endpoint;
  private final boolean certificate;

  AmqpFailures(String who, Endpoint endpoint, @Nullable Credential credential) {
    this.who = who;
    this.endpoint = endpoint;
    this.certificate = credential instanceof Credential.Certificate;
  }

  /**
   * Why opening failed.
   *
   * @param what was refused, as in "the hub refused …"
   */
  HubException refused(String what, HubError error) {
    return of(
        error,
        "No AMQP session of " + who + " with " + endpoint + ": the hub refused " + what,
        Stage.OPEN,
        Progress.NOT_SENT);
  }

  /**
   * Why what was open has ended.
   *
   * @param what has ended, as in "the hub ended …"
   */
  HubException ended(String what, HubError error, Progress progress) {
    return of(
        error,
        "The AMQP session of " + who + " is over: " + endpoint + " ended " + what,
        Stage.SESSION,
        progress);
  }

  /** What became of a message that the hub did not take. */
  HubException message(HubError error) {
    return of(error, "The hub refused the message", Stage.SESSION, Progress.MAYBE_SENT);
  }

  /** What became of a settlement. */
  HubException settlement(HubError error) {
    return of(
        error, "The hub did not take the message's settlement", Stage.SESSION, Progress.MAYBE_SENT);
  }

  /** What became of a twin operation. */
  static HubException twin(HubError error) {
    String what = "The hub refused the twin operation " + error + ". ";
    return switch (error.kind()) {
      case THROTTLED ->
          new ThrottledException(what + "Wait before the next one.", Progress.MAYBE_SENT, null);
      case PASSING, BROKEN, TAKEN_OVER ->
          new UnreachableException(
              what + "Trying again is right.", Stage.SESSION, Progress.MAYBE_SENT, null);
      case UNAUTHORIZED, REJECTED ->
          new RejectedException(
              what
                  + "Check the document against the twin's limits: 32 KB, depth 10, no null values,"
                  + " keys without dot, dollar and space.",
              Progress.MAYBE_SENT,
              error.code());
    };
  }

  private HubException of(HubError error, String what, Stage stage, Progress progress) {
    String sentence = what + " " + error + ". ";
    return switch (error.kind()) {
      case UNAUTHORIZED ->
          new UnauthorizedException(
              sentence
                  + "The "
                  + (certificate ? "certificate" : "key or token")
                  + " may be wrong or expired, the device may be unknown or disabled, or this"
                  + " machine's clock may be wrong.",
              progress);
      case THROTTLED ->
          new ThrottledException(
              sentence + "Too many messages a second or a day: send fewer, or wait.",
              progress,
              null);
      case REJECTED ->
          new RejectedException(
              sentence + "It would be refused again as it is.", progress, error.code());
      case TAKEN_OVER ->
          new UnreachableException(
              sentence + "Another connection uses the same identity; only one can.",
              stage,
              progress,
              null);
      case PASSING ->
          new UnreachableException(
              sentence + "That passes; trying again is right.", stage, progress, null);
      case BROKEN ->
          new UnreachableException(
              sentence + "One side did not follow the protocol; a new session is needed.",
              stage,
              progress,
              null);
    };
  }

  /** The opening took too long. */
  HubException slow(String step, boolean reached, Duration limit) {
    return new UnreachableException(
        "No AMQP session of "
            + who
            + " with "
            + endpoint
            + ": "
            + step
            + " within "
            + limit.toMillis()
            + " ms. A proxy or firewall that swallows data does this; so does an overloaded hub.",
        reached ? Stage.OPEN : Stage.CONNECT,
        Progress.NOT_SENT,
        null);
  }

  /** Nothing came back in time. */
  HubException silent(Duration waited, Progress progress) {
    return new UnreachableException(
        "Nothing came from "
            + endpoint
            + " within "
            + waited.toMillis()
            + " ms, not even an answer to a ping: the line is dead. The network between may be down.",
        Stage.SESSION,
        progress,
        null);
  }

  /** This client ended it. */
  HubException aborted(boolean open, Progress progress) {
    return new UnreachableException(
        "The AMQP session of " + who + " was cut by this client.",
        open ? Stage.SESSION : Stage.OPEN,
        progress,
        null);
  }

  /** What is asked of a session that has ended. */
  HubException over(Progress progress) {
    return new UnreachableException(
        "The AMQP session of " + who + " has ended.", Stage.SESSION, progress, null);
  }

  /** What is asked of a link that was lost and is attached anew. */
  HubException linkLost(Progress progress) {
    return new UnreachableException(
        "The hub has detached the link of "
            + who
            + " that this belongs to; the session goes on with a new one.",
        Stage.SESSION,
        progress,
        null);
  }

  /** No answer to a request. */
  HubException unanswered(String what, Duration waited) {
    return new UnreachableException(
        "The hub did not answer "
            + what
            + " of "
            + who
            + " within "
            + waited.toMillis()
            + " ms. It may have been carried out all the same; trying again is right.",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        null);
  }

  /** SASL's refusal. [AMQP 5.3.3.6] */
  HubException saslRefused(Sasl sasl) {
    return new UnauthorizedException(
        endpoint
            + " refused "
            + sasl
            + ". Check user and password, or choose another layer in the AMQP options; an IoT hub"
            + " needs none.",
        Progress.NOT_SENT);
  }

  /** Why the line, or the peer's way to use it, ended a session that was not open yet. */
  HubException notOpened(Throwable cause) {
    if (cause instanceof HubException mapped) {
      return mapped;
    }
    if (cause instanceof ProtocolViolation) {
      return opening(
          "it sent "
              + cause.getMessage()
              + ". It is no IoT hub, or something tampers with the data in between.",
          cause);
    }
    if (cause instanceof EOFException) {
      return opening(
          "it closed the connection before the session was open. A hub does this when too many"
              + " devices connect at once; a proxy does it to what is not HTTPS.",
          cause);
    }
    if (certificateAlert(cause)) {
      return new UnauthorizedException(
          endpoint
              + " refused the certificate of "
              + who
              + " ("
              + cause.getMessage()
              + "). Check that it is the one registered, and its dates.",
          Progress.NOT_SENT,
          cause);
    }
    return opening("the connection broke: " + describe(cause) + ".", cause);
  }

  /** TLS 1.3 servers refuse a client certificate only after the client has finished. */
  private boolean certificateAlert(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    return certificate
        && cause instanceof SSLException
        && (text.contains("certificate") || text.contains("unknown_ca"));
  }

  private UnreachableException opening(String why, Throwable cause) {
    return new UnreachableException(
        "No AMQP session of " + who + " with " + endpoint + ": " + why,
        Stage.OPEN,
        Progress.NOT_SENT,
        cause);
  }

  /** Why the line, or the peer's way to use it, ended an open session. */
  HubException lost(Throwable cause, Progress progress) {
    if (cause instanceof HubException mapped) {
      return mapped;
    }
    String why =
        cause instanceof ProtocolViolation
            ? " was ended, for " + endpoint + " sent " + cause.getMessage() + "."
            : " with " + endpoint + " broke: " + describe(cause) + ".";
    return new UnreachableException(
        "The AMQP session of " + who + why, Stage.SESSION, progress, cause);
  }

  private static String describe(Throwable cause) {
    if (cause instanceof SocketTimeoutException) {
      return "time-out";
    }
    String text = cause.getMessage();
    return text == null ? cause.getClass().getSimpleName() : text;
  }
}
