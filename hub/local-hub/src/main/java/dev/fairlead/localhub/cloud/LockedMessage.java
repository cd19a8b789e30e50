package dev.fairlead.localhub.cloud;

/**
 * A C2D message handed to a device.
 *
 * @param queued the message
 * @param lockToken settles it, as long as the lock holds
 * @param redelivered whether it was delivered before
 */
public record LockedMessage(QueuedMessage queued, String lockToken, boolean redelivered) {}
