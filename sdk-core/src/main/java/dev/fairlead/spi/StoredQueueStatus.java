package dev.fairlead.spi;

import dev.fairlead.DeviceIdentity;
import java.time.Instant;
import java.util.Optional;

/**
 * The stored messages of one identity, in numbers.
 *
 * @param identity whose messages
 * @param hubHost the hub that they are for
 * @param messages how many there are
 * @param bytes their size in all, as {@link dev.fairlead.TelemetryMessage#size()} counts
 * @param lastSequence the largest number that any message of the identity ever had, 0 if there was
 *     none
 * @param oldest when the oldest was stored, by the machine's clock at that time
 */
public record StoredQueueStatus(
    DeviceIdentity identity,
    String hubHost,
    long messages,
    long bytes,
    long lastSequence,
    Optional<Instant> oldest) {}
