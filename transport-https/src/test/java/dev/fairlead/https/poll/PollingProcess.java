package dev.fairlead.https.poll;

import java.nio.file.Path;
import java.util.random.RandomGenerator;

/**
 * A process that polls as often as its ledger lets it, and says when: for each poll a line with the
 * time since boot at which it was noted. Arguments: directory, spacing in milliseconds, how many
 * times to ask (0 for ever), and what to do then ({@code halt}: as a crash right after the note).
 */
public final class PollingProcess {
  private PollingProcess() {}

  /** Runs. */
  public static void main(String[] args) {
    boolean halt = args[3].equals("halt");
    poll(
        Path.of(args[0]),
        Long.parseLong(args[1]),
        Long.parseLong(args[2]),
        noted -> {
          System.out.println(noted);
          System.out.flush();
          if (halt) {
            Runtime.getRuntime().halt(3);
          }
        });
  }

  /** Polls; also called by way of a class loader of its own, so with types of the platform only. */
  public static void poll(
      Path directory, long spacing, long times, java.util.function.LongConsumer onPoll) {
    PollLedger ledger =
        new PollLedger(
            new DiskLedgerFile(directory, "5a5e"),
            PollClock.system(),
            RandomGenerator.getDefault());
    try {
      for (long i = 0; (times == 0 || i < times) && !Thread.currentThread().isInterrupted(); i++) {
        if (ledger.examine(spacing, true) instanceof PollDecision.Poll poll) {
          onPoll.accept(poll.noted().upMillis());
        }
      }
    } finally {
      ledger.close();
    }
  }
}
