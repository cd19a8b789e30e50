package dev.fairlead.outbox;

import dev.fairlead.Progress;
import dev.fairlead.TelemetryMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A message in the outbox and what became of it so far. Guarded by the outbox's lock. */
final class Entry {
  static final Comparator<Entry> BY_EXPIRY =
      Comparator.<Entry>comparingLong(entry -> entry.expiresNanos)
          .thenComparingLong(entry -> entry.sequence);

  private static final int OVERHEAD = 600;
  private static final int PROPERTY_OVERHEAD = 160;

  /** How far the store is with a message. */
  enum Storing {
    /** Not to be stored, or that has failed. */
    NONE,
    /** Not passed to the store yet. */
    PENDING,
    /** Passed to the store, which has not answered. */
    BEGUN,
    /** A restart would find the message. */
    DONE
  }

  final long sequence;
  final TelemetryMessage message;
  private final int cost;

  /** Null for a message whose outcome goes to the listener. */
  final @Nullable CompletableFuture<Void> outcome;

  /** Completes with the number when the message is stored; null if nobody asked. */
  @Nullable CompletableFuture<Long> kept;

  /** Written under the outbox's lock, apart from {@link Storing#BEGUN}. */
  volatile Storing storing = Storing.NONE;

  /** How long it may wait in all, as the store keeps it. */
  final @Nullable Duration timeToLive;

  /** Whether the client was closed before the message was stored, and its futures wait for that. */
  boolean leftOver;

  /** When the message was added, by this machine's clock at that time; null without a store. */
  final @Nullable Instant addedAt;

  /** On the monotonic clock, as {@link ExpiryWatch} counts. */
  final long expiresNanos;

  /** The lease's handle while a session holds the message; null while it waits. */
  @Nullable LeasedEnvelope holder;

  /** The lease that has asked for {@link #wireSize}. */
  @Nullable Lease measuredBy;

  long wireSize;

  /** Whether the hub may have it, or may receive it from the next run. */
  boolean maybeSent;

  /** Whether nothing else was in flight with it since it was taken. */
  boolean alone;

  /** How many messages were taken up to this one, kept by {@link Window}. */
  long takenAs;

  /** Whether the hub has already acknowledged the message and receives it again as a probe. */
  boolean repetition;

  /** Why the store could not keep it; fails the message unless the hub takes it first. */
  @Nullable Throwable notSaved;

  boolean done;

  Entry(
      long sequence,
      TelemetryMessage message,
      @Nullable CompletableFuture<Void> outcome,
      @Nullable Instant addedAt,
      @Nullable Duration timeToLive,
      long expiresNanos) {
    this.sequence = sequence;
    this.addedAt = addedAt;
    this.timeToLive = timeToLive;
    this.message = message;
    cost = costOf(message);
    this.outcome = outcome;
    this.expiresNanos = expiresNanos;
  }

  /** The same message once more, without a future. */
  Entry repeated() {
    Entry again = new Entry(sequence, message, null, addedAt, null, Long.MAX_VALUE);
    again.repetition = true;
    return again;
  }

  /**
   * What a message costs while it is queued, in bytes of heap: {@link TelemetryMessage#size()} and
   * an estimate of the objects around it. Measured on a 64-bit JVM: 0.4 to 0.6 KB for a message,
   * 0.16 to 0.2 KB for a property.
   */
  static int costOf(TelemetryMessage message) {
    int properties = message.properties().size() + message.systemProperties().size();
    return message.size() + OVERHEAD + properties * PROPERTY_OVERHEAD;
  }

  boolean isStored() {
    return storing == Storing.DONE;
  }

  int cost() {
    return cost;
  }

  Progress progress() {
    return maybeSent ? Progress.MAYBE_SENT : Progress.NOT_SENT;
  }
}
