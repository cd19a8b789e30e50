package dev.fairlead;

import java.time.Instant;
import java.util.Optional;

/**
 * What became of a message of a durable outbox that has no future: one that an earlier run of the
 * process left, or one that was passed to {@link DeviceClient#store}.
 *
 * @param number the message's number in its identity's outbox, as {@link DeviceClient#store}
 *     returned it
 * @param message the message; empty if it was damaged on the disk
 * @param storedAt when it was passed to the client, by the machine's clock at that time, which may
 *     have been wrong; empty if the message was damaged
 * @param failure why it was not delivered; empty if the hub has acknowledged it
 */
public record StoredOutcome(
    long number,
    Optional<TelemetryMessage> message,
    Optional<Instant> storedAt,
    Optional<HubException> failure) {}
