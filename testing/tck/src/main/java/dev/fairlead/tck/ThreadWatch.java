package dev.fairlead.tck;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;

/** Finds threads that a test has leaked. */
final class ThreadWatch {
  private Set<Thread> before = Set.of();

  void begin() {
    before = Thread.getAllStackTraces().keySet();
  }

  /** Waits until no threads are left except earlier ones, the given ones, and the test's own. */
  void assertNoneLeft(Predicate<Thread> allowed) {
    Await.until(
        "every thread has ended; left: " + strangers(allowed), () -> strangers(allowed).isEmpty());
  }

  /** The names of the threads that were started since. */
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
        // Shared by the whole process, and ended a minute after its last use.
        || name.startsWith("OkHttp ")
        || name.startsWith("Okio Watchdog");
  }
}
