package dev.fairlead.localhub.https;

import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.cloud.LockedMessage;
import dev.fairlead.localhub.registry.HubDevice;
import java.time.Duration;
import java.util.function.Predicate;

/** A device's operations on its C2D queue (page "Understand cloud-to-device messaging"). */
final class CloudMessages {

  /** A lock taken over HTTPS is not tied to a connection: only time and settlement end it. */
  private static final Object NO_CONNECTION = "https";

  private CloudMessages() {}

  /** {@code GET …/messages/deviceBound}: the oldest message, locked, or 204. */
  static Answer receive(HubDevice device, Duration lock) {
    return device
        .cloudQueue()
        .lockNext(NO_CONNECTION, lock)
        .map(locked -> answer(device, locked))
        .orElse(Answer.NO_CONTENT);
  }

  private static Answer answer(HubDevice device, LockedMessage locked) {
    return new Answer(
        200,
        HeaderProperties.ofCloudMessage(device.deviceId(), locked),
        locked.queued().message().body());
  }

  /** {@code DELETE …/messages/deviceBound/{lock token}}. */
  static Answer complete(HubDevice device, String lockToken) {
    return settle(device.cloudQueue()::complete, lockToken);
  }

  /** {@code DELETE …/messages/deviceBound/{lock token}?reject}. */
  static Answer reject(HubDevice device, String lockToken) {
    return settle(device.cloudQueue()::reject, lockToken);
  }

  /** {@code POST …/messages/deviceBound/{lock token}/abandon}. */
  static Answer abandon(HubDevice device, String lockToken) {
    return settle(device.cloudQueue()::abandon, lockToken);
  }

  private static Answer settle(Predicate<String> queue, String lockToken) {
    if (queue.test(lockToken)) {
      return Answer.NO_CONTENT;
    }
    throw new LocalHubException(
        412002,
        "No message is locked by this token: it was settled, or the lock has"
            + " expired. Receive it again.");
  }
}
