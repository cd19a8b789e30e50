package dev.fairlead.amqp;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Notices a dead line: in seconds while something waits for an answer, else after the idle
 * time-out; and shows the hub a sign of life as often as it wants one [AMQP 2.4.5]. AMQP has no
 * ping, so an empty session is one: a living peer answers its BEGIN. One alarm, set only for what
 * is due; confined to the loop.
 */
final class Liveness {
  /**
   * A ping stands behind what was sent before it. A slow line is allowed the time that this many
   * bytes a second take, else an upload over a weak radio link would be cut again and again.
   */
  static final long SLOWEST_BYTES_A_SECOND = 8 * 1024;

  /** What the connection is asked. */
  interface Connection {
    /** {@link Loop#nanoTime} of the last byte in. */
    long lastReceived();

    /** {@link Loop#nanoTime} of the last byte out. */
    long lastSent();

    /** How often the peer wants to hear something; zero for never. */
    Duration remoteIdleTimeout();

    /** Says something that needs no answer. */
    void heartbeat();

    /** Says something that a living peer answers. */
    void ping();

    /** The line is dead. */
    void dead(Duration waited);
  }

  private final Loop loop;
  private final Connection line;
  private final long idleTimeout;
  private final long pingAfter;
  private final long pingTimeout;

  private boolean running;
  private long heartbeat = Long.MAX_VALUE;
  private boolean pinging;
  private long pingedAt;
  private long graceNanos;
  private int owed;
  private long owedBytes;
  private long waitingSince;
  private @Nullable Alarm alarm;
  private long alarmAt;

  Liveness(
      Loop loop, Connection line, Duration idleTimeout, Duration pingAfter, Duration pingTimeout) {
    this.loop = loop;
    this.line = line;
    this.idleTimeout = idleTimeout.toNanos();
    this.pingAfter = pingAfter.toNanos();
    this.pingTimeout = pingTimeout.toNanos();
  }

  /** Begins, when the peer has told its own idle time-out. */
  void start() {
    loop.assertInLoop();
    running = true;
    Duration remote = line.remoteIdleTimeout();
    if (!remote.isZero()) {
      // In good time, for the sign has to travel.
      heartbeat = remote.toNanos() / 2;
    }
    check();
  }

  void stop() {
    running = false;
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  /**
   * Something has been sent that the hub owes an answer to.
   *
   * @param bytes how much of it there is to send
   */
  void owe(long bytes) {
    owedBytes += bytes;
    if (owed++ == 0) {
      waitingSince = loop.nanoTime();
      if (running && alarmAt - (waitingSince + pingAfter) > 0) {
        schedule(waitingSince + pingAfter);
      }
    }
  }

  /** The answer has come, or nobody waits for it any more. */
  void paid(long bytes) {
    owed--;
    owedBytes -= bytes;
  }

  /** How many answers are owed. */
  int owed() {
    return owed;
  }

  private void check() {
    if (!running) {
      return;
    }
    long now = loop.nanoTime();
    if (pinging && line.lastReceived() - pingedAt > 0) {
      pinging = false;
    }
    boolean unanswered = pinging && now - (pingedAt + graceNanos) >= 0;
    if (unanswered || now - (line.lastReceived() + idleTimeout) >= 0) {
      stop();
      line.dead(Duration.ofNanos(now - line.lastReceived()));
      return;
    }
    if (!pinging && owed > 0 && now - pingAt() >= 0) {
      pinging = true;
      pingedAt = now;
      graceNanos = pingTimeout + Duration.ofSeconds(owedBytes / SLOWEST_BYTES_A_SECOND).toNanos();
      line.ping();
    }
    if (heartbeat != Long.MAX_VALUE && now - (line.lastSent() + heartbeat) >= 0) {
      line.heartbeat();
    }
    if (running) {
      schedule(next(now));
    }
  }

  private long pingAt() {
    long since = line.lastReceived() - waitingSince > 0 ? line.lastReceived() : waitingSince;
    return since + pingAfter;
  }

  private long next(long now) {
    long next = line.lastReceived() + idleTimeout;
    if (pinging) {
      next = earlier(next, pingedAt + graceNanos);
    } else if (owed > 0) {
      next = earlier(next, pingAt());
    }
    if (heartbeat != Long.MAX_VALUE) {
      next = earlier(next, line.lastSent() + heartbeat);
    }
    // A heartbeat that finds no room on the wire is not due again at once.
    return next - now > 0 ? next : now + pingAfter;
  }

  private static long earlier(long one, long other) {
    return one - other < 0 ? one : other;
  }

  private void schedule(long at) {
    if (alarm != null) {
      alarm.cancel();
    }
    alarmAt = at;
    alarm = loop.schedule(Duration.ofNanos(Math.max(0, at - loop.nanoTime())), this::check);
  }
}
