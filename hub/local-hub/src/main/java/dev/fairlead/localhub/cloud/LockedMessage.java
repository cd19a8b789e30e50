package dev.fairlead.localhub.cloud;

/**
 * A C2D message that was delivered to a device.
 *
 * @param queued the message
 * @param lockToken settles the message while the lock lasts
 * @param redelivered whether it was delivered before
 */
public record LockedMessage(QueuedMessage queued, String lockToken, boolean redelivered) {}
