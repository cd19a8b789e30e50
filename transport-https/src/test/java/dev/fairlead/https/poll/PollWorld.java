package dev.fairlead.https.poll;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.io.Serial;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A machine with a disk, clocks and up to three processes that poll for one device, and an
 * adversary that does at random what {@link PollScheduleModelTest} lists. The limiters and ledgers
 * are the real ones. Times are milliseconds.
 */
final class PollWorld {
  static final long INTERVAL = Duration.ofMinutes(25).toMillis();
  private static final long MINUTE = 60_000;
  private static final int STEPS = 26;

  /** What the adversary may do. */
  enum Powers {
    ALL,
    /** All but: crash, stop or lose anything. To see that calm devices do poll. */
    NONE
  }

  final Tally tally;
  final SplittableRandom random;
  private final PollIntervals pace;
  final boolean calm;
  private final boolean bootKnown;
  private final List<Process> processes = new ArrayList<>();
  private final PollDisk disk = new PollDisk(this);

  /** Time as it passes; no process in the world can read it. */
  private long truth;

  /** What CLOCK_MONOTONIC and timers go by: it stops during sleep. */
  private long awake;

  private long booted;
  private int boots = 1;
  private long wallAhead;
  private boolean everSetForward;
  private long lastPoll = Long.MIN_VALUE / 2;
  private int depth;

  /** While a crash unwinds the stack: what the code does in its last moments has no effect. */
  private boolean crashing;

  private boolean fooled;
  private int names;

  private final long seed;

