package dev.fairlead.crash;

import dev.fairlead.spi.StoredQueue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a store must hold and may hold, by the marks that the process left before and after each of
 * its calls.
 *
 * <pre>
 * write CALL DEVICE +NUMBER:SIZE,... -NUMBER,...   before the call
 * done CALL                                        its stage completed
 * failed CALL                                      its stage failed
 * damage                                           the file is damaged from here on
 * </pre>
 */
final class Promises {
  /** From here on the file may be set aside. */
  static final String DAMAGE = "damage";

  /** A call of write. */
  private record Call(int begun, String device, Map<Long, Integer> added, List<Long> removed) {}

  /** A removal whose stage completed, and that a power cut may undo until the next commit. */
  private record Removal(int done, Device device, List<Long> numbers) {}

  /** Calls that failed. What they asked for may have happened or not, and may come later. */
  private final Set<Call> failed = new HashSet<>();

  /** The numbers that a store holds of a device, or a problem. */
  private static final class Device {
    /** All that was ever added, with its size. */
    final Map<Long, Integer> added = new TreeMap<>();

    final TreeSet<Long> stored = new TreeSet<>();
    final TreeSet<Long> removed = new TreeSet<>();

    /** Removed, and not committed yet. */
    final TreeSet<Long> uncommitted = new TreeSet<>();

    /** By number: the call that adds or removes it. */
    final Map<Integer, Call> open = new TreeMap<>();

    long largestStored;

    /** After a call that failed, another one may ask for the same. */
    boolean removedByOthers(Call call, long number) {
      return removed.contains(number)
          || uncommitted.contains(number)
          || open.values().stream().anyMatch(o -> o != call && o.removed().contains(number));
    }
  }

  private final Map<String, Device> devices = new TreeMap<>();
  private final Map<Integer, Call> calls = new HashMap<>();
  private final List<Removal> removals = new ArrayList<>();
  private boolean damaged;
  private int marks;

  static String write(int call, String device, List<StoredQueue.Added> added, List<Long> removed) {
    StringBuilder text = new StringBuilder("write " + call + " " + device);
    for (StoredQueue.Added one : added) {
      text.append(" +").append(one.sequence()).append(':').append(one.message().body().length);
    }
    removed.forEach(number -> text.append(" -").append(number));
    return text.toString();
  }

  void apply(String mark) {
    marks++;
    if (mark.equals(DAMAGE)) {
      damaged = true;
      return;
    }
    String[] words = mark.split(" ");
    int number = Integer.parseInt(words[1]);
    if (words[0].equals("write")) {
      begin(number, words);
      return;
    }
    Call call = calls.get(number);
    if (call == null) {
      throw new IllegalArgumentException("A mark of an unknown call: " + mark);
    }
    Device device = devices.get(call.device());
    if (words[0].equals("done")) {
      done(number, call, device);
    } else {
      failed.add(call);
    }
  }

  private void done(int number, Call call, Device device) {
    device.open.remove(number);
    device.stored.addAll(call.added().keySet());
    call.added().keySet().forEach(n -> device.largestStored = Math.max(device.largestStored, n));
    device.stored.removeAll(call.removed());
    if (call.added().isEmpty()) {
      device.uncommitted.addAll(call.removed());
      removals.add(new Removal(marks, device, call.removed()));
      return;
    }
    device.removed.addAll(call.removed());
    // A commit has everything that was handed over before what it has.
    for (Removal removal : List.copyOf(removals)) {
      if (removal.done() < call.begun() && failed.isEmpty()) {
        removals.remove(removal);
        removal.device().uncommitted.removeAll(removal.numbers());
        removal.device().removed.addAll(removal.numbers());
      }
    }
  }

  private void begin(int number, String[] words) {
    Map<Long, Integer> added = new TreeMap<>();
    List<Long> removed = new ArrayList<>();
    for (int i = 3; i < words.length; i++) {
      String word = words[i].substring(1);
      if (words[i].charAt(0) == '+') {
        int colon = word.indexOf(':');
        added.put(
            Long.valueOf(word.substring(0, colon)), Integer.valueOf(word.substring(colon + 1)));
      } else {
        removed.add(Long.valueOf(word));
      }
    }
    Call call = new Call(marks, words[2], added, removed);
    calls.put(number, call);
    Device device = devices.computeIfAbsent(call.device(), unused -> new Device());
    device.added.putAll(added);
    device.open.put(number, call);
  }

  Iterable<String> devices() {
    return devices.keySet();
  }

  /** How many marks were applied: two states with the same disk may differ in what they owe. */
  int marks() {
    return marks;
  }

  /** Whether a message must be there, in a file that is not damaged. */
  boolean keepsFile() {
    return !damaged && devices.values().stream().anyMatch(device -> device.largestStored > 0);
  }

  /** The least that the largest number ever given may be. */
  long largestStored(String device) {
    return devices.get(device).largestStored;
  }

  /** The size that a message had; null if it was never added. */
  @Nullable Integer size(String device, long number) {
    return devices.get(device).added.get(number);
  }

  /** What is wrong with the numbers found; empty if nothing is. */
  List<String> problems(String device, TreeSet<Long> found) {
    Device owed = devices.get(device);
    List<String> problems = new ArrayList<>();
    TreeSet<Long> must = new TreeSet<>(owed.stored);
    TreeSet<Long> may = new TreeSet<>(owed.stored);
    may.addAll(owed.uncommitted);
    for (Call call : owed.open.values()) {
      must.removeAll(call.removed());
      may.addAll(call.added().keySet());
      boolean added = found.containsAll(call.added().keySet());
      boolean applied = added && call.removed().stream().noneMatch(found::contains);
      boolean untouched =
          call.added().keySet().stream().noneMatch(found::contains)
              && call.removed().stream()
                  .allMatch(n -> found.contains(n) || owed.removedByOthers(call, n));
      if (!applied && !untouched && !failed.contains(call)) {
        problems.add(device + ": half of a write is there: " + call);
      }
    }
    TreeSet<Long> lost = new TreeSet<>(must);
    lost.removeAll(found);
    TreeSet<Long> extra = new TreeSet<>(found);
    extra.removeAll(may);
    if (!lost.isEmpty()) {
      problems.add(device + ": lost " + lost);
    }
    if (!extra.isEmpty()) {
      problems.add(device + ": removed, but still there, or never added: " + extra);
    }
    return problems;
  }
}
