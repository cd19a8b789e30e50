package dev.fairlead.auth;

import dev.fairlead.DeviceIdentity;
import java.util.Locale;
import java.util.Objects;

/**
 * The audience of a credential: an identity at a hub. Immutable.
 *
 * @param hubHost the hub's own host name, even if a gateway is dialled
 * @param identity who connects
 */
public record Audience(String hubHost, DeviceIdentity identity) {
  /** Checks that the host name is nothing but a host name. */
  public Audience {
    HostName.check("The hub's host name", hubHost);
    Objects.requireNonNull(identity, "identity");
  }

  /**
   * The resource as a token's {@code sr} field names it: {@code host/devices/id} or {@code
   * host/devices/id/modules/id}, percent-encoded with its slashes. The host is in lower case, ids
   * keep theirs. Source: IoT Hub, "Control access to IoT Hub with shared access signatures".
   *
   * @return the encoded text, exactly as it is signed
   */
  public String resource() {
    return PercentEncoding.encode(path());
  }

  /** The same before encoding. */
  String path() {
    String device = hubHost.toLowerCase(Locale.ROOT) + "/devices/" + identity.deviceId();
    return identity.moduleId().map(module -> device + "/modules/" + module).orElse(device);
  }
}
