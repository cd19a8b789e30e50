package dev.fairlead.settings;

import dev.fairlead.RateLimit;
import java.util.Optional;

/**
 * What the application set for a gateway, immutable.
 *
 * @param connection the connections of all devices
 * @param session the defaults of the devices' sessions; its retry policy and open time-out are also
 *     those of the connections
 * @param rate how fast all devices together send telemetry
 */
public record GatewaySettings(
    ConnectionSettings connection, SessionSettings session, Optional<RateLimit> rate) {}
