package dev.fairlead.outbox;

import java.time.Duration;

/**
 * How long messages may wait for others, to be sent together.
 *
 * @param linger positive
 * @param bytes when so many bytes of messages are queued, they are sent at once; positive
 */
public record Batching(Duration linger, int bytes) {}
