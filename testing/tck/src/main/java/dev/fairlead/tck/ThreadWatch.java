package dev.fairlead.tck;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;

/** Finds the threads that a test has left behind. */
final class ThreadWatch {
  private Set<Thread> before = Set.of();

  void begin() {
    before = Thread.getAllStackTraces().keySet();
  }

  /** Waits until no thread is left but those from before, those given, and the test's own. */
  void assertNoneLeft(Predicate<Thread> allowed) {
    Await.until(
        "every thread is gone; left: " + strangers(allowed), () -> strangers(allowed).isEmpty());
  }

  /** The names of the threads that have come since. */
  Set<String> strangers(Predicate<Thread> allowed) {
    Set<String> names = new LinkedHashSet<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (!before.contains(thread) && !allowed.test(thread) && !isNotOfAClient(thread)) {
        names.add(thread.getName());
      }
    }
    return names;
  }

  private static boolean isNotOfAClient(Thread thread) {
    String name = thread.getName();
    return name.startsWith("tck-") // the test's own
        || name.startsWith("awaitility")
        || name.startsWith("ForkJoinPool")
        || name.startsWith("CompletableFutureDelayScheduler")
        || name.startsWith("junit-")
        || name.startsWith("surefire")
        || name.contains("Cleaner")
        || name.contains("Attach")
        || name.startsWith("Keep-Alive")
        // Shared by the whole process, and gone a minute after the last of its users.
        || name.startsWith("OkHttp ")
        || name.startsWith("Okio Watchdog");
  }
}
