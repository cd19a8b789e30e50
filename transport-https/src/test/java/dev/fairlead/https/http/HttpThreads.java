package dev.fairlead.https.http;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;

/** The threads of exchanges, by their names. */
public final class HttpThreads {
  private HttpThreads() {}

  /**
   * Waits until no thread has a name that begins so. Checks immediately and often, and at names
   * only: stack traces of all threads stop the process, for long where other tests have many.
   */
  public static void awaitNone(String prefix) {
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> names().noneMatch(name -> name.startsWith(prefix)));
  }

  private static Stream<String> names() {
    ThreadGroup top = Thread.currentThread().getThreadGroup();
    while (top.getParent() != null) {
      top = top.getParent();
    }
    Thread[] threads = new Thread[top.activeCount() + 64];
    int count = top.enumerate(threads);
    return Arrays.stream(threads, 0, count).map(Thread::getName);
  }
}
