package dev.fairlead.threads;

import dev.fairlead.ClientClosedException;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;

/** Unwraps the failures of futures. */
public final class Failures {
  private Failures() {}

  /**
   * The failure itself; one that a transport must not return becomes an {@link
   * UnreachableException}.
   */
  public static HubException of(Throwable thrown, Stage stage) {
    Throwable cause = ForeignCalls.unwrapped(thrown);
    return cause instanceof HubException failure
        ? failure
        : new UnreachableException(
            "The transport failed unexpectedly: " + cause + ". Please report this with the log.",
            stage,
            Progress.MAYBE_SENT,
            cause);
  }

  /**
   * A call after the client was closed.
   *
   * @param undone what was not done, as a sentence
   */
  public static ClientClosedException clientClosed(String undone) {
    return new ClientClosedException(
        "The client is closed. " + undone + " Build a new one with DeviceClient.builder(…).",
        Progress.NOT_SENT);
  }
}
