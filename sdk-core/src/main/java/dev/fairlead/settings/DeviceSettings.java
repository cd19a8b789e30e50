package dev.fairlead.settings;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxLimits;
import dev.fairlead.RateLimit;
import dev.fairlead.auth.Credentials;
import dev.fairlead.spi.OutboxStore;
import java.util.Optional;

/**
 * What the application set for one device, immutable.
 *
 * @param hubHost the hub's name in its connection string
 * @param parentHost the parent's name in its connection string
 * @param identity who connects
 * @param credentials how it authenticates
 * @param session how its sessions are kept
 * @param outbox the outbox's bounds
 * @param outboxStore keeps the outbox across restarts
 * @param rate how fast it sends telemetry
 * @param strictOrder one message at a time
 * @param modelId the Plug and Play model
 */
public record DeviceSettings(
    Optional<String> hubHost,
    Optional<String> parentHost,
    DeviceIdentity identity,
    Credentials credentials,
    SessionSettings session,
    OutboxLimits outbox,
    Optional<OutboxStore> outboxStore,
    Optional<RateLimit> rate,
    boolean strictOrder,
    Optional<String> modelId) {}
