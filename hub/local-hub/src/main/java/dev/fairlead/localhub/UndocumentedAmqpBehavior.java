package dev.fairlead.localhub;

/**
 * Points of AMQP on which the hub's documentation is silent or contradicts itself. A client must
 * work with either behaviour; test it with both.
 *
 * @param modified what the outcome <em>modified</em> does to a C2D message. Default {@link
 *     ModifiedOutcome#ABANDON}
 * @param secondLink what happens when an identity attaches a link that it already has, on this or
 *     another connection. Default {@link SecondLink#STEALS}
 * @param reportStatus the status of an accepted twin report: 200, as seen from the cloud, or 204,
 *     as sent by IoT Edge's hub. Default 200
 * @param certificatesOverWebSockets whether a client certificate is accepted on AMQP over
 *     WebSockets. Microsoft's Java client has offered it since 2023, but about half of such
 *     connections were cut. Default false
 */
public record UndocumentedAmqpBehavior(
    ModifiedOutcome modified,
    SecondLink secondLink,
    int reportStatus,
    boolean certificatesOverWebSockets) {

  /** The effect of <em>modified</em>. */
  public enum ModifiedOutcome {
    /** The message is abandoned, whatever the flags are. */
    ABANDON,
    /** {@code undeliverable-here} dead-letters the message; else it is abandoned. */
    BY_FLAGS
  }

  /** The effect of a second link. */
  public enum SecondLink {
    /** The older one is detached with {@code amqp:link:stolen}. */
    STEALS,
    /** The new one is detached with {@code com.microsoft:link-creation-conflict} (409002). */
    IS_REFUSED
  }

  /** Checks the status. */
  public UndocumentedAmqpBehavior {
    if (reportStatus != 200 && reportStatus != 204) {
      throw new IllegalArgumentException(
          "reportStatus must be 200 or 204, not " + reportStatus + ".");
    }
  }

  /** The defaults named above. */
  public static UndocumentedAmqpBehavior defaults() {
    return builder().build();
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder with these values. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Builds {@link UndocumentedAmqpBehavior}. Not safe for several threads. */
  public static final class Builder {
    private ModifiedOutcome modified = ModifiedOutcome.ABANDON;
    private SecondLink secondLink = SecondLink.STEALS;
    private int reportStatus = 200;
    private boolean certificatesOverWebSockets;

    private Builder() {}

    private Builder(UndocumentedAmqpBehavior from) {
      modified = from.modified;
      secondLink = from.secondLink;
      reportStatus = from.reportStatus;
      certificatesOverWebSockets = from.certificatesOverWebSockets;
    }

    /** Sets {@link UndocumentedAmqpBehavior#modified}. */
    public Builder modified(ModifiedOutcome value) {
      modified = value;
      return this;
    }

    /** Sets {@link UndocumentedAmqpBehavior#secondLink}. */
    public Builder secondLink(SecondLink value) {
      secondLink = value;
      return this;
    }

    /** Sets {@link UndocumentedAmqpBehavior#reportStatus}. */
    public Builder reportStatus(int value) {
      reportStatus = value;
      return this;
    }

    /** Sets {@link UndocumentedAmqpBehavior#certificatesOverWebSockets}. */
    public Builder certificatesOverWebSockets(boolean value) {
      certificatesOverWebSockets = value;
      return this;
    }

    /** The values. */
    public UndocumentedAmqpBehavior build() {
      return new UndocumentedAmqpBehavior(
          modified, secondLink, reportStatus, certificatesOverWebSockets);
    }
  }
}
