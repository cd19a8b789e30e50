package dev.fairlead;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The hub was not reached on this route, or the session was lost: no credential, name resolution,
 * TCP, a proxy, TLS, a WebSocket upgrade, a time-out, a cut connection. While opening, the next
 * route is tried; when an open session is lost, the same route after a wait.
 */
public final class UnreachableException extends HubException {
  private static final long serialVersionUID = 1;

  /** The step at which connecting failed. */
  public enum Stage {
    /** Obtaining a credential to show: nothing was sent, and the hub refused nothing. */
    CREDENTIAL,
    /** Looking up the host name. */
    RESOLVE,
    /** Connecting to an address. */
    CONNECT,
    /** Asking a proxy for a tunnel. */
    PROXY,
    /** The TLS handshake, host-name verification included. */
    TLS,
    /** The WebSocket upgrade. */
    UPGRADE,
    /** The protocol's own opening, after TLS and before the session is usable. */
    OPEN,
    /** A session that was open: the hub ended it, or did not answer in time. */
    SESSION,
    /**
     * A session that was open: the hub cut the connection without a reason, as it does on MQTT for
     * everything that it refuses.
     */
    CUT_BY_HUB,
    /**
     * A session that was open: the network failed. The connection broke on this side, or nothing
     * more arrived, not even an answer to a ping.
     */
    NETWORK
  }

  private final Stage stage;
  private final @Nullable String clockEvidence;

  /**
   * Creates the failure.
   *
   * @param message what happened, why, and what to do next
   * @param stage how far it came
   * @param progress whether the bytes may have left
   * @param cause what led to it, or null
   */
  public UnreachableException(
      String message, Stage stage, Progress progress, @Nullable Throwable cause) {
    this(message, stage, progress, cause, null);
  }

  private UnreachableException(
      String message,
      Stage stage,
      Progress progress,
      @Nullable Throwable cause,
      @Nullable String clockEvidence) {
    super(message, progress, cause);
    this.stage = stage;
    this.clockEvidence = clockEvidence;
  }

  /**
   * The same failure, with a reason to think that this machine's clock is wrong.
   *
   * @param evidence one sentence, such as "the server's certificate is valid from … but this clock
   *     says …"
   * @return a new failure
   */
  public UnreachableException withClockEvidence(String evidence) {
    return new UnreachableException(
        String.valueOf(getMessage()), stage, progress(), getCause(), evidence);
  }

  /**
   * The step at which connecting failed.
   *
   * @return the stage
   */
  public Stage stage() {
    return stage;
  }

  /**
   * Why this machine's clock may be wrong.
   *
   * @return one sentence, empty if there is no sign of that
   */
  public Optional<String> clockEvidence() {
    return Optional.ofNullable(clockEvidence);
  }
}
