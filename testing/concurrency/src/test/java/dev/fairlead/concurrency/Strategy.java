package dev.fairlead.concurrency;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Says which thread goes on. */
interface Strategy {
  /**
   * @param current the running thread; null if it cannot go on
   * @param able the threads that can
   */
  Worker next(@Nullable Worker current, List<Worker> able);

  /** Every schedule in which a thread is preempted at most a given number of times. */
  final class Systematic implements Strategy {
    private final int mostPreemptions;
    private final List<int[]> choices = new ArrayList<>(); // of how many, which
    private int depth;
    private int preemptions;

    Systematic(int mostPreemptions) {
      this.mostPreemptions = mostPreemptions;
    }

    @Override
    public Worker next(@Nullable Worker current, List<Worker> able) {
      if (current == null) {
        return able.get(able.size() == 1 ? 0 : choose(able.size()));
      }
      if (preemptions == mostPreemptions || able.size() == 1) {
        return current;
      }
      int choice = choose(able.size());
      if (choice == 0) {
        return current;
      }
      preemptions++;
      int at = able.indexOf(current);
      return able.get(choice <= at ? choice - 1 : choice);
    }

    private int choose(int count) {
      if (depth == choices.size()) {
        choices.add(new int[] {count, 0});
      }
      int[] choice = choices.get(depth++);
      choice[0] = count;
      return Math.min(choice[1], count - 1);
    }

    void repeat() {
      depth = 0;
      preemptions = 0;
    }

    /** Whether there is another schedule. */
    boolean advance() {
      choices.subList(depth, choices.size()).clear();
      repeat();
      while (!choices.isEmpty()) {
        int[] last = choices.get(choices.size() - 1);
        if (++last[1] < last[0]) {
          return true;
        }
        choices.remove(choices.size() - 1);
      }
      return false;
    }
  }

  /** A schedule drawn from a seed: some with many preemptions, some with few. */
  final class Drawn implements Strategy {
    private final Random random;
    private final int oneIn;

    Drawn(long seed) {
      random = new Random(seed);
      oneIn = 2 << random.nextInt(6);
    }

    @Override
    public Worker next(@Nullable Worker current, List<Worker> able) {
      return current != null && random.nextInt(oneIn) > 0
          ? current
          : able.get(random.nextInt(able.size()));
    }
  }
}
