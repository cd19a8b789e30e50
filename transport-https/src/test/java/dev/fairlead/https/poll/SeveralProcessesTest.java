package dev.fairlead.https.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.peers.JavaProcess;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, real files, real locks. */
class SeveralProcessesTest {
  @TempDir Path directory;
  private final List<Process> children = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final List<Long> polls = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void needsAClockSinceBoot() {
    assumeThat(PollClock.system().read().sharedByProcesses())
        .as("this system tells the time since boot")
        .isTrue();
  }

  @AfterEach
  void tearDown() throws InterruptedException {
    children.forEach(Process::destroyForcibly);
    for (Process child : children) {
      child.waitFor();
    }
    threads.forEach(Thread::interrupt);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void neverPollTooEarlyTogether() throws Exception {
    long spacing = 40;
    for (int i = 0; i < 2; i++) {
      Process child = child(spacing, 0, "go on");
      inThread(() -> readPolls(child));
    }
    for (int i = 0; i < 2; i++) {
      ClassLoader own = new ApartLoader();
      inThread(() -> pollBy(own, spacing));
    }
    await().atMost(Duration.ofMinutes(1)).until(() -> polls.size() >= 60);
    tearDown();

    List<Long> inOrder = polls.stream().sorted().toList();
    for (int i = 1; i < inOrder.size(); i++) {
      assertThat(inOrder.get(i) - inOrder.get(i - 1)).isGreaterThanOrEqualTo(spacing);
    }
  }

  /** As a device whose poll makes it crash, and whose supervisor starts it again and again. */
  @Test
  void aCrashRightAfterTheNoteDoesNotPollAgain() throws Exception {
    Duration spacing = Duration.ofHours(1);
    PollClock clock = PollClock.system();
    DiskLedgerFile file = new DiskLedgerFile(directory, "5a5e");
    LedgerFile.Lock lock = Objects.requireNonNull(file.tryLock());
    ClockReading now = clock.read();
    lock.replace(
        new LedgerEntry(
            RandomGenerator.getDefault().nextLong(),
            new ClockReading(
                now.wallMillis(), now.boot(), now.upMillis() - 2 * spacing.toMillis())));
    lock.release();

    List<Integer> exits = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Process child = child(spacing.toMillis(), 3, "halt");
      readPolls(child);
      exits.add(child.waitFor());
    }
    assertThat(exits).as("the first one polled and crashed").containsExactly(3, 0, 0, 0);
    assertThat(polls).hasSize(1);
  }

  @Test
  void aLockEndsWithItsProcess() throws Exception {
    Process child = child(1, 0, "go on");
    BufferedReader lines = child.inputReader();
    assertThat(lines.readLine()).isNotNull();
    child.destroyForcibly();
    child.waitFor();
    LedgerFile.Lock lock = new DiskLedgerFile(directory, "5a5e").tryLock();
    assertThat(lock).isNotNull();
    Objects.requireNonNull(lock).release();
  }

  private Process child(long spacing, long times, String then) throws IOException {
    Process child =
        JavaProcess.of(
                "-cp",
                System.getProperty("java.class.path"),
                PollingProcess.class.getName(),
                directory.toString(),
                Long.toString(spacing),
                Long.toString(times),
                then)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    children.add(child);
    return child;
  }

  private void readPolls(Process child) {
    child
        .inputReader()
        .lines()
        .filter(line -> line.matches("-?[0-9]+"))
        .map(Long::valueOf)
        .forEach(polls::add);
  }

  private void pollBy(ClassLoader own, long spacing) {
    try {
      Method poll =
          own.loadClass(PollingProcess.class.getName())
              .getMethod("poll", Path.class, long.class, long.class, LongConsumer.class);
      LongConsumer onPoll = polls::add;
      poll.invoke(null, directory, spacing, 0L, onPoll);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private void inThread(Runnable task) {
    Thread thread = new Thread(task, "several-processes-test");
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  /** Loads this project's classes again. */
  private static final class ApartLoader extends URLClassLoader {
    ApartLoader() throws IOException {
      super(urls(), ClassLoader.getPlatformClassLoader());
    }

    private static URL[] urls() throws IOException {
      List<URL> urls = new ArrayList<>();
      for (String entry :
          Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator))) {
        urls.add(Path.of(entry).toUri().toURL());
      }
      return urls.toArray(URL[]::new);
    }
  }
}
