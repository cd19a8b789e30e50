package dev.fairlead.outbox;

import java.time.Duration;

/**
 * How long messages may wait for others, to be sent together.
 *
 * @param linger positive
 * @param bytes when messages of this size in all are queued, they are sent immediately; positive
 */
public record Batching(Duration linger, int bytes) {}
