package dev.fairlead.mqtt;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices a dead line: in seconds while something waits for an answer, else by the keep-alive.
 * Pings when nothing has come for a while although something is owed, and when nothing was sent for
 * most of the keep-alive time [MQTT-3.1.2-23]; gives the line up when not even the ping brings
 * anything, or when pings are answered and nothing else is: then the hub has forgotten what it
 * owes. One alarm; confined to the loop.
 */
final class Liveness {
  /**
   * A ping stands behind what was sent before it. A slow line is allowed the time that this many
   * bytes a second take, else an upload over a weak radio link would be cut again and again.
   */
  static final long SLOWEST_BYTES_A_SECOND = 8 * 1024;

  /** What the line and the session are asked. */
  interface Connection {
    /** Whether an answer is owed. */
    boolean waiting();

    /** How many answers that were owed have come so far. */
    long answers();

    /** Bytes sent and not acknowledged. */
    long bytesUnderWay();

    /** {@link Loop#nanoTime} of the last byte in. */
    long lastReceived();

    /** {@link Loop#nanoTime} of the last byte out. */
    long lastSent();

    void ping();

    /** The line is dead. */
    void dead(Duration waited);

    /** The line lives, and what is owed does not come. */
    void unanswered(Duration waited);
  }

  private final Loop loop;
  private final Connection line;
  private final long keepAlive;
  private final long pingAfter;
  private final long pingTimeout;
  private final long answerTimeout;
  private final LongSupplier now;

  private boolean running;
  private boolean pinging;
  private long pingedAt;
  private long graceNanos;
  private boolean waited;
  private long waitingSince;
  private long answers;
  private long answeredAt;
  private @Nullable Alarm alarm;
  private long alarmAt;

  Liveness(
      Loop loop,
      Connection line,
      Duration keepAlive,
      Duration pingAfter,
      Duration pingTimeout,
      Duration answerTimeout) {
    this.loop = loop;
    this.line = line;
    // Some time before the hub expects it, for the packet has to travel.
    this.keepAlive = keepAlive.toNanos() / 10 * 9;
    this.pingAfter = pingAfter.toNanos();
    this.pingTimeout = pingTimeout.toNanos();
    this.answerTimeout = answerTimeout.toNanos();
    now = loop::nanoTime;
  }

  void start() {
    loop.assertInLoop();
    running = true;
    check();
  }

  void stop() {
    running = false;
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  /** To be called when something has begun to wait for an answer. Cheap. */
  void watch() {
    if (running && !waited) {
      waited = true;
      waitingSince = now.getAsLong();
      answeredAt = waitingSince;
      if (alarmAt - (waitingSince + pingAfter) > 0) {
        schedule(waitingSince + pingAfter);
      }
    }
  }

  /** To be called when nothing waits any more. Cheap. */
  void rest() {
    waited = false;
  }

  private void check() {
    if (!running) {
      return;
    }
    long time = now.getAsLong();
    if (pinging && line.lastReceived() - pingedAt > 0) {
      pinging = false;
    }
    if (pinging && time - (pingedAt + graceNanos) >= 0) {
      stop();
      line.dead(Duration.ofNanos(time - line.lastReceived()));
      return;
    }
    if (unansweredFor(time) - answerTimeout - slowLine(line.bytesUnderWay()) >= 0) {
      stop();
      line.unanswered(Duration.ofNanos(time - answeredAt));
      return;
    }
    if (!pinging && time - nextPing() >= 0) {
      pinging = true;
      pingedAt = time;
      graceNanos = pingTimeout + slowLine(line.bytesUnderWay());
      line.ping();
    }
    schedule(pinging ? nextLook(time) : nextPing());
  }

  /**
   * While something waits there is a look every few seconds, for each ping's sake: fine enough to
   * notice when answers came, and no work for each of them.
   */
  private long unansweredFor(long time) {
    if (answers != line.answers()) {
      answers = line.answers();
      answeredAt = time;
    }
    return waited && line.waiting() ? time - answeredAt : 0;
  }

  /** A keep-alive shorter than the wait for the ping's answer goes on meanwhile. */
  private long nextLook(long time) {
    long limit = pingedAt + graceNanos;
    long due = pingedAt + keepAlive;
    return time - due < 0 && due - limit < 0 ? due : limit;
  }

  private long nextPing() {
    long due = line.lastSent() + keepAlive;
    if (waited && line.waiting()) {
      long since = line.lastReceived() - waitingSince > 0 ? line.lastReceived() : waitingSince;
      return since + pingAfter - due < 0 ? since + pingAfter : due;
    }
    return due;
  }

  private static long slowLine(long bytes) {
    return Duration.ofSeconds(bytes / SLOWEST_BYTES_A_SECOND).toNanos();
  }

  private void schedule(long at) {
    if (alarm != null) {
      alarm.cancel();
    }
    alarmAt = at;
    alarm = loop.schedule(Duration.ofNanos(Math.max(0, at - now.getAsLong())), this::check);
  }
}
