package dev.fairlead.transport;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The failures of a session or a shared connection that are the same on every transport: slow,
 * silent, cut, ended. A transport adds those that are specific to its protocol. Safe for any
 * thread.
 */
public final class SessionFailures {
  private static final int MAX_TEXT = 300;

  private final String session;
  private final String protocol;
  private final String who;
  private final Endpoint endpoint;
  private final boolean certificate;

  /**
   * Creates the failures of one session.
   *
   * @param protocol its protocol's name, such as "MQTT"
   * @param who the identity of the session
   * @param endpoint its peer
   * @param certificate whether a client certificate is shown
   */
  public SessionFailures(String protocol, String who, Endpoint endpoint, boolean certificate) {
    this.protocol = protocol;
    this.who = who;
    this.endpoint = endpoint;
    this.certificate = certificate;
    session = "The " + protocol + " session of " + who;
  }

  /**
   * It could not be opened.
   *
   * @param why the reason and what to do next, as a clause and its full stop
   * @param cause what led to it, or null
   * @return the failure
   */
  public UnreachableException notOpened(String why, @Nullable Throwable cause) {
    return new UnreachableException(
        "No " + protocol + " session of " + who + " with " + endpoint + ": " + why,
        Stage.OPEN,
        Progress.NOT_SENT,
        cause);
  }

  /**
   * Opening took too long.
   *
   * @param step what did not happen, as a clause such as "the hub did not answer CONNECT"
   * @param reached whether there was a connection
   * @param limit the time allowed
   * @return the failure
   */
  public UnreachableException slow(String step, boolean reached, Duration limit) {
    return new UnreachableException(
        "No "
            + protocol
            + " session of "
            + who
            + " with "
            + endpoint
            + ": "
            + step
            + " within "
            + Overdue.inWords(limit)
            + ". A proxy or firewall that swallows data causes this, and so does an overloaded hub."
            + " Check the network, or allow more time.",
        reached ? Stage.OPEN : Stage.CONNECT,
        Progress.NOT_SENT,
        null);
  }

  /**
   * Nothing arrived, not even an answer to a ping.
   *
   * @param silent for how long
   * @param owed what was owed, as {@link Debts#describe} says it; may be empty
   * @param progress whether the bytes may have left
   * @return the failure
   */
  public UnreachableException silent(Duration silent, String owed, Progress progress) {
    return new UnreachableException(
        "Nothing arrived from "
            + endpoint
            + " within "
            + Overdue.inWords(silent)
            + ", not even an answer to a ping"
            + (owed.isEmpty() ? "" : ", although this was due: " + owed)
            + ". The connection is dead; the network in between may be down.",
        Stage.NETWORK,
        progress,
        null);
  }

  /**
   * This client cut it.
   *
   * @param open whether it was open
   * @param progress whether the bytes may have left
   * @return the failure
   */
  public UnreachableException aborted(boolean open, Progress progress) {
    return new UnreachableException(
        session + " was cut by this client.", open ? Stage.NETWORK : Stage.OPEN, progress, null);
  }

  /**
   * A request to a session that has ended.
   *
   * @param progress whether the bytes may have left
   * @return the failure
   */
  public UnreachableException over(Progress progress) {
    return new UnreachableException(session + " has ended.", Stage.SESSION, progress, null);
  }

  /**
   * The peer violates the protocol.
   *
   * @param sent what it sent, in words; sanitised here
   * @param open whether the session was open
   * @param progress whether the bytes may have left
   * @param cause what found it, or null
   * @return the failure
   */
  public UnreachableException breach(
      String sent, boolean open, Progress progress, @Nullable Throwable cause) {
    String what = ForeignText.clean(sent, MAX_TEXT);
    return open
        ? new UnreachableException(
            session
                + " was ended because "
                + endpoint
                + " sent "
                + what
                + ". Something in between may tamper with the data.",
            Stage.SESSION,
            progress,
            cause)
        : notOpened(
            "it sent "
                + what
                + ". It is not an IoT hub, or something in between tampers with the data.",
            cause);
  }

  /**
   * The connection ended or broke while opening.
   *
   * @param cause how
   * @return the failure; the cause itself if it is one
   */
  public HubException brokeOpening(Throwable cause) {
    if (cause instanceof HubException mapped) {
      return mapped;
    }
    if (cause instanceof EOFException) {
      return notOpened(
          "it closed the connection before the session was open. A hub does this when too many"
              + " devices connect at once, or when it cannot read the user name; a proxy does it to"
              + " what is not HTTPS. Retry, or use a WebSocket route.",
          cause);
    }
    if (refusesCertificate(cause)) {
      return certificateRefused(cause);
    }
    return notOpened("the connection broke: " + describe(cause) + ".", cause);
  }

  /**
   * The connection ended or broke under an open session.
   *
   * @param cause how
   * @param progress whether the bytes may have left
   * @return the failure; the cause itself if it is one
   */
  public HubException broke(Throwable cause, Progress progress) {
    return cause instanceof HubException mapped
        ? mapped
        : new UnreachableException(
            session + " with " + endpoint + " broke: " + describe(cause) + ".",
            lossStage(cause),
            progress,
            cause);
  }

  private static Stage lossStage(Throwable cause) {
    if (endedByPeer(cause)) {
      return Stage.CUT_BY_HUB;
    }
    return cause instanceof IOException ? Stage.NETWORK : Stage.SESSION;
  }

  /**
   * The peer refused this client's certificate in the handshake.
   *
   * @param cause the alert
   * @return the failure
   */
  public UnauthorizedException certificateRefused(Throwable cause) {
    return new UnauthorizedException(
        endpoint
            + " refused the certificate of "
            + who
            + " ("
            + describe(cause)
            + "). Check that it is the registered one, and its dates.",
        Progress.NOT_SENT,
        cause);
  }

  /**
   * Whether the peer refused this client's certificate. TLS 1.3 servers refuse it only after the
   * client has finished the handshake.
   *
   * @param cause how a connection ended
   * @return true if a certificate was shown and the alert is about one
   */
  public boolean refusesCertificate(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    return certificate
        && cause instanceof SSLException
        && (text.contains("certificate") || text.contains("unknown_ca"));
  }

  /**
   * Whether the peer ended a connection, as opposed to a network failure.
   *
   * @param cause how it ended
   * @return true for the end of the stream, a reset and a TLS alert
   */
  public static boolean endedByPeer(Throwable cause) {
    if (cause instanceof EOFException) {
      return true;
    }
    String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (cause instanceof SSLException) {
      return text.contains("fatal alert")
          || text.contains("close_notify")
          || (cause.getCause() != null && endedByPeer(cause.getCause()));
    }
    // Sockets and channels throw different types with the same texts.
    return cause instanceof IOException
        && (text.contains("reset") || text.contains("broken pipe") || text.contains("aborted"));
  }

  /**
   * A cause in a few words.
   *
   * @param cause anything
   * @return one clean line
   */
  public static String describe(Throwable cause) {
    if (cause instanceof SocketTimeoutException) {
      return "time-out";
    }
    String text = ForeignText.clean(cause.getMessage(), MAX_TEXT);
    return text.isEmpty() ? cause.getClass().getSimpleName() : text;
  }
}
