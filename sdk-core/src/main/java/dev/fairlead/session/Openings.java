package dev.fairlead.session;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Opening;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How core opens something through a transport: guarded, and within a limit that only core
 * enforces.
 */
public final class Openings {
  private static final String TOO_SLOW =
      "This machine was too slow; the network is not to blame. The first connection loads much code,"
          + " which takes long on a small board. Allow more time with openTimeout, or give the"
          + " machine less to do.";

  private Openings() {}

  /**
   * Begins to open something.
   *
   * @param open calls the transport
   * @param begun receives the handle before its outcome is asked for
   * @return the outcome; a failed one if the transport threw or returned null
   */
  public static <T> CompletionStage<T> begin(
      Callable<Opening<T>> open, Consumer<Opening<T>> begun) {
    return ForeignCalls.stage(
        "The opening",
        () -> {
          Opening<T> opening = open.call();
          begun.accept(opening);
          @Nullable CompletionStage<T> outcome = null;
          try {
            outcome = opening.outcome();
            return outcome;
          } finally {
            if (outcome == null) {
              abort(opening); // Its outcome would never be known.
            }
          }
        });
  }

  /** Stops an opening. */
  public static void abort(@Nullable Opening<?> opening) {
    if (opening != null) {
      ForeignCalls.guarded("opening.abort()", opening::abort);
    }
  }

  /** What an opening currently waits for, in words. */
  public static String step(@Nullable Opening<?> opening) {
    String[] step = {""};
    if (opening != null) {
      ForeignCalls.guarded("opening.step()", () -> step[0] = String.valueOf(opening.step()));
    }
    return step[0].isBlank() || step[0].equals("null") ? "the transport" : step[0];
  }

  /**
   * The failure of an opening at its limit.
   *
   * @param what was being opened, as the subject of a sentence
   * @param endpoint where to
   * @param limit the time allowed
   * @param opening is asked for its step, so not aborted yet; null if it could not begin
   * @return the failure, in {@link Stage#OPEN}
   */
  public static UnreachableException overdue(
      String what, Endpoint endpoint, Duration limit, @Nullable Opening<?> opening) {
    String step = step(opening);
    String advice =
        step.contains(Opening.OWN_WORK)
            ? " " + TOO_SLOW
            : " Something in between drops packets, or the hub is overloaded. Check the network, or"
                + " allow more time with openTimeout; another route may work.";
    return new UnreachableException(
        sentence(what, endpoint, limit, step) + advice, Stage.OPEN, Progress.NOT_SENT, null);
  }

  /**
   * The failure of an opening that waited for its credential until its limit.
   *
   * @param local whether this machine makes the credential itself, from a key in memory
   */
  static UnreachableException withoutCredential(
      String what, Endpoint endpoint, Duration limit, boolean local) {
    return new UnreachableException(
        local
            ? sentence(what, endpoint, limit, Opening.OWN_WORK + "sign a token") + " " + TOO_SLOW
            : sentence(what, endpoint, limit, "a credential")
                + " The token source or signer given to the client did not answer, and nothing was"
                + " sent to the hub. Check the source; the client asks it again.",
        Stage.CREDENTIAL,
        Progress.NOT_SENT,
        null);
  }

  private static String sentence(String what, Endpoint endpoint, Duration limit, String step) {
    return what
        + " to "
        + endpoint
        + " was not open within "
        + Overdue.inWords(limit)
        + "; it waited for "
        + step
        + ".";
  }
}
