package dev.fairlead.https;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.https.poll.PollIntervals;
import dev.fairlead.https.poll.PollLedgers;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.spi.Loop;
import dev.fairlead.transport.Overdue;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How often a device asks the hub for cloud-to-device messages over HTTPS, which has no push. The
 * hub's rule is at most once in 25 minutes for each device; more often is throttled, and acceptable
 * during development only. Source: IoT Hub developer guide, "Choose a device communication
 * protocol" and "Understand cloud-to-device messaging".
 *
 * <h2>What holds</h2>
 *
 * <p>No two polls of one device begin less than the interval apart: across sessions, clients,
 * processes and class loaders that share the state directory, across crashes at any point,
 * restarts, reboots, sleep of the machine, and any setting of the wall clock within one boot. A
 * poll is noted on disk before it begins and counts whether it took place or not. One poll is the
 * whole drain of the hub's queue.
 *
 * <p><b>What cannot be decided.</b> Across a reboot only the wall clock remains. If between a poll
 * and the first start after a reboot it is set <i>forward</i>, that looks like time that passed,
 * and a poll may come early by as much. A clock that is set back only makes a poll late, by one
 * interval at most. A stored note cannot detect that it was itself restored to an earlier version,
 * as by restoring a backup or a snapshot.
 *
 * <h2>When</h2>
 *
 * <p>With the default of 25 minutes: a device whose last poll was long ago polls within 5 minutes
 * after its session opened, at a random moment (a fifth of the interval; {@link #firstPollWithin}
 * sets it). Each later poll begins 25½ to 26½ minutes after the one before: half a minute is the
 * time in which a noted poll may begin, and up to a twenty-fifth of the interval is random. A
 * device that never polled, or whose state was deleted, waits a full interval first, because its
 * last poll is unknown. One timer is set for each session, none between. It stops while the machine
 * sleeps, so a poll is late by the time slept.
 *
 * <h2>State</h2>
 *
 * <p>Each device has a small file in the state directory, and one to lock, named by a hash of hub
 * and identity. By default the directory is {@code $XDG_STATE_HOME/fairlead/polls}, else {@code
 * ~/.local/state/fairlead/polls}; on Windows {@code %LOCALAPPDATA%\fairlead\polls}; on macOS {@code
 * ~/Library/Application Support/fairlead/polls}; for a user without a home, below the directory for
 * temporary files. It is created when needed, for this user only. All processes of a device must
 * use the same local directory, on one machine; a service whose user has no home sets one with
 * {@link #stateDirectory}.
 *
 * <ul>
 *   <li>State deleted, damaged or foreign: a full interval from then; noted again.
 *   <li>Locked by another process: it counts as polling now; checked again after a full interval.
 *   <li>Disk full, directory read-only or impossible to create: a full interval from the first
 *       failure, then polls without a note, an interval apart; for that the lock is held if there
 *       can be one, so that other processes wait, and an old note is removed, so that a restart
 *       waits a full interval again. If an old note can be neither replaced nor removed there is no
 *       poll. Where not even a lock file can be opened, the processes of a device cannot detect
 *       each other: that is the second case that cannot be decided. Each of these is a warning in
 *       the log.
 *   <li>Systems without {@code /proc/uptime} (all but Linux, and containers that replace it): no
 *       clock outlives the process, so the first poll comes a full interval after each start. A
 *       process that is restarted more often does not poll.
 * </ul>
 *
 * <p>Immutable.
 */
public final class PollSchedule {
  /** The hub's rule: 25 minutes. */
  public static final Duration MINIMUM = Duration.ofMinutes(25);

  private static final Duration MAXIMUM = Duration.ofDays(365);
  private static final Duration WINDOW = Duration.ofSeconds(30);
  private static final Logger log = LoggerFactory.getLogger(PollSchedule.class);

  private final Duration interval;
  private final boolean development;
  private final Duration firstPollWithin;
  private final @Nullable Path stateDirectory;

  private PollSchedule(
      Duration interval,
      boolean development,
      Duration firstPollWithin,
      @Nullable Path stateDirectory) {
    this.interval = interval;
    this.development = development;
    this.firstPollWithin = firstPollWithin;
    this.stateDirectory = stateDirectory;
  }

  private static PollSchedule ofField(Duration interval) {
    return new PollSchedule(interval, false, interval.dividedBy(5), null);
  }

  /**
   * Every 25 minutes.
   *
   * @return the schedule that suits almost every device
   */
  public static PollSchedule standard() {
    return ofField(MINIMUM);
  }

  /**
   * Less often.
   *
   * @param interval 25 minutes to 365 days. A message waits at the hub for an hour by default and
   *     for two days at most
   * @return the schedule
   * @throws IllegalArgumentException if the interval is out of range
   */
  public static PollSchedule every(Duration interval) {
    if (interval.compareTo(MINIMUM) < 0) {
      throw new IllegalArgumentException(
          "A device may poll for cloud-to-device messages once in 25 minutes, not every "
              + interval
              + ": the hub throttles more. During development PollSchedule.development allows it.");
    }
    return ofField(atMostAYear(interval));
  }

  /**
   * More often than the hub's rule allows, or just as often; for development alone. Every session
   * logs a warning, and the plan's explanation and the connection state show it. Nothing is random
   * then, and the first poll of a device that never polled comes after one interval.
   *
   * @param interval 1 ms to 365 days
   * @return the schedule
   * @throws IllegalArgumentException if the interval is out of range
   */
  public static PollSchedule development(Duration interval) {
    if (interval.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException(
          "The time between two polls is at least 1 ms, not " + interval + ".");
    }
    return new PollSchedule(atMostAYear(interval), true, Duration.ZERO, null);
  }

  private static Duration atMostAYear(Duration interval) {
    if (interval.compareTo(MAXIMUM) > 0) {
      throw new IllegalArgumentException(
          "The time between two polls is at most 365 days, not " + interval + ".");
    }
    return interval;
  }

  /**
   * Sets where the note on each device's last poll is kept.
   *
   * @param directory a local directory that outlives the process and that all processes of the
   *     device use; created when needed
   * @return a schedule that keeps its state there
   */
  public PollSchedule stateDirectory(Path directory) {
    return new PollSchedule(
        interval, development, firstPollWithin, Objects.requireNonNull(directory, "directory"));
  }

  /**
   * Sets how soon a session polls first, if the device's last poll is an interval ago: at a random
   * moment within this time. A fifth of the interval by default, none during development. Zero is
   * for a device that is awake only briefly; its application must then ensure that a fleet does not
   * wake all at once.
   *
   * @param time not negative, at most the interval
   * @return a schedule with that
   * @throws IllegalArgumentException if the time is out of range
   */
  public PollSchedule firstPollWithin(Duration time) {
    if (time.isNegative() || time.compareTo(interval) > 0) {
      throw new IllegalArgumentException(
          "The time for the first poll is not negative and at most the interval of "
              + interval
              + ", not "
              + time
              + ".");
    }
    return new PollSchedule(interval, development, time, stateDirectory);
  }

  /**
   * The least time between two polls.
   *
   * @return the interval
   */
  public Duration interval() {
    return interval;
  }

  /**
   * A remark for an operator on this schedule, for the offer of a route.
   *
   * @return a warning if this is a development schedule, else empty
   */
  public Optional<String> note() {
    return development
        ? Optional.of(
            "DEVELOPMENT ONLY: polls for cloud-to-device messages every "
                + Overdue.inWords(interval)
                + "; the hub allows one in 25 minutes and throttles more")
        : Optional.empty();
  }

  /**
   * Makes the limiter of one session.
   *
   * @param hubHost the hub's own name
   * @param identity who polls
   * @param loop the session's loop
   * @return a limiter, to be closed with the session
   */
  PollLimiter limiter(String hubHost, DeviceIdentity identity, Loop loop) {
    note().ifPresent(loud -> log.warn("{}: {}", identity, loud));
    Path directory = stateDirectory == null ? perUser() : stateDirectory;
    return PollLedgers.limiter(directory, hubHost, identity, pace(), loop);
  }

  PollIntervals pace() {
    return development
        ? new PollIntervals(interval, WINDOW, firstPollWithin, Duration.ZERO)
        : new PollIntervals(interval.plus(WINDOW), WINDOW, firstPollWithin, interval.dividedBy(25));
  }

  private static Path perUser() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String local = System.getenv(system.startsWith("windows") ? "LOCALAPPDATA" : "XDG_STATE_HOME");
    Path home = Path.of(System.getProperty("user.home", ""));
    Path base;
    if (local != null && Path.of(local).isAbsolute()) {
      base = Path.of(local);
    } else if (!home.isAbsolute()) {
      // The home of a user that is unknown to the system is "?".
      base = Path.of(System.getProperty("java.io.tmpdir"));
    } else if (system.startsWith("mac")) {
      base = home.resolve(Path.of("Library", "Application Support"));
    } else {
      base = home.resolve(Path.of(".local", "state"));
    }
    return base.resolve(Path.of("fairlead", "polls"));
  }
}
