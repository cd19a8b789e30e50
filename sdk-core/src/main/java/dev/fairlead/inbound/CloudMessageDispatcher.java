package dev.fairlead.inbound;

import dev.fairlead.CloudMessage;
import dev.fairlead.CloudMessageHandler;
import dev.fairlead.SystemProperty;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Settlement;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.OpenOperations;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands cloud-to-device messages to their handler, one at a time and in order. Messages are queued
 * on the loop's side; if the session has ended or the lock time has passed when a message's turn
 * comes, that copy is dropped, because the hub delivers the message again. Confined to the loop.
 */
public final class CloudMessageDispatcher {
  private static final Logger log = LoggerFactory.getLogger(CloudMessageDispatcher.class);

  /** Far above the 50 that a hub queues for a device; more than that is not a hub. */
  static final int MAX_WAITING = 1000;

  /** The most messages fetched from the hub in advance. */
  static final int MOST_SOON = 10;

  /**
   * Messages fetched in advance reach the handler within this time: half of the hub's lock time of
   * 60 s, so that the other half remains for the handler. Source: IoT Hub developer guide, "Send
   * cloud-to-device messages".
   */
  private static final Duration SOON = Duration.ofSeconds(30);

  private final Loop loop;
  private final Executor executor;
  private final OpenOperations settlements;
  private final CloudMessageHandler handler;

  private final ArrayDeque<Arrival> waiting = new ArrayDeque<>(1);
  private final Map<SessionInbox, Runnable> wakeups = new LinkedHashMap<>();
  private final Set<SettleOnce> settling = new LinkedHashSet<>();
  private boolean running;
  private long runningSince;

  /** How long the handler took for the last message, including its wait for a thread. */
  private long lastNanos;

  /** A message with the session that brought it. */
  private record Arrival(
      SessionInbox session,
      CloudMessage message,
      Settlement settlement,
      long arrivedNanos,
      Optional<Duration> lockTime) {}

  CloudMessageDispatcher(
      Loop loop, Executor executor, OpenOperations settlements, CloudMessageHandler handler) {
    this.loop = loop;
    this.executor = executor;
    this.settlements = settlements;
    this.handler = handler;
  }

  /** How many more messages would reach the handler soon. */
  int room() {
    long each = lastNanos;
    if (running) {
      each = Math.max(each, loop.nanoTime() - runningSince);
    }
    long soon = each <= 0 ? MOST_SOON : Math.min(MOST_SOON, SOON.toNanos() / each);
    return (int) Math.max(0, Math.max(1, soon) - waiting.size() - (running ? 1 : 0));
  }

  /** Sets the callback of a session that runs on the loop when there is more room. */
  void whenRoom(SessionInbox session, Runnable wakeup) {
    wakeups.put(session, wakeup);
  }

  void arrived(
      SessionInbox session,
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement) {
    if (waiting.size() >= MAX_WAITING) {
      log.warn(
          "{} C2D messages wait for the handler already; leaving this one for the hub to deliver again",
          MAX_WAITING);
      return;
    }
    CloudMessage message =
        new CloudMessage(
            body,
            properties,
            systemProperties,
            new SettleOnce(session, loop, settlements, settling, settlement));
    waiting.add(new Arrival(session, message, settlement, loop.nanoTime(), lockTimeOf(settlement)));
    handNext();
  }

  private static Optional<Duration> lockTimeOf(Settlement settlement) {
    List<Optional<Duration>> asked = new ArrayList<>(1);
    ForeignCalls.guarded("settlement.lockTime()", () -> asked.add(settlement.lockTime()));
    return asked.isEmpty() ? Optional.empty() : asked.get(0);
  }

  /**
   * Messages of the session that the application has not received are dropped; settlements in
   * progress have failed.
   */
  void sessionEnded(SessionInbox session) {
    wakeups.remove(session);
    waiting.removeIf(arrival -> arrival.session == session);
    List.copyOf(settling).forEach(settlement -> settlement.sessionEnded(session));
  }

  private void handNext() {
    while (!running && !waiting.isEmpty()) {
      Arrival next = waiting.remove();
      if (isStale(next)) {
        drop(next);
        continue;
      }
      running = true;
      runningSince = loop.nanoTime();
      executor.execute(() -> hand(next));
    }
  }

  /** Any thread. */
  private boolean isStale(Arrival arrival) {
    return arrival.session.isOver()
        || arrival
            .lockTime
            .filter(limit -> loop.nanoTime() - arrival.arrivedNanos - limit.toNanos() >= 0)
            .isPresent();
  }

  /** On a callback thread. */
  private void hand(Arrival arrival) {
    boolean handed = false;
    try {
      // Checked again: the executor may have been slow.
      if (!isStale(arrival)) {
        handed = true;
        loop.execute(() -> handedOut(arrival));
        handler.onCloudMessage(arrival.message);
      } else {
        loop.execute(() -> drop(arrival));
      }
    } catch (Throwable e) {
      log.error("The C2D handler failed on a message; abandoning the message", e);
      giveBack(arrival.message);
    } finally {
      boolean seen = handed;
      loop.execute(() -> returned(seen));
    }
  }

  private static void drop(Arrival arrival) {
    if (!arrival.session.isOver()) {
      log.debug("A C2D message waited longer than its lock time; the hub delivers it again");
      ForeignCalls.guarded("settlement.expired()", arrival.settlement::expired);
    }
  }

  private static void handedOut(Arrival arrival) {
    if (!arrival.session.isOver()) {
      ForeignCalls.guarded("settlement.handedOut()", arrival.settlement::handedOut);
    }
  }

  private void returned(boolean seen) {
    running = false;
    if (seen) {
      lastNanos = loop.nanoTime() - runningSince;
    }
    handNext();
    for (Runnable wakeup : List.copyOf(wakeups.values())) {
      ForeignCalls.guarded("The transport's callback for more cloud-to-device messages", wakeup);
    }
  }

  /**
   * This fails if the route cannot abandon or the handler has already settled the message; both are
   * correct.
   */
  private static void giveBack(CloudMessage message) {
    message
        .abandon()
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                log.info("The message was not abandoned: {}", failure.getMessage());
              }
            });
  }
}
