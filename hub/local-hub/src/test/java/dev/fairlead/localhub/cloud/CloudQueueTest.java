package dev.fairlead.localhub.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.ManualHubTime;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CloudQueueTest {

  private static final Object HOLDER = new Object();

  private final ManualHubTime time = new ManualHubTime();
  private final AtomicInteger calls = new AtomicInteger();
  private CloudQueue queue = queue(10, true);

  private CloudQueue queue(int maxDeliveries, boolean everyReturnCounts) {
    return new CloudQueue(
        time,
        new CloudQueue.Rules(maxDeliveries, Duration.ofHours(1), everyReturnCounts),
        calls::incrementAndGet);
  }

  private LockedMessage lock() {
    return queue.lockNext(HOLDER).orElseThrow();
  }

  private static void assertEnd(QueuedMessage message, DeliveryState state, Feedback feedback) {
    assertThat(message.state()).isEqualTo(state);
    assertThat(message.feedback()).isCompletedWithValue(feedback);
  }

  @Test
  void goesFromEnqueuedByInvisibleToCompleted() {
    QueuedMessage message = queue.enqueue(CloudToDeviceMessage.of("x"));
    assertThat(message.state()).isEqualTo(DeliveryState.ENQUEUED);
    assertThat(message.feedback()).isNotDone();
    LockedMessage locked = lock();
    assertThat(locked.redelivered()).isFalse();
    assertThat(message.state()).isEqualTo(DeliveryState.INVISIBLE);
    assertThat(queue.lockNext(HOLDER)).isEmpty();
    assertThat(queue.complete(locked.lockToken())).isTrue();
    assertEnd(message, DeliveryState.COMPLETED, Feedback.SUCCESS);
    assertThat(queue.complete(locked.lockToken())).as("only once").isFalse();
    assertThat(queue.pending()).isZero();
  }

  @Test
  void rejectedIsDeadLettered() {
    QueuedMessage message = queue.enqueue(CloudToDeviceMessage.of("x"));
    assertThat(queue.reject(lock().lockToken())).isTrue();
    assertEnd(message, DeliveryState.DEAD_LETTERED, Feedback.REJECTED);
  }

  @Test
  void abandonedComesBackInItsPlace() {
    QueuedMessage first = queue.enqueue(CloudToDeviceMessage.of("1"));
    QueuedMessage second = queue.enqueue(CloudToDeviceMessage.of("2"));
    String token = lock().lockToken();
    assertThat(queue.abandon(token)).isTrue();
    assertThat(first.deliveryCount()).isEqualTo(1);
    LockedMessage again = lock();
    assertThat(again.queued()).isSameAs(first);
    assertThat(again.redelivered()).isTrue();
    assertThat(lock().queued()).isSameAs(second);
  }

  @Test
  void aLockHoldsForAMinute() {
    QueuedMessage message = queue.enqueue(CloudToDeviceMessage.of("x"));
    String token = lock().lockToken();
    int before = calls.get();
    time.advance(Duration.ofSeconds(59));
    assertThat(message.state()).isEqualTo(DeliveryState.INVISIBLE);
    time.advance(Duration.ofSeconds(1));
    assertThat(message.state()).isEqualTo(DeliveryState.ENQUEUED);
    assertThat(message.deliveryCount()).isEqualTo(1);
    assertThat(calls.get()).as("the device is notified").isEqualTo(before + 1);
    assertThat(queue.complete(token)).as("too late").isFalse();
    assertThat(message.feedback()).isNotDone();
  }

  @Test
  void countsReturnsOrAbandonsOnly() {
    queue = queue(2, false);
    QueuedMessage message = queue.enqueue(CloudToDeviceMessage.of("x"));
    for (int i = 0; i < 5; i++) {
      lock();
      time.advance(CloudQueue.LOCK);
    }
    lock();
    queue.release(HOLDER);
    assertThat(message.deliveryCount()).isZero();
    queue.abandon(lock().lockToken());
    assertThat(message.state()).isEqualTo(DeliveryState.ENQUEUED);
    queue.abandon(lock().lockToken());
    assertEnd(message, DeliveryState.DEAD_LETTERED, Feedback.DELIVERY_COUNT_EXCEEDED);
  }

  @Test
  void releasesOnlyWhatTheHolderHolds() {
    QueuedMessage mine = queue.enqueue(CloudToDeviceMessage.of("1"));
    QueuedMessage other = queue.enqueue(CloudToDeviceMessage.of("2"));
    lock();
    queue.lockNext(new Object());
    queue.release(HOLDER);
    assertThat(mine.state()).isEqualTo(DeliveryState.ENQUEUED);
    assertThat(other.state()).isEqualTo(DeliveryState.INVISIBLE);
  }

  @Test
  void expiresInTheQueueOrWhenItComesBack() {
    QueuedMessage waiting =
        queue.enqueue(CloudToDeviceMessage.of("1").withTimeToLive(Duration.ofSeconds(90)));
    time.advance(Duration.ofSeconds(80));
    QueuedMessage held =
        queue.enqueue(CloudToDeviceMessage.of("2").withTimeToLive(Duration.ofSeconds(30)));
    time.advance(Duration.ofSeconds(10));
    assertEnd(waiting, DeliveryState.DEAD_LETTERED, Feedback.EXPIRED);
    String token = lock().lockToken();
    time.advance(Duration.ofSeconds(40));
    assertThat(held.state()).as("a lock outlives the expiry").isEqualTo(DeliveryState.INVISIBLE);
    queue.abandon(token);
    assertEnd(held, DeliveryState.DEAD_LETTERED, Feedback.EXPIRED);
  }

  @Test
  void theDefaultTimeToLiveIsTheHubs() {
    QueuedMessage message = queue.enqueue(CloudToDeviceMessage.of("x"));
    time.advance(Duration.ofMinutes(59));
    assertThat(message.state()).isEqualTo(DeliveryState.ENQUEUED);
    time.advance(Duration.ofMinutes(1));
    assertEnd(message, DeliveryState.DEAD_LETTERED, Feedback.EXPIRED);
  }

  @Test
  void holdsFiftyLockedOnesIncluded() {
    for (int i = 0; i < 50; i++) {
      queue.enqueue(CloudToDeviceMessage.of("x"));
    }
    String token = lock().lockToken();
    refuses(CloudToDeviceMessage.of("x"), 403004);
    queue.complete(token);
    queue.enqueue(CloudToDeviceMessage.of("x"));
  }

  @Test
  void refusesWhatIsTooLargeOrTooLasting() {
    queue.enqueue(CloudToDeviceMessage.of(new byte[64 * 1024 - 4]).withProperty("ab", "cd"));
    refuses(CloudToDeviceMessage.of(new byte[64 * 1024 - 3]).withProperty("ab", "cd"), 413001);
    refuses(CloudToDeviceMessage.of("x").withTimeToLive(Duration.ofDays(2).plusSeconds(1)), 403009);
  }

  private void refuses(CloudToDeviceMessage message, int code) {
    assertThatThrownBy(() -> queue.enqueue(message))
        .isInstanceOfSatisfying(LocalHubException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void purgingEndsAll() {
    QueuedMessage locked = queue.enqueue(CloudToDeviceMessage.of("1"));
    QueuedMessage waiting = queue.enqueue(CloudToDeviceMessage.of("2"));
    String token = lock().lockToken();
    queue.purge();
    assertEnd(locked, DeliveryState.DEAD_LETTERED, Feedback.PURGED);
    assertEnd(waiting, DeliveryState.DEAD_LETTERED, Feedback.PURGED);
    assertThat(queue.complete(token)).isFalse();
  }
}
