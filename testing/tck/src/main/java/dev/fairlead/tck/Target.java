package dev.fairlead.tck;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Secret;

/**
 * The identity to connect as, and the endpoint.
 *
 * @param hubHost the hub's name, as in tokens
 * @param identity the device
 * @param key its symmetric key, in base64
 * @param endpoint the endpoint to dial
 */
public record Target(String hubHost, DeviceIdentity identity, Secret key, Endpoint endpoint) {}
