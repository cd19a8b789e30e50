package dev.fairlead.transport;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Detects a dead connection: within seconds while something is owed, else by the protocol's
 * keep-alive or idle time-out; and sends the heartbeats that the peer requires. It runs from {@link
 * #start} to {@link #stop} or {@link Peer#dead}; an overdue debt does not end it. One alarm.
 * Confined to the loop.
 */
public final class Liveness {
  /** The connection. */
  public interface Peer {
    /**
     * When something last arrived.
     *
     * @return {@link Loop#nanoTime} of the last byte in
     */
    long lastReceived();

    /**
     * When something was last sent.
     *
     * @return {@link Loop#nanoTime} of the last byte out
     */
    long lastSent();

    /** Sends something that a living peer answers. */
    void ping();

    /** Sends something that needs no answer. Only with {@link #peerIdleTimeout}. */
    default void heartbeat() {
      ping();
    }

    /**
     * The connection is dead. Called at most once, and no other method is called after it.
     *
     * @param silent how long nothing has arrived
     */
    void dead(Duration silent);
  }

  private final Loop loop;
  private final Debts debts;
  private final Peer peer;
  private final long pingAfter;
  private final long pingTimeout;

  // Nanoseconds; zero is never.
  private long keepAlive;
  private long heartbeat;
  private long idleTimeout;

  private boolean running;
  private boolean pinging;
  private long pingedAt;
  private long receivedAtPing;
  private long grace;
  private @Nullable Alarm alarm;
  private long alarmAt;

  /**
   * Creates the watch over a connection; it does nothing until {@link #start}.
   *
   * @param loop where it runs
   * @param debts what is owed on this connection
   * @param peer the connection
   * @param limits how long to wait before and after a ping
   */
  public Liveness(Loop loop, Debts debts, Peer peer, PingLimits limits) {
    this.loop = loop;
    this.debts = debts;
    this.peer = peer;
    pingAfter = limits.pingAfter().toNanos();
    pingTimeout = limits.pingTimeout().toNanos();
    debts.whenOwed(this::owed);
  }

  /**
   * Pings after 90 % of a keep-alive time in which nothing was sent, because the packet needs some
   * time to arrive. [MQTT-3.1.2-23]
   *
   * @param time the keep-alive time given to the peer; zero for none
   * @return this
   */
  public Liveness keepAlive(Duration time) {
    keepAlive = time.toNanos() / 10 * 9;
    return this;
  }

  /**
   * Sends a heartbeat after half of the peer's idle time-out in which nothing was sent. [AMQP
   * 2.4.5]
   *
   * @param time the peer's idle time-out; zero for none
   * @return this
   */
  public Liveness peerIdleTimeout(Duration time) {
    heartbeat = time.toNanos() / 2;
    return this;
  }

  /**
   * Treats the connection as dead when nothing arrived for this long, whether anything is owed or
   * not.
   *
   * @param time the idle time-out announced to the peer; zero for no such limit
   * @return this
   */
  public Liveness idleTimeout(Duration time) {
    idleTimeout = time.toNanos();
    return this;
  }

  /** Begins. The times for idle connections must be set before. */
  public void start() {
    loop.assertInLoop();
    running = true;
    check();
  }

  /** Ends and cancels its alarm. */
  public void stop() {
    running = false;
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  private void owed(long since) {
    if (running && (alarm == null || alarmAt - (since + pingAfter) > 0)) {
      schedule(since + pingAfter, since);
    }
  }

  private void check() {
    alarm = null;
    if (!running) {
      return;
    }
    long now = loop.nanoTime();
    if (pinging && peer.lastReceived() != receivedAtPing) {
      pinging = false;
    }
    if ((pinging && now - (pingedAt + grace) >= 0)
        || (idleTimeout != 0 && now - (peer.lastReceived() + idleTimeout) >= 0)) {
      stop();
      peer.dead(Duration.ofNanos(now - peer.lastReceived()));
      return;
    }
    if (!pinging && pingDue() && now - pingAt() >= 0) {
      pinging = true;
      pingedAt = now;
      receivedAtPing = peer.lastReceived();
      grace = pingTimeout + debts.slowestTransfer();
      peer.ping();
    }
    if (running && heartbeat != 0 && now - (peer.lastSent() + heartbeat) >= 0) {
      peer.heartbeat();
    }
    if (running) {
      scheduleNext(now);
    }
  }

  /** Whether a ping will be due if nothing happens. */
  private boolean pingDue() {
    return keepAlive != 0 || debts.anyOwed();
  }

  private long pingAt() {
    if (!debts.anyOwed()) {
      return peer.lastSent() + keepAlive;
    }
    long owed = debts.owedSince();
    long quiet = peer.lastReceived() - owed > 0 ? peer.lastReceived() : owed;
    return keepAlive == 0
        ? quiet + pingAfter
        : earlier(quiet + pingAfter, peer.lastSent() + keepAlive);
  }

  private void scheduleNext(long now) {
    long soon = now + pingAfter;
    boolean due = pinging || pingDue() || heartbeat != 0 || idleTimeout != 0;
    if (!due) {
      return;
    }
    long next = now + Long.MAX_VALUE / 4;
    if (pinging) {
      next = pingedAt + grace;
      if (keepAlive != 0 && pingedAt + keepAlive - now > 0) {
        // A keep-alive shorter than the wait for the answer continues after the answer.
        next = earlier(next, pingedAt + keepAlive);
      }
    } else if (pingDue()) {
      next = pingAt();
    }
    if (heartbeat != 0) {
      long at = peer.lastSent() + heartbeat;
      // A ping for which the connection had no room is not due again immediately.
      next = earlier(next, at - now > 0 ? at : soon);
    }
    if (idleTimeout != 0) {
      next = earlier(next, peer.lastReceived() + idleTimeout);
    }
    schedule(next, now);
  }

  private static long earlier(long one, long other) {
    return one - other < 0 ? one : other;
  }

  private void schedule(long at, long now) {
    if (alarm != null) {
      alarm.cancel();
    }
    alarmAt = at;
    alarm = loop.schedule(Duration.ofNanos(Math.max(0, at - now)), this::check);
  }
}
