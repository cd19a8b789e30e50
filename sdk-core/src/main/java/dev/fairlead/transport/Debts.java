package dev.fairlead.transport;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that a peer owes on one connection. Each debt has its own clock, its own limit and its
 * own consequence; none of them affects another. {@link Liveness} asks whether anything is owed and
 * since when. There is one alarm at the earliest limit, and none while nothing is owed. Confined to
 * the loop.
 */
public final class Debts {
  /**
   * An answer comes after what was sent before it. A slow connection gets the additional time that
   * this many bytes a second take, else an upload over a weak radio link would be cut repeatedly.
   */
  public static final long SLOWEST_BYTES_A_SECOND = 8 * 1024;

  private static final Logger log = LoggerFactory.getLogger(Debts.class);

  final Loop loop;
  private final LongSupplier lastReceived;
  private final List<Account> open = new ArrayList<>();
  private LongConsumer whenOwed = since -> {};
  private boolean stopped;
  private @Nullable Alarm alarm;
  private long alarmAt;

  /**
   * Creates an empty set of debts.
   *
   * @param loop where all of it runs
   * @param lastReceived {@link Loop#nanoTime} of the last byte that arrived from the peer; read
   *     once for each payment instead of the clock, so it must be cheap
   */
  public Debts(Loop loop, LongSupplier lastReceived) {
    this.loop = loop;
    this.lastReceived = lastReceived;
  }

  /**
   * Defines something that can be owed, once or many times. Nothing is owed until {@link Debt#owe}.
   *
   * @param what what is owed, as a noun phrase such as "the credit on the telemetry link"
   * @param limit how long it may be owed without progress, positive
   * @param consequence what follows, on the loop, each time the limit is reached
   * @return the debt
   */
  public Debt debt(String what, Duration limit, Consumer<Overdue> consequence) {
    return debt(count -> what, limit, consequence);
  }

  /**
   * Defines something that can be owed, described by how many are owed.
   *
   * @param what makes a noun phrase of a count, such as "the acknowledgement of 12 messages"
   * @param limit how long it may be owed without progress, positive
   * @param consequence what follows, on the loop, each time the limit is reached
   * @return the debt
   */
  public Debt debt(IntFunction<String> what, Duration limit, Consumer<Overdue> consequence) {
    if (limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException("A debt needs a positive limit, not " + limit + ".");
    }
    return new Debt(this, what, limit, consequence);
  }

  /**
   * Whether anything is owed.
   *
   * @return true if so
   */
  public boolean anyOwed() {
    return !open.isEmpty();
  }

  /**
   * What is owed, in words, for messages and logs.
   *
   * @return noun phrases with commas between them, at most five; empty if nothing is owed
   */
  public String describe() {
    StringBuilder words = new StringBuilder();
    int named = Math.min(open.size(), 5);
    for (Account account : open.subList(0, named)) {
      words.append(words.isEmpty() ? "" : ", ").append(account.what());
    }
    return open.size() > named
        ? words.append(" and ").append(open.size() - named).append(" more").toString()
        : words.toString();
  }

  /**
   * Ends everything: nothing is owed, no alarm is set and no consequence runs any more, even if
   * something is owed later. To be called when the connection has ended.
   */
  public void stop() {
    stopped = true;
    for (Account account : open) {
      account.place = -1;
    }
    open.clear();
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  /** When the debt that is oldest began. Only while anything is owed. */
  long owedSince() {
    long oldest = open.get(0).since();
    for (Account account : open) {
      oldest = account.since() - oldest < 0 ? account.since() : oldest;
    }
    return oldest;
  }

  /** How long all unanswered bytes take on the slowest connection, in nanoseconds. */
  long slowestTransfer() {
    long bytes = 0;
    for (Account account : open) {
      bytes += account.bytes();
    }
    return slowestTransfer(bytes);
  }

  static long slowestTransfer(long bytes) {
    return Duration.ofSeconds(bytes / SLOWEST_BYTES_A_SECOND).toNanos();
  }

  /** Calls back whenever something is owed after nothing was, with the time. */
  void whenOwed(LongConsumer callback) {
    whenOwed = callback;
  }

  long lastReceived() {
    return lastReceived.getAsLong();
  }

  /** Begins to count an account of which something is owed. */
  void open(Account account) {
    if (stopped || account.place >= 0) {
      return;
    }
    account.place = open.size();
    open.add(account);
    arrange(account.deadline());
    if (open.size() == 1) {
      whenOwed.accept(account.since());
    }
  }

  /** Nothing is owed of an account any more. Its alarm stays, because the next debt may use it. */
  void close(Account account) {
    int place = account.place;
    if (place >= 0) {
      account.place = -1;
      Account last = open.remove(open.size() - 1);
      if (last != account) {
        open.set(place, last);
        last.place = place;
      }
    }
  }

  private void arrange(long at) {
    if (alarm != null && at - alarmAt >= 0) {
      return;
    }
    if (alarm != null) {
      alarm.cancel();
    }
    alarmAt = at;
    alarm = loop.schedule(Duration.ofNanos(Math.max(0, at - loop.nanoTime())), this::look);
  }

  private void look() {
    alarm = null;
    long now = loop.nanoTime();
    List<Account> overdue = new ArrayList<>();
    for (Account account : open) {
      if (now - account.deadline() >= 0) {
        overdue.add(account);
      } else {
        long latest = now + account.limit();
        arrange(latest - account.deadline() < 0 ? latest : account.deadline());
      }
    }
    for (Account account : overdue) {
      // An earlier consequence may have ended it.
      if (account.place >= 0) {
        try {
          account.overdue(now);
        } catch (RuntimeException e) {
          log.error("What follows from an overdue debt failed: {}", account.what(), e);
        }
        if (account.place >= 0) {
          arrange(account.deadline());
        }
      }
    }
  }
}
