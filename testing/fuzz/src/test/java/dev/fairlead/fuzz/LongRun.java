package dev.fairlead.fuzz;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs targets under Jazzer, each in a process of its own, and prints a table. What a run learns is
 * kept in {@code target/fuzz/<target>}, and the next one goes on from there.
 */
public final class LongRun {
  /** Opening a database takes about this many times as long as parsing. */
  private static final long SLOWER = 100;

  private static final String JAZZER = "com.code_intelligence.jazzer.Jazzer";

  /** Libraries that a target drives; their branches count as ours. */
  private static final String INSTRUMENTED =
      "dev.fairlead.**:org.apache.qpid.proton.**:okhttp3.internal.http1.**";

  private LongRun() {}

  private static final String ROW = "%-18s %12s %9s %9s %8s  %s%n";

  /**
   * The end of one process.
   *
   * @param exit 0 if nothing was found
   * @param line the last line with figures
   * @param seconds how long it took
   * @param find what was found
   */
  private record Result(FuzzTarget target, int exit, String line, long seconds, String find) {
    private String row() {
      String executions = line.isEmpty() ? "0" : line.substring(1).split("\\s", 2)[0];
      long rate = Long.parseLong(executions) / Math.max(1, seconds);
      return String.format(
          Locale.ROOT,
          ROW,
          target.title(),
          executions,
          after("cov:"),
          after("ft:"),
          rate,
          exit == 0 ? "nothing" : find);
    }

    private String after(String name) {
      int at = line.indexOf(name);
      return at < 0 ? "-" : line.substring(at + name.length()).strip().split(" ", 2)[0];
    }
  }

  /**
   * Runs them.
   *
   * @param args the target or {@code all}, the executions of each (a hundredth for the outbox
   *     file), and how many processes at once
   */
  public static void main(String[] args) throws Exception {
    long runs = Long.parseLong(args[1]);
    ExecutorService processes = Executors.newFixedThreadPool(Integer.parseInt(args[2]));
    List<Future<Result>> results = new ArrayList<>();
    for (FuzzTarget target : FuzzTarget.values()) {
      if (args[0].equals("all") || args[0].equals(target.title())) {
        long own = target.pure() ? runs : Math.max(1, runs / SLOWER);
        results.add(processes.submit(() -> run(target, own)));
      }
    }
    processes.shutdown();
    if (results.isEmpty()) {
      throw new IllegalArgumentException(
          "There is no target " + args[0] + ". Use all, or one of " + titles() + ".");
    }
    System.exit(report(results));
  }

  private static List<String> titles() {
    return Stream.of(FuzzTarget.values()).map(FuzzTarget::title).toList();
  }

  private static int report(List<Future<Result>> results)
      throws InterruptedException, ExecutionException {
    int failed = 0;
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            Locale.ROOT, ROW, "target", "executions", "branches", "features", "per s", "found"));
    for (Future<Result> each : results) {
      Result result = each.get();
      failed += result.exit == 0 ? 0 : 1;
      table.append(result.row());
    }
    System.out.println();
    System.out.print(table);
    return failed == 0 ? 0 : 1;
  }

  private static Result run(FuzzTarget target, long runs) throws Exception {
    Path folder = Path.of("target", "fuzz", target.title()).toAbsolutePath();
    Path learned = Files.createDirectories(folder.resolve("corpus"));
    Path finds = Files.createDirectories(folder.resolve("finds"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                JAZZER,
                "--target_class=" + JazzerEntry.class.getName(),
                "--target_args=" + target.title(),
                "--instrumentation_includes=" + INSTRUMENTED,
                "--reproducer_path=" + finds,
                "-runs=" + runs,
                "-max_len=" + target.longest(),
                "-timeout=20",
                "-rss_limit_mb=2048",
                "-artifact_prefix=" + finds + "/",
                learned.toString(),
                Corpus.folder(target).toAbsolutePath().toString())
            .redirectErrorStream(true)
            .start();
    Result result = follow(target, process, folder.resolve("log"));
    System.out.print(result.row());
    return result;
  }

  /** Writes the whole output to a file; keeps the last figures and what was found. */
  private static Result follow(FuzzTarget target, Process process, Path log)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    String figures = "";
    String what = "";
    String input = "";
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        var copy = Files.newBufferedWriter(log)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        copy.write(line);
        copy.newLine();
        if (line.startsWith("#") && !line.startsWith("##")) {
          figures = line.replace('\t', ' ');
        } else if (line.startsWith("== Java Exception:") || line.contains("ERROR: libFuzzer")) {
          what = line;
        } else if (line.contains("Test unit written to")) {
          input = line.substring(line.lastIndexOf(' ') + 1);
        }
      }
    }
    int exit = process.waitFor();
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    String find = exit == 0 ? "" : what + " " + input + ", see " + log;
    return new Result(target, exit, figures, seconds, find);
  }
}
