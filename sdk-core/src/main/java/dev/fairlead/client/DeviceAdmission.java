package dev.fairlead.client;

import dev.fairlead.DeviceClient;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.settings.DeviceSettings;
import dev.fairlead.settings.SessionSettings;

/** How a device's builder calls its gateway. */
public interface DeviceAdmission {
  /**
   * The settings for sessions of a device that sets nothing itself.
   *
   * @return the gateway's settings
   */
  SessionSettings defaults();

  /**
   * Creates the client of a device and adds it to the gateway.
   *
   * @param device what its builder holds
   * @param handlers its handlers
   * @return the client
   * @throws IllegalStateException if the gateway is closed, connects to another hub, or has a
   *     client of this identity already
   * @throws dev.fairlead.policy.NoRouteException if no route is left for this device
   */
  DeviceClient admit(DeviceSettings device, Handlers handlers);
}
