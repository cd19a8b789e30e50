package dev.fairlead.crash;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/**
 * Lets every operation of a short life of a store fail, one after the other, in every way. The
 * program prints what it tried, and a line with "PROBLEM" for each promise that was broken.
 */
final class DiskErrors {
  private static final String DEVICE = "pump";

  /** Operations of which a life has hundreds. */
  private static final Set<String> MANY = Set.of("write", "read", "change");

  /** Each of the first ones is tried: they create the file. */
  private static final int FIRST = 6;

  private final Path folder;
  private final DiskControl control;
  private final DiskError error;
  private final TreeSet<Long> stored = new TreeSet<>();

  /** Numbers whose removal failed or may fail: they are not needed, and may be gone or not. */
  private final Set<Long> unneeded = new TreeSet<>();

  /** Added by calls that failed, and no call succeeded since. */
  private final Set<Long> doubtful = new TreeSet<>();

  /** Those of them that an open found in the log: nothing came that could take them back. */
  private final Set<Long> returned = new TreeSet<>();

  private final List<String> problems = new ArrayList<>();
  private long number;
  private boolean broken;
  private int failures;

  private DiskErrors(Path folder, DiskControl control, DiskError error) {
    this.folder = folder;
    this.control = control;
    this.error = error;
  }

  /** Arguments: the folder, and the stride between frequent operations that fail. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int stride = Integer.parseInt(arguments[1]);
    try (DiskControl control = new DiskControl()) {
      Set<String> shown = new HashSet<>();
      for (DiskError error : DiskError.all()) {
        int tried = 0;
        int failures = 0;
        boolean reached = true;
        boolean many = MANY.contains(error.operation());
        for (int nth = 1; reached; nth += many && nth >= FIRST ? stride : 1) {
          DiskErrors run = new DiskErrors(folder, control, error);
          reached = run.run(nth);
          tried += reached ? 1 : 0;
          failures += run.failures;
          for (String problem : run.problems) {
            String text = problem.replace(folder.toString(), "FOLDER");
            if (shown.add(error + text)) {
              System.out.println("PROBLEM " + error + ", number " + nth + ": " + text);
            }
          }
        }
        System.out.printf("%-28s %5d tried, %5d failed calls%n", error, tried, failures);
      }
    }
  }

  /** Whether the store ever came to that operation. */
  private boolean run(int nth) throws IOException {
    clear();
    control.arm(error.operation(), nth, error.lasting(), error.error().number);
    broken = true;
    boolean reached;
    try {
      life();
      life();
    } catch (Exception | AssertionError e) {
      problem("the store cannot be used", e);
    } finally {
      reached = control.failed() > 0;
      heal();
    }
    if (!error.lasting() && failures > 1) {
      problems.add(failures + " calls failed because of one error");
    }
    if (error.error() == DiskError.Errno.SHORT && failures > 0) {
      problems.add(failures + " calls failed because of short writes");
    }
    healthy();
    return reached;
  }

  private void heal() {
    control.disarm();
    broken = false;
  }

  /** Opens, stores, removes, reads, closes. A lasting error ends in the middle of it. */
  private void life() throws Exception {
    OutboxStore store = opened();
    try {
      try (StoredQueue queue = queue(store)) {
        write(queue, 3, 300, 0);
        write(queue, 1, 9_000, 1);
        write(queue, 2, 100, 0);
        read(queue);
        if (error.lasting() && control.failed() > 0) {
          heal();
          // The file may have messages whose calls failed.
          read(queue);
        }
        write(queue, 1, 60_000, 3);
        write(queue, 4, 700, 0);
        removeAlone(queue);
        read(queue);
      }
    } finally {
      close(store);
    }
  }

  private OutboxStore opened() {
    returned.addAll(doubtful);
    doubtful.clear();
    for (int i = 0; i < 2; i++) {
      try {
        return Stores.open(folder);
      } catch (OutboxStoreException e) {
        failed("open", e);
      }
    }
    heal();
    return Stores.open(folder);
  }

  private StoredQueue queue(OutboxStore store) {
    for (int i = 0; i < 2; i++) {
      try {
        return store.open(Messages.identity(DEVICE), Messages.HUB);
      } catch (OutboxStoreException e) {
        failed("open of a queue", e);
      }
    }
    heal();
    return store.open(Messages.identity(DEVICE), Messages.HUB);
  }

