package dev.fairlead.concurrency;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a scenario in many schedules: first in all with none, one, two and so on preemptions outside
 * of locks, as far as a number of schedules goes, then in as many random ones, with preemptions
 * inside of locks too. What runs is the same for each run of a test.
 */
public final class Explorer {
  private static final int MOST_PREEMPTIONS = 4;

  private final String name;
  private final InstrumentedClasses classes = new InstrumentedClasses();
  private final int schedules;
  private int run;
  private String systematic = "none";

  private Explorer(Class<? extends Scenario> scenario, int schedules) {
    name = scenario.getName();
    this.schedules = schedules;
  }

  /**
   * Explores a scenario.
   *
   * @param scenario has a constructor without parameters
   * @param schedules how many of each kind; with the system property {@code schedules} that many
   *     times more
   * @throws AssertionError if a schedule fails; says in which order the threads ran
   */
  public static void explore(Class<? extends Scenario> scenario, int schedules) {
    Explorer explorer = new Explorer(scenario, schedules * Integer.getInteger("schedules", 1));
    long began = System.nanoTime();
    explorer.systematic();
    explorer.random();
    System.out.printf(
        "%s: %d schedules, systematic: %s, %d ms%n",
        explorer.name, explorer.run, explorer.systematic, (System.nanoTime() - began) / 1_000_000);
  }

  private void systematic() {
    int before = 0;
    for (int preemptions = 0; preemptions <= MOST_PREEMPTIONS; preemptions++) {
      Strategy.Systematic strategy = new Strategy.Systematic(preemptions);
      boolean more = true;
      while (more) {
        if (run == schedules) {
          systematic += ", a part with " + preemptions;
          return;
        }
        @Nullable Throwable failure = run(strategy, false, null);
        if (failure != null) {
          List<String> trace = new ArrayList<>();
          strategy.repeat();
          run(strategy, false, trace);
          run--; // It was the same one.
          throw failed(preemptions + " preemptions", failure, trace);
        }
        more = strategy.advance();
      }
      systematic = "all with " + preemptions + " preemptions";
      if (run == before) {
        return;
      }
      before = run;
    }
  }

  private void random() {
    for (int seed = 0; seed < schedules; seed++) {
      @Nullable Throwable failure = run(new Strategy.Drawn(seed), true, null);
      if (failure != null) {
        List<String> trace = new ArrayList<>();
        run(new Strategy.Drawn(seed), true, trace);
        run--; // It was the same one.
        throw failed("seed " + seed, failure, trace);
      }
    }
  }

  private AssertionError failed(String which, Throwable failure, List<String> trace) {
    return new AssertionError(
        name
            + " fails in schedule "
            + run
            + " ("
            + which
            + "): "
            + failure
            + System.lineSeparator()
            + String.join(System.lineSeparator(), trace),
        failure);
  }

  private @Nullable Throwable run(Strategy strategy, boolean fine, @Nullable List<String> trace) {
    run++;
    try {
      Scenario scenario = (Scenario) classes.loadClass(name).getDeclaredConstructor().newInstance();
      @Nullable Throwable failure = new Scheduler(strategy, fine, trace).run(scenario.threads());
      if (failure == null) {
        scenario.check();
      }
      return failure;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("A scenario is a public class with a public constructor.", e);
    } catch (RuntimeException | AssertionError e) {
      return e;
    }
  }
}
