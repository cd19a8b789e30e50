package dev.fairlead.sqlite;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** A set of message numbers, held as ranges. Not safe for several threads. */
final class Ranges {
  private final TreeMap<Long, Long> ends = new TreeMap<>();

  static Ranges of(Collection<Long> numbers) {
    long[] sorted = numbers.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    Ranges ranges = new Ranges();
    for (int i = 0; i < sorted.length; ) {
      int last = i;
      while (last + 1 < sorted.length && sorted[last + 1] <= sorted[last] + 1) {
        last++;
      }
      ranges.ends.put(sorted[i], sorted[last]);
      i = last + 1;
    }
    return ranges;
  }

  void add(long from, long through) {
    long first = from;
    long last = through;
    Map.Entry<Long, Long> neighbour = ends.floorEntry(through == Long.MAX_VALUE ? last : last + 1);
    while (neighbour != null && neighbour.getValue() >= first - 1) {
      first = Math.min(first, neighbour.getKey());
      last = Math.max(last, neighbour.getValue());
      ends.remove(neighbour.getKey());
      neighbour = ends.floorEntry(last);
    }
    ends.put(first, last);
  }

  void addAll(Ranges other) {
    other.ends.forEach(this::add);
  }

  boolean contains(long number) {
    Map.Entry<Long, Long> range = ends.floorEntry(number);
    return range != null && range.getValue() >= number;
  }

  boolean isEmpty() {
    return ends.isEmpty();
  }

  void clear() {
    ends.clear();
  }

  /** From the first to the last number of each range. */
  Iterable<Map.Entry<Long, Long>> each() {
    return ends.entrySet();
  }
}
