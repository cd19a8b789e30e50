package dev.fairlead;

import dev.fairlead.client.DeviceAdmission;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.settings.DeviceSettings;

/**
 * Builds a {@link DeviceClient} behind a {@link Gateway}. Required are an identity and credentials,
 * and a connection string holds both. Everything about connections is set with {@link
 * Gateway#builder()}, and so are the defaults of {@link SessionOptions}. Not safe for several
 * threads.
 */
public final class GatewayDeviceBuilder extends DeviceOptions<GatewayDeviceBuilder> {
  private final DeviceAdmission gateway;

  GatewayDeviceBuilder(DeviceAdmission gateway) {
    super(gateway.defaults());
    this.gateway = gateway;
  }

  @Override
  GatewayDeviceBuilder self() {
    return this;
  }

  @Override
  DeviceClient built(DeviceSettings device, Handlers handlers) {
    return gateway.admit(device, handlers);
  }
}
