package dev.fairlead.client;

import dev.fairlead.DeviceClient;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.settings.DeviceSettings;
import dev.fairlead.settings.SessionSettings;

/** How the builder of a device reaches its gateway. */
public interface DeviceAdmission {
  /**
   * What holds for the sessions of a device that sets nothing itself.
   *
   * @return the gateway's settings
   */
  SessionSettings defaults();

  /**
   * Makes the client of a device and takes it in.
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