  private void close(OutboxStore store) {
    try {
      store.close();
    } catch (OutboxStoreException e) {
      failed("close", e);
    }
  }

  /** A call that failed changed nothing and is made once more, as a client would. */
  private void write(StoredQueue queue, int count, int size, int remove) throws Exception {
    List<Long> removed = stored.stream().limit(remove).toList();
    for (int attempt = 0; attempt < 2; attempt++) {
      List<StoredQueue.Added> added = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        added.add(Messages.message(DEVICE, ++number, size));
      }
      Set<Long> numbers =
          added.stream().map(StoredQueue.Added::sequence).collect(Collectors.toSet());
      try {
        Stores.get(queue.write(added, removed));
        stored.addAll(numbers);
        doubtful.clear();
        removed.forEach(stored::remove);
        return;
      } catch (ExecutionException e) {
        doubtful.addAll(numbers);
        stored.removeAll(removed);
        unneeded.addAll(removed);
        failed("write", e.getCause());
        read(queue);
      }
    }
  }

  /** Its commit comes later and may fail: the read that follows is inside a transaction. */
  private void removeAlone(StoredQueue queue) throws Exception {
    Long oldest = stored.first();
    stored.remove(oldest);
    unneeded.add(oldest);
    try {
      Stores.get(queue.write(List.of(), List.of(oldest)));
    } catch (ExecutionException e) {
      failed("removal", e.getCause());
    }
  }

  private void read(StoredQueue queue) throws Exception {
    try {
      compare(Stores.readAll(queue), "while the store is open");
    } catch (ExecutionException e) {
      failed("read", e.getCause());
    }
  }

  private void compare(List<StoredQueue.Stored> messages, String when) {
    Set<Long> extra = new TreeSet<>();
    messages.forEach(one -> extra.add(one.sequence()));
    Set<Long> lost = new TreeSet<>(stored);
    lost.removeAll(extra);
    extra.removeAll(stored);
    extra.removeAll(returned);
    extra.removeAll(unneeded);
    if (!lost.isEmpty() || !extra.isEmpty()) {
      problems.add(when + ": lost " + lost + ", there although their calls failed: " + extra);
    }
  }

  private void failed(String call, Throwable failure) {
    failures++;
    String text = Objects.requireNonNullElse(failure.getMessage(), "");
    boolean clear =
        failure instanceof OutboxStoreException && text.length() > 40 && text.endsWith(".");
    // SQLite tells a full disk apart only where it writes.
    boolean full = error.error() == DiskError.Errno.ENOSPC && error.operation().equals("write");
    if (!clear || (full && !text.contains("full"))) {
      problem(call + " failed with an unclear error", failure);
    } else if (!broken) {
      problem(call + " failed on a healthy disk", failure);
    }
  }

  private void problem(String what, Throwable failure) {
    StringBuilder text = new StringBuilder(what);
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      text.append(": ").append(cause);
      StackTraceElement[] stack = cause.getStackTrace();
      if (stack.length > 0) {
        text.append(" at ").append(stack[0]);
      }
    }
    problems.add(text.toString());
  }

  /** Opened again on a healthy disk, everything that was stored is there and nothing else. */
  private void healthy() throws IOException {
    returned.addAll(doubtful);
    try (OutboxStore store = Stores.open(folder);
        StoredQueue queue = store.open(Messages.identity(DEVICE), Messages.HUB)) {
      compare(Stores.readAll(queue), "opened again");
      number = Math.max(number, queue.status().lastSequence());
      Stores.get(queue.write(List.of(Messages.message(DEVICE, ++number, 10)), List.of()));
    } catch (Exception | AssertionError e) {
      problem("it cannot be opened again", e);
    }
    for (Path file : files()) {
      // EIO at a read is a bad sector: the rest of the file is copied.
      if (!badSector() && file.toString().contains("damaged")) {
        problems.add("the file was set aside: " + file);
      }
    }
  }

  private boolean badSector() {
    return error.operation().equals("read") && error.error() == DiskError.Errno.EIO;
  }

  private List<Path> files() throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }

  private void clear() throws IOException {
    for (Path file : files()) {
      Files.delete(file);
    }
  }
}
