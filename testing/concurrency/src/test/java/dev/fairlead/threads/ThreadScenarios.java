package dev.fairlead.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.concurrency.Scenario;
import dev.fairlead.concurrency.Scheduler;
import dev.fairlead.concurrency.SteppedLoop;
import dev.fairlead.concurrency.SteppedTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Serial executors, calls of foreign code, and outcomes that several wait for. */
public final class ThreadScenarios {
  private static final Executor THREADS = task -> Scheduler.begin("own", task);

  private ThreadScenarios() {}

  /** Tasks that record their order, and whether two ran at once. */
  private static final class Tasks {
    private final List<String> ran = new ArrayList<>();
    private boolean running;

    Runnable task(String name) {
      return () -> {
        if (running) {
          throw new AssertionError("two at once");
        }
        running = true;
        ran.add(name);
        running = false;
      };
    }

    void check(String... inOrder) {
      assertThat(ran).doesNotHaveDuplicates().containsSubsequence(inOrder);
    }
  }

  /** Two threads queue tasks: all run, one at a time, each thread's in its order. */
  public static final class Serial implements Scenario {
    private final Tasks tasks = new Tasks();
    private final SerialExecutor executor =
        new SerialExecutor("test", THREADS, new SteppedLoop(new SteppedTime()));

    @Override
    public List<Runnable> threads() {
      return List.of(() -> queue("a1", "a2"), () -> queue("b1", "b2"));
    }

    private void queue(String... names) {
      for (String name : names) {
        executor.execute(tasks.task(name));
      }
    }

    @Override
    public void check() {
      assertThat(tasks.ran).hasSize(4);
      tasks.check("a1", "a2");
      tasks.check("b1", "b2");
      assertThat(executor.waiting()).isZero();
    }
  }

  /** The application's executor refuses, runs inline and drops tasks, while the loop ends. */
  public static final class Refusing implements Scenario {
    private final Tasks tasks = new Tasks();
    private final SteppedTime time = new SteppedTime();
    private final SerialExecutor.Stalled stalled = new SerialExecutor.Stalled();
    private int calls;
    private final SerialExecutor executor =
        SerialExecutor.onExecutor(
            "test", THREADS, this::application, new SteppedLoop(time), stalled);

    private void application(Runnable task) {
      switch (calls++) {
        case 0 -> throw new RejectedExecutionException();
        case 1 -> task.run();
        default -> Scheduler.begin("application", task);
      }
    }

    @Override
    public List<Runnable> threads() {
      return List.of(
          () -> executor.execute(tasks.task("a")),
          () -> executor.execute(tasks.task("b")),
          () -> time.advance(Duration.ofSeconds(1)),
          stalled::loopEnded);
    }

    @Override
    public void check() {
      assertThat(tasks.ran).containsExactlyInAnyOrder("a", "b");
    }
  }

  /** The executor drops the first run without an error, and delivers it after all. */
  public static final class Dropping implements Scenario {
    private final Tasks tasks = new Tasks();
    private final SteppedTime time = new SteppedTime();
    private final List<Runnable> dropped = new ArrayList<>();
    private final SerialExecutor executor =
        SerialExecutor.onExecutor(
            "test",
            THREADS,
            this::application,
            new SteppedLoop(time),
            new SerialExecutor.Stalled());

    private void application(Runnable task) {
      if (dropped.isEmpty()) {
        dropped.add(task);
      } else {
        Scheduler.begin("application", task);
      }
    }

    @Override
    public List<Runnable> threads() {
      return List.of(
          this::queue,
          () -> time.advance(Duration.ofSeconds(11)),
          () -> List.copyOf(dropped).forEach(Runnable::run));
    }

    private void queue() {
      executor.execute(tasks.task("a"));
      executor.execute(tasks.task("b"));
    }

    @Override
    public void check() {
      for (int i = 0; i < 3; i++) {
        time.advance(Duration.ofSeconds(11));
      }
      assertThat(tasks.ran).containsExactly("a", "b");
    }
  }

  /** A task holds the queue, and the others move to another thread. */
  public static final class Moving implements Scenario {
    private final List<String> ran = new ArrayList<>();
    private final SteppedTime time = new SteppedTime();
    private final SerialExecutor executor =
        SerialExecutor.moving(
            "test", THREADS, "held", new SteppedLoop(time), new SerialExecutor.Stalled());

