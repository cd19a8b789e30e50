package dev.fairlead.amqp;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import dev.fairlead.transport.SessionFailures;
import java.time.Duration;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.jspecify.annotations.Nullable;

/** The failures of an AMQP session or a shared connection. Safe for any thread. */
final class AmqpFailures {
  private final String who;
  private final Endpoint endpoint;
  private final SessionFailures common;

  AmqpFailures(String who, Endpoint endpoint, @Nullable Credential credential) {
    this.who = who;
    this.endpoint = endpoint;
    common =
        new SessionFailures("AMQP", who, endpoint, credential instanceof Credential.Certificate);
  }

  private String notOpen() {
    return "No AMQP session of " + who + " with " + endpoint + ": ";
  }

  /**
   * Why opening failed.
   *
   * @param what was refused, as in "the hub refused …"
   */
  HubException refused(String what, AmqpError said) {
    return said.error()
        .failure(
            notOpen() + "the hub refused " + what + " " + said,
            Stage.OPEN,
            Progress.NOT_SENT,
            null);
  }

  /**
   * The hub ended the connection because of a missing token that it had not read yet. It has not
   * refused the token.
   */
  HubException endedBeforeToken(AmqpError said) {
    return common.notOpened(
        "the hub ended the connection before it answered the token "
            + said
            + ". The next attempt asks for the links after the token is answered.",
        null);
  }

  /**
   * Why an open session or connection has ended.
   *
   * @param what has ended, as in "the hub ended …"
   */
  HubException ended(String what, AmqpError said, Progress progress) {
    return said.error()
        .failure(
            "The AMQP session of "
                + who
                + " has ended: "
                + endpoint
                + " ended "
                + what
                + " "
                + said,
            Stage.SESSION,
            progress,
            null);
  }

  /** The outcome of a message that the hub did not accept. */
  HubException message(AmqpError said) {
    return said.error()
        .failure("The hub refused the message " + said, Stage.SESSION, Progress.MAYBE_SENT, null);
  }

  /** A message that the hub settled without accepting it or giving a reason. */
  HubException notTaken(@Nullable DeliveryState state) {
    return new UnreachableException(
        "The hub did not take the message and gave no reason ("
            + (state == null ? "settled without an outcome" : state.getType())
            + "). This is usually temporary; it is sent again.",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        null);
  }

  /** The outcome of a settlement. */
  HubException settlement(AmqpError said) {
    return said.error()
        .failure(
            "The hub did not take the settlement of the message " + said,
            Stage.SESSION,
            Progress.MAYBE_SENT,
            null);
  }

  /** The hub never confirmed a settlement. */
  HubException settlementUnconfirmed(Duration limit) {
    return new UnreachableException(
        "The hub did not confirm the settlement within "
            + limit.toSeconds()
            + " s. If it did not take it, it delivers the message again, so the handler must accept"
            + " repeated messages.",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        null);
  }

  /** The hub settled a message before the application did. */
  HubException takenBack() {
    return new RejectedException(
        "The hub has taken the message back. It delivers it again.", Progress.NOT_SENT);
  }

  /** A message arrived settled, and the application wants to abandon or reject it. */
  HubException cameSettled() {
    return new RejectedException(
        "The hub sent this message as completed already, so it cannot be abandoned or rejected.",
        Progress.NOT_SENT);
  }

  /** A request on links that were lost and are attached again. */
  HubException linkLost(Progress progress) {
    return new UnreachableException(
        "The hub has detached the link that "
            + who
            + " used for this. The session continues with a new link; retry.",
        Stage.SESSION,
        progress,
        null);
  }

  /**
   * Something was not sent because of the hub.
   *
   * @param what was not sent, such as "twin operation"
   * @param why what the hub did, as a sentence
   */
  HubException notSent(String what, String why) {
    return new UnreachableException(
        "The " + what + " of " + who + " was not sent. " + why + " Retry later.",
        Stage.SESSION,
        Progress.NOT_SENT,
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

  /** No answer arrived in time. */
  HubException silent(Duration silent, String owed, Progress progress) {
    return common.silent(silent, owed, progress);
  }

  /** This client ended it. */
  HubException aborted(boolean open, Progress progress) {
    return common.aborted(open, progress);
  }

  /** A request to a session that has ended. */
  HubException over(Progress progress) {
    return common.over(progress);
  }

  /** Why the connection, or a violation of the protocol, ended a session that was not open yet. */
  HubException notOpened(Throwable cause) {
    return cause instanceof ProtocolViolation breach
        ? common.breach(breach.what(), false, Progress.NOT_SENT, breach)
        : common.brokeOpening(cause);
  }

  /** Why the connection, or a violation of the protocol, ended an open session. */
  HubException lost(Throwable cause, Progress progress) {
    return cause instanceof ProtocolViolation breach
        ? common.breach(breach.what(), true, progress, breach)
        : common.broke(cause, progress);
  }
}
