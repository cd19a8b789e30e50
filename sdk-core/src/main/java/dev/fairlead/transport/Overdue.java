package dev.fairlead.transport;

import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.time.Duration;

/**
 * A debt whose limit was reached.
 *
 * @param what what was owed, as a noun phrase
 * @param count how many were owed
 * @param waited how long nothing of it arrived
 * @param heard whether the peer sent anything else during that time, such as answers to pings
 */
public record Overdue(String what, int count, Duration waited, boolean heard) {
  /**
   * The debt and its duration.
   *
   * @return a sentence with its full stop, such as "The hub did not send the acknowledgement of 12
   *     messages within 2 min although it answers pings."
   */
  public String sentence() {
    return "The hub did not send "
        + what
        + " within "
        + inWords(waited)
        + (heard ? " although it answers pings." : ".");
  }

  /**
   * The failure of a session that ends because of this debt.
   *
   * @param next what to do next, or what follows, as a sentence
   * @return a failure in {@link Stage#SESSION} whose bytes may have left
   */
  public UnreachableException failure(String next) {
    return new UnreachableException(
        sentence() + " " + next, Stage.SESSION, Progress.MAYBE_SENT, null);
  }

  /**
   * A duration for a message.
   *
   * @param time not negative
   * @return such as "250 ms", "20 s", "2 min"; rounded down to a unit that leaves two digits or
   *     more
   */
  public static String inWords(Duration time) {
    if (time.toMillis() < 10_000 && time.toMillis() % 1000 != 0) {
      return time.toMillis() + " ms";
    }
    long seconds = time.toSeconds();
    return seconds < 600 && (seconds < 60 || seconds % 60 != 0)
        ? seconds + " s"
        : seconds / 60 + " min";
  }
}