    @Override
    public List<Runnable> threads() {
      return List.of(
          () -> executor.execute(() -> ran.add("a")),
          () -> executor.execute(() -> ran.add("b")),
          () -> executor.execute(() -> ran.add("c")),
          () -> time.advance(Duration.ofSeconds(2)));
    }

    @Override
    public void check() {
      assertThat(ran).containsExactlyInAnyOrder("a", "b", "c");
      assertThat(executor.waiting()).isZero();
      assertThat(time.alarms()).isZero();
    }
  }

  /** An answer comes with the deadline: one outcome, and a late result is discarded. */
  public static final class DeadlineAndAnswer implements Scenario {
    private final SteppedTime time = new SteppedTime();
    private final SteppedLoop loop = new SteppedLoop(time);
    private final ForeignCalls calls = new ForeignCalls(loop, THREADS);
    private final CompletableFuture<String> answer = new CompletableFuture<>();
    private final List<String> outcomes = new ArrayList<>();

    @Override
    public List<Runnable> threads() {
      return List.of(
          () -> loop.execute(this::ask),
          () -> answer.complete("yes"),
          () -> time.advance(Duration.ofSeconds(2)));
    }

    private void ask() {
      calls.ask(
          "The test",
          Duration.ofSeconds(1),
          () -> answer,
          (value, failure) -> outcomes.add(failure == null ? "answer" : "overdue"),
          late -> outcomes.add("discarded"));
    }

    @Override
    public void check() {
      assertThat(outcomes).isIn(List.of("answer"), List.of("overdue", "discarded"));
      assertThat(time.alarms()).isZero();
    }
  }

  /** Two share a call, each with a deadline. */
  public static final class SharedCall implements Scenario {
    private final SteppedTime time = new SteppedTime();
    private final SteppedLoop loop = new SteppedLoop(time);
    private final CompletableFuture<String> answer = new CompletableFuture<>();
    private final SingleFlight<String> flight =
        new ForeignCalls(loop, THREADS).singleFlight("The test", () -> answer);
    private final List<Integer> first = new ArrayList<>();
    private final List<Integer> second = new ArrayList<>();

    @Override
    public List<Runnable> threads() {
      return List.of(
          () -> loop.execute(() -> ask(1, first)),
          () -> loop.execute(() -> ask(3, second)),
          () -> answer.complete("yes"),
          () -> time.advance(Duration.ofSeconds(2)));
    }

    private void ask(int seconds, List<Integer> outcomes) {
      flight.ask(Duration.ofSeconds(seconds), (value, failure) -> outcomes.add(seconds));
    }

    @Override
    public void check() {
      time.advance(Duration.ofSeconds(4));
      assertThat(first).containsExactly(1);
      assertThat(second).containsExactly(3);
      assertThat(time.alarms()).isZero();
    }
  }

  /** Futures of an outcome are asked for while it completes. */
  public static final class Outcomes implements Scenario {
    private final SharedOutcome outcome =
        new SharedOutcome(
            new ClientThreads("test", true, Optional.empty(), new SteppedLoop(new SteppedTime())));
    private final List<CompletableFuture<Void>> futures = new ArrayList<>();

    @Override
    public List<Runnable> threads() {
      return List.of(this::ask, this::ask, outcome::complete);
    }

    private void ask() {
      futures.add(outcome.future());
    }

    @Override
    public void check() {
      assertThat(futures).hasSize(2).allMatch(CompletableFuture::isDone);
    }
  }

  /** An alarm is set while the client's loop ends: none is left at the given time source. */
  public static final class AlarmAndShutdown implements Scenario {
    private final SteppedTime time = new SteppedTime();
    private final ClientLoop loop = new ClientLoop("test", true, Optional.of(time));

    @Override
    public List<Runnable> threads() {
      return List.of(
          () -> loop.schedule(Duration.ofSeconds(1), () -> {}),
          () -> loop.schedule(Duration.ofSeconds(2), () -> {}).cancel(),
          loop::shutdown);
    }

    @Override
    public void check() {
      assertThat(time.alarms()).isZero();
    }
  }
}