  PollWorld(long seed, PollIntervals pace, Powers powers, Tally tally) {
    this.seed = seed;
    random = new SplittableRandom(seed);
    this.pace = pace;
    this.tally = tally;
    calm = powers == Powers.NONE;
    truth = random.nextLong(200) * MINUTE;
    booted = truth - random.nextLong(100) * MINUTE;
    bootKnown = random.nextInt(8) != 0;
    int count = calm ? 1 : 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      Process process = new Process();
      processes.add(process);
      if (i == 0 || random.nextBoolean()) {
        process.start();
      }
    }
  }

  /** What happened in all worlds. */
  static final class Tally {
    long worlds;
    long polls;
    long violations;
    long fooledByTheWallClock;
    long crashes;
    long reboots;
    long busy;
    long failedWrites;
    long voidPolls;
    long worldsWithTwoPolls;
    String firstViolation = "";

    void add(Tally other) {
      worlds += other.worlds;
      polls += other.polls;
      violations += other.violations;
      fooledByTheWallClock += other.fooledByTheWallClock;
      crashes += other.crashes;
      reboots += other.reboots;
      busy += other.busy;
      failedWrites += other.failedWrites;
      voidPolls += other.voidPolls;
      worldsWithTwoPolls += other.worldsWithTwoPolls;
      firstViolation = firstViolation.isEmpty() ? other.firstViolation : firstViolation;
    }

    @Override
    public String toString() {
      return worlds
          + " schedules, "
          + polls
          + " polls, "
          + worldsWithTwoPolls
          + " schedules with two or more, "
          + violations
          + " violations, "
          + fooledByTheWallClock
          + " fooled by the wall clock, "
          + crashes
          + " crashes, "
          + reboots
          + " reboots, "
          + busy
          + " times locked, "
          + failedWrites
          + " failed writes, "
          + voidPolls
          + " void polls"
          + firstViolation;
    }
  }

  /** Runs one schedule. */
  void run() {
    long before = tally.polls;
    for (int step = 0; step < STEPS && !fooled; step++) {
      try {
        if (calm) {
          nextAlarm();
        } else {
          move();
        }
        settle();
      } catch (Crash ended) {
        // The process or the machine is gone; the world goes on.
        crashing = false;
      }
    }
    tally.worlds++;
    if (tally.polls - before > 1) {
      tally.worldsWithTwoPolls++;
    }
  }

  private void move() {
    Process process = processes.get(random.nextInt(processes.size()));
    switch (random.nextInt(32)) {
      case 0 -> process.die();
      case 1, 2, 3 -> process.start();
      case 4 -> process.restart();
      case 5 -> process.reconnect();
      case 6 -> process.moreClients();
      case 7 -> setWallClock();
      case 8 -> truth += minutes(60); // Sleep of the machine.
      case 9 -> reboot();
      case 10 -> disk.removeAll();
      case 11 -> disk.damage();
      case 12 -> disk.changeFaults();
      case 13 -> disk.foreignLock();
      case 14, 15, 16 -> pass(minutes(40));
      default -> nextAlarm();
    }
  }

  private long minutes(int most) {
    return random.nextLong(most * MINUTE);
  }

  private void pass(long millis) {
    truth += millis;
    awake += millis;
  }

  private void setWallClock() {
    long by =
        switch (random.nextInt(4)) {
          case 0 -> minutes(30);
          case 1 -> -minutes(30);
          case 2 -> minutes(60 * 24 * 400);
          default -> -minutes(60 * 24 * 400);
        };
    wallAhead += by;
    everSetForward |= by > 0;
  }

  private void reboot() {
    tally.reboots++;
    processes.forEach(Process::die);
    disk.rebooted();
    pass(random.nextInt(4) == 0 ? minutes(60) : random.nextLong(MINUTE));
    booted = truth;
    boots++;
    if (random.nextBoolean()) {
      // A machine without a clock chip goes on where it was.
      setWallClock();
    }
    processes.forEach(
        process -> {
          if (random.nextInt(3) != 0) {
            process.start();
          }
        });
  }

  /** Time passes until the next alarm. */
  private void nextAlarm() {
    long next = Long.MAX_VALUE;
    for (Process process : processes) {
      for (SimulatedAlarm alarm : process.alarms) {
        next = Math.min(next, alarm.due);
      }
    }
    if (next == Long.MAX_VALUE) {
      pass(MINUTE);
    } else {
      pass(Math.max(0, next - awake));
    }
  }

  /** Runs what is due, in any order; sometimes leaves some of it for later. */
  private void settle() {
    int start = calm ? 0 : random.nextInt(processes.size());
    boolean more = true;
    while (more) {
      more = false;
      for (int i = 0; i < processes.size(); i++) {
        Process process = processes.get((start + i) % processes.size());
        while (process.runOne()) {
          more = true;
          if (!calm && random.nextInt(24) == 0) {
            return;
          }
        }
      }
    }
  }

  private Crash crash() {
    crashing = true;
    return Crash.CRASH;
  }

  /** A moment at which anything may happen to the one who runs. */
  void point(Process process) {
    if (calm) {
      return;
    }
    switch (random.nextInt(96)) {
      case 0, 1 -> {
        process.die();
        throw crash();
      }
      case 2 -> {
        reboot();
        throw crash();
      }
      case 3, 4 -> truth += minutes(50);
      case 5, 6 -> pass(minutes(50));
      case 7, 8 -> pass(random.nextLong(MINUTE));
      case 9 -> setWallClock();
      case 10 -> disk.removeAll();
      case 11 -> disk.changeFaults();
      case 12, 13, 14, 15 -> other(process);
      default -> {}
    }
  }

  /** Another process runs in the middle of what this one does. */
  private void other(Process process) {
    if (depth > 1) {
      return;
    }
    depth++;
    int life = process.lives;
    try {
      for (Process other : processes) {
        if (other != process && !other.running) {
          try {
            for (int i = 0; i < 4; i++) {
              other.runOne();
            }
          } catch (Crash ended) {
            if (process.lives != life) {
              throw ended;
            }
            crashing = false;
          }
        }
      }
    } finally {
      depth--;
    }
  }

  private void polled() {
    long apart = truth - lastPoll;
    tally.polls++;
    if (apart < INTERVAL) {
      tally.violations++;
      if (tally.firstViolation.isEmpty()) {
        tally.firstViolation = "; first " + apart / 1000 + " s apart, seed " + seed;
      }
    }
    lastPoll = truth;
  }

  private long wall() {
    return truth + wallAhead;
  }

  /** A process, or one class loader of one: a loop, a thread for files, and clients. */
  final class Process implements Loop, Executor, PollClock {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final ArrayDeque<Runnable> fileTasks = new ArrayDeque<>();
    private final List<SimulatedAlarm> alarms = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();
    private final Executor files = fileTasks::add;
    private PollLedger ledger = newLedger();
    private String name = "";
    private boolean alive;
    private boolean running;
    private int lives;

    private PollLedger newLedger() {
      return new PollLedger(disk.fileOf(this), this, new Dice());
    }

    void start() {
      if (!alive) {
        alive = true;
        name = ClockReading.PROCESS + ++names;
        ledger = newLedger();
        clients.add(new Client(this));
      }
    }

    void die() {
      if (alive) {
        alive = false;
        lives++;
        tally.crashes++;
        clients.clear();
        alarms.clear();
        tasks.clear();
        fileTasks.clear();
        disk.released(this);
      }
    }

    void restart() {
      die();
      start();
    }

    void reconnect() {
      if (alive) {
        clients.get(random.nextInt(clients.size())).reconnect();
      }
    }

    void moreClients() {
      if (alive && clients.size() < 3) {
        clients.add(new Client(this));
      }
    }

    boolean runOne() {
      if (running) {
        return false;
      }
      Runnable task = next();
      if (task == null) {
        return false;
      }
      running = true;
      try {
        task.run();
      } finally {
        running = false;
      }
      return true;
    }

    private @Nullable Runnable next() {
      for (SimulatedAlarm alarm : alarms) {
        if (alarm.due <= awake) {
          alarms.remove(alarm);
          return alarm.task;
        }
      }
      Runnable task = tasks.poll();
      return task != null ? task : fileTasks.poll();
    }

    @Override
    public void execute(Runnable task) {
      if (alive && !crashing) {
        tasks.add(task);
      }
    }

    @Override
    public Alarm schedule(Duration delay, Runnable task) {
      SimulatedAlarm alarm = new SimulatedAlarm(awake + delay.toMillis(), task);
      alarms.add(alarm);
      return () -> alarms.remove(alarm);
    }

    @Override
    public ClockReading read() {
      return bootKnown
          ? new ClockReading(wall(), ClockReading.BOOT + boots, truth - booted)
          : new ClockReading(wall(), name, awake);
    }

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public Instant now() {
      return Instant.ofEpochMilli(wall());
    }

    @Override
    public long nanoTime() {
      return awake * 1_000_000;
    }
  }

  /** A session after the other. */
  private final class Client {
    private final Process process;
    private PollLimiter limiter;

    Client(Process process) {
      this.process = process;
      limiter = open();
    }

    private PollLimiter open() {
      PollLedger ledger = process.ledger;
      PollLimiter made =
          new LedgerPollLimiter(
              process,
              pace,
              ledger,
              process.files,
              process,
              new Dice(),
              "device",
              () -> process.fileTasks.add(() -> close(ledger)));
      process.tasks.add(() -> made.whenAllowed(() -> poll(made)));
      return made;
    }

    /** As the last client of a ledger does; or as it never happens while others use it. */
    private void close(PollLedger ledger) {
      if (process.clients.size() == 1) {
        ledger.close();
      }
    }

    void reconnect() {
      PollLimiter last = limiter;
      process.tasks.add(last::close);
      limiter = open();
    }

    private void poll(PollLimiter by) {
      point(process);
      if (by.stillAllowed()) {
        polled();
      } else {
        tally.voidPolls++;
      }
      point(process);
      process.tasks.add(
          () -> {
            if (by == limiter) {
              by.whenAllowed(() -> poll(by));
            }
          });
    }
  }

  private record SimulatedAlarm(long due, Runnable task) {}

  boolean isAlone() {
    return processes.size() == 1;
  }

  /** A process has read an entry, or found none. */
  void entryRead(Process process, @Nullable LedgerEntry entry) {
    if (entry != null && bootKnown && !entry.at().boot().equals(process.read().boot())) {
      mayBeFooled(wall() - entry.at().wallMillis(), truth - lastPoll);
    }
  }

  /** Across a reboot, the wall clock claims more time than passed: the undecidable case. */
  private void mayBeFooled(long believed, long passed) {
    if (passed < pace.spacing().toMillis() && believed > passed + pace.window().toMillis()) {
      if (!everSetForward) {
        tally.violations++;
      }
      fooled = true;
      tally.fooledByTheWallClock++;
      throw crash();
    }
  }

  /** The world's one source of chance, in the form that the code under test takes. */
  private final class Dice implements java.util.random.RandomGenerator {
    @Override
    public long nextLong() {
      return random.nextLong();
    }
  }

  /** The end of a process in the middle of what it did. */
  private static final class Crash extends Error {
    @Serial private static final long serialVersionUID = 1;
    static final Crash CRASH = new Crash();

    private Crash() {
      super("crash", null, false, false);
    }
  }
}
