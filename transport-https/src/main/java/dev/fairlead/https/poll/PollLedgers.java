package dev.fairlead.https.poll;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.spi.Loop;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * The ledgers in use, one for each device and directory, however many clients there are; and the
 * only thread that uses their files, which ends when there is nothing to do.
 */
public final class PollLedgers {
  private static final ThreadPoolExecutor FILES =
      new ThreadPoolExecutor(
          1,
          1,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "fairlead-poll-ledger");
            thread.setDaemon(true);
            return thread;
          });

  static {
    FILES.allowCoreThreadTimeOut(true);
  }

  private static final Map<Path, Shared> SHARED = new HashMap<>();

  private PollLedgers() {}

  private static final class Shared {
    final PollLedger ledger;
    int limiters;

    Shared(PollLedger ledger) {
      this.ledger = ledger;
    }
  }

  /**
   * Makes a limiter. Returns immediately.
   *
   * @param directory where the note on the last poll is kept
   * @param hubHost the hub's name; devices of two hubs do not share a schedule
   * @param identity who polls
   * @param pace the times
   * @param loop the session's loop
   * @return a limiter for one session
   */
  public static PollLimiter limiter(
      Path directory, String hubHost, DeviceIdentity identity, PollIntervals pace, Loop loop) {
    Path where = directory.toAbsolutePath().normalize();
    String owner = owner(hubHost, identity);
    Path key = where.resolve(owner + ".poll");
    PollClock clock = PollClock.system();
    PollLedger ledger = take(key, new DiskLedgerFile(where, owner), clock);
    return new LedgerPollLimiter(
        loop,
        pace,
        ledger,
        FILES,
        clock,
        RandomGenerator.getDefault(),
        identity + " (noted in " + key + ")",
        () ->
            FILES.execute(
                () -> {
                  if (wasLast(key)) {
                    ledger.close();
                  }
                }));
  }

  private static PollLedger take(Path key, LedgerFile file, PollClock clock) {
    synchronized (SHARED) {
      Shared shared =
          SHARED.computeIfAbsent(
              key, first -> new Shared(new PollLedger(file, clock, RandomGenerator.getDefault())));
      shared.limiters++;
      return shared.ledger;
    }
  }

  private static boolean wasLast(Path key) {
    synchronized (SHARED) {
      Shared shared = SHARED.get(key);
      if (shared == null || --shared.limiters > 0) {
        return false;
      }
      SHARED.remove(key);
      return true;
    }
  }

  /** Safe in a file name for any ids, and the same for all processes. */
  static String owner(String hubHost, DeviceIdentity identity) {
    String name =
        hubHost.toLowerCase(Locale.ROOT)
            + "\n"
            + identity.deviceId()
            + "\n"
            + identity.moduleId().orElse("");
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 20);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }
}
