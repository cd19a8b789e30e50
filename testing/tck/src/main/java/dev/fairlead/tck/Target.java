package dev.fairlead.tck;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Secret;

/**
 * Whom to connect as, and where.
 *
 * @param hubHost the hub's name, as in tokens
 * @param identity the device
 * @param key its symmetric key, in base64
 * @param endpoint where to dial
 */
public record Target(String hubHost, DeviceIdentity identity, Secret key, Endpoint endpoint) {}
