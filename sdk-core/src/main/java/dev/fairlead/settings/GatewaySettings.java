package dev.fairlead.settings;

/**
 * What the application set for a gateway, immutable.
 *
 * @param connection the connections of all devices
 * @param session the defaults of the devices' sessions; its retry policy and open time-out are also
 *     those of the connections
 */
public record GatewaySettings(ConnectionSettings connection, SessionSettings session) {}
