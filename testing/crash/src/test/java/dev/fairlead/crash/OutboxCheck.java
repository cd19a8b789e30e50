package dev.fairlead.crash;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueueStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Opens what a power cut left, and compares it with what was promised. */
final class OutboxCheck {
  private static final int SIZE = 700;

  private OutboxCheck() {}

  /**
   * What is wrong; empty if nothing is.
   *
   * @param again whether to open the store a second time, which finds damage done by the first
   */
  static List<String> problems(Path folder, Promises promises, boolean again) {
    List<String> problems = new ArrayList<>();
    try {
      List<TreeSet<Long>> first = open(folder, promises, problems);
      if (again && problems.isEmpty()) {
        reopen(folder, promises, first, problems);
      }
      if (promises.keepsFile()) {
        setAside(folder, problems);
      }
    } catch (Exception | AssertionError e) {
      StringWriter text = new StringWriter();
      e.printStackTrace(new PrintWriter(text));
      problems.add("The store cannot be used: " + text);
    }
    return problems;
  }

  /** Checks everything and adds a message to each queue. */
  private static List<TreeSet<Long>> open(Path folder, Promises promises, List<String> problems)
      throws Exception {
    List<TreeSet<Long>> left = new ArrayList<>();
    try (OutboxStore store = Stores.open(folder)) {
      Set<DeviceIdentity> known = new HashSet<>();
      for (String device : promises.devices()) {
        known.add(Messages.identity(device));
        try (StoredQueue queue = store.open(Messages.identity(device), Messages.HUB)) {
          TreeSet<Long> found = compare(queue, device, promises, problems);
          long next = queue.status().lastSequence() + 1;
          if (next <= promises.largestStored(device)) {
            problems.add(device + ": the number " + next + " would be given twice");
          }
          Stores.get(queue.write(List.of(Messages.message(device, next, SIZE)), List.of()));
          found.add(next);
          left.add(found);
        }
      }
      for (StoredQueueStatus queue : store.queues()) {
        if (!known.contains(queue.identity())) {
          problems.add("A queue that was never opened: " + queue);
        }
      }
    }
    return left;
  }

  private static TreeSet<Long> compare(
      StoredQueue queue, String device, Promises promises, List<String> problems) throws Exception {
    TreeSet<Long> found = new TreeSet<>();
    long bytes = 0;
    for (StoredQueue.Stored one : Stores.readAll(queue)) {
      found.add(one.sequence());
      bytes += one.message().size();
      Integer size = promises.size(device, one.sequence());
      if (size != null && !Messages.same(Messages.message(device, one.sequence(), size), one)) {
        problems.add(device + ": not what was added: " + one);
      }
    }
    StoredQueueStatus status = queue.status();
    if (status.messages() != found.size() || status.bytes() != bytes) {
      problems.add(device + ": found " + found.size() + ", " + bytes + " bytes, but " + status);
    }
    problems.addAll(promises.problems(device, found));
    return found;
  }

  private static void reopen(
      Path folder, Promises promises, List<TreeSet<Long>> first, List<String> problems)
      throws Exception {
    try (OutboxStore store = Stores.open(folder)) {
      int i = 0;
      for (String device : promises.devices()) {
        try (StoredQueue queue = store.open(Messages.identity(device), Messages.HUB)) {
          TreeSet<Long> found = new TreeSet<>();
          Stores.readAll(queue).forEach(one -> found.add(one.sequence()));
          if (!found.equals(first.get(i++))) {
            problems.add(device + ": opened twice, found " + first.get(i - 1) + ", then " + found);
          }
        }
      }
    }
  }

  /** A store that gives up a file after a power cut lost what was in it, if only for the client. */
  private static void setAside(Path folder, List<String> problems) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.contains("damaged"))
          .forEach(name -> problems.add("The file was set aside as " + name));
    }
  }
}
