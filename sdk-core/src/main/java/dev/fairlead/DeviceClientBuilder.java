package dev.fairlead;

import dev.fairlead.client.RealDeviceClient;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.settings.ConnectionSettings;
import dev.fairlead.settings.DeviceSettings;
import dev.fairlead.settings.SessionSettings;

/**
 * Builds a {@link DeviceClient} with a connection of its own. Required are the hub's host, an
 * identity and credentials, and a connection string holds all three. Not safe for several threads.
 */
public final class DeviceClientBuilder extends DeviceOptions<DeviceClientBuilder>
    implements ConnectionOptions<DeviceClientBuilder> {
  final ConnectionFields connection = new ConnectionFields(TransportPolicy.singleDevice());

  DeviceClientBuilder() {
    super(SessionSettings.defaults());
  }

  @Override
  DeviceClientBuilder self() {
    return this;
  }

  @Override
  DeviceClient built(DeviceSettings device, Handlers handlers) {
    ConnectionSettings settings = connection.settings();
    String hubHost =
        settings
            .hubHost()
            .or(device::hubHost)
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "The hub's host name is missing. Call connectionString(…) or host(…)."));
    String dialHost = settings.parentHost().or(device::parentHost).orElse(hubHost);
    return new RealDeviceClient(new ClientSettings(hubHost, dialHost, settings, device), handlers);
  }
}
