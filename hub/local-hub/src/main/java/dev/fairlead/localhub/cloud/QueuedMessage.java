package dev.fairlead.localhub.cloud;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.SentMessage;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A C2D message in a queue. Its mutable fields are guarded by the queue. */
public final class QueuedMessage implements SentMessage {

  private final CloudQueue queue;
  private final CloudToDeviceMessage message;
  private final String messageId;
  private final long sequence;
  private final Instant enqueuedAt;
  private final Instant expiry;
  private final CompletableFuture<Feedback> feedback = new CompletableFuture<>();

  DeliveryState state = DeliveryState.ENQUEUED;
  int deliveryCount;
  boolean handedOut;
  @Nullable Object holder;
  @Nullable String lockToken;
  HubTime.@Nullable Scheduled lockTimer;
  HubTime.@Nullable Scheduled expiryTimer;

  QueuedMessage(
      CloudQueue queue,
      CloudToDeviceMessage message,
      String messageId,
      long sequence,
      Instant enqueuedAt,
      Instant expiry) {
    this.queue = queue;
    this.message = message;
    this.messageId = messageId;
    this.sequence = sequence;
    this.enqueuedAt = enqueuedAt;
    this.expiry = expiry;
  }

  /** The message as sent. */
  public CloudToDeviceMessage message() {
    return message;
  }

  /** Its sequence number in the queue, from 1. */
  public long sequence() {
    return sequence;
  }

  /** When it was sent. */
  public Instant enqueuedAt() {
    return enqueuedAt;
  }

  /** When it expires. */
  public Instant expiry() {
    return expiry;
  }

  @Override
  public String messageId() {
    return messageId;
  }

  @Override
  public DeliveryState state() {
    return queue.stateOf(this);
  }

  @Override
  public int deliveryCount() {
    return queue.deliveryCountOf(this);
  }

  /** A view that only the hub can complete. */
  @Override
  public CompletableFuture<Feedback> feedback() {
    return feedback.copy();
  }

  void settle(Feedback outcome) {
    feedback.complete(outcome);
  }

  @Override
  public String toString() {
    return "QueuedMessage[#" + sequence + " " + messageId + "]";
  }
}
