package dev.fairlead.https.poll;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The source of readings. Any thread; does not block. */
interface PollClock {
  /**
   * Reads the clocks.
   *
   * @return now
   */
  ClockReading read();

  /**
   * The clocks of this machine.
   *
   * <p>{@link System#nanoTime()} cannot be used: on Linux it is {@code CLOCK_MONOTONIC}, which
   * stops while the machine sleeps and cannot be compared between processes. {@code /proc/uptime}
   * is {@code CLOCK_BOOTTIME}, which counts sleep too and is the same for all processes of one
   * boot.
   *
   * @return the clock since boot where there is one, else one that only this process can use
   */
  static PollClock system() {
    return SystemClock.CLOCK;
  }

  /** Chosen once. */
  final class SystemClock {
    private static final Logger log = LoggerFactory.getLogger(PollClock.class);
    private static final Path UPTIME = Path.of("/proc/uptime");
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Path TIME_NAMESPACE = Path.of("/proc/self/ns/time");
    private static final Path MOUNTS = Path.of("/proc/self/mounts");
    static final PollClock CLOCK = choose();

    private SystemClock() {}

    private static PollClock choose() {
      try {
        String boot = bootName();
        PollClock clock = () -> new ClockReading(System.currentTimeMillis(), boot, readUptime());
        clock.read();
        return clock;
      } catch (IOException | RuntimeException e) {
        log.info(
            "This system tells no time since boot ({}); polls for cloud-to-device messages are"
                + " spaced by the clock of this process, and the first one comes an interval after"
                + " its start",
            e.toString());
        return processClock();
      }
    }

    /** A time namespace has an uptime of its own, so it counts as a boot of its own. */
    private static String bootName() throws IOException {
      try (Stream<String> mounts = Files.lines(MOUNTS, StandardCharsets.ISO_8859_1)) {
        if (mounts.anyMatch(line -> line.contains(" " + UPTIME + " "))) {
          throw new IOException(UPTIME + " is not the kernel's but mounted by a container");
        }
      }
      String id = UUID.fromString(Files.readString(BOOT_ID).strip()).toString();
      String namespace =
          Files.exists(TIME_NAMESPACE)
              ? Files.readSymbolicLink(TIME_NAMESPACE).toString().replaceAll("[^0-9]", "")
              : "";
      return ClockReading.BOOT + id + (namespace.isEmpty() ? "" : "." + namespace);
    }

    /** {@code 12263.67 15758.13}: seconds since boot, and of idleness. Memory, not a disk. */
    private static long readUptime() {
      try {
        String text = Files.readString(UPTIME);
        return Math.round(Double.parseDouble(text.substring(0, text.indexOf(' '))) * 1000);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static PollClock processClock() {
      String process = ClockReading.PROCESS + UUID.randomUUID();
      long start = System.nanoTime();
      return () ->
          new ClockReading(
              System.currentTimeMillis(), process, (System.nanoTime() - start) / 1_000_000);
    }
  }
}
