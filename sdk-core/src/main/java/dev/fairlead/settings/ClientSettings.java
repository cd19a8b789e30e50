package dev.fairlead.settings;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.MaintenanceWindow;
import dev.fairlead.Proxy;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.Trust;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.Optional;

/**
 * The settings of one client, immutable: its device, and connections of its own or of a gateway.
 *
 * @param hubHost the hub's own name
 * @param dialHost the hub's name, or the parent's
 * @param connection how the hub is reached
 * @param device the device
 */
public record ClientSettings(
    String hubHost, String dialHost, ConnectionSettings connection, DeviceSettings device) {

  public DeviceIdentity identity() {
    return device.identity();
  }

  public Endpoint endpointOf(Route route) {
    return connection.endpointOf(route, dialHost);
  }

  public String userAgent() {
    return connection.userAgent();
  }

  public Trust trust() {
    return connection.trust();
  }

  public Optional<Proxy> proxy() {
    return connection.proxy();
  }

  /** The policy of the connections with what this device adds: the kind of its credentials. */
  public TransportPolicy policy() {
    return connection.policy().toBuilder().credentialKind(device.credentials().kind()).build();
  }

  public RetryPolicy retry() {
    return device.session().retry();
  }

  public Optional<MaintenanceWindow> failBack() {
    return device.session().failBack();
  }

  public Duration openTimeout() {
    return device.session().openTimeout();
  }

  public Duration drain() {
    return device.session().drain();
  }

  public Optional<UploadProvider> uploads() {
    return device.session().uploads();
  }

  public boolean strictOrder() {
    return device.strictOrder();
  }

  public Optional<String> modelId() {
    return device.modelId();
  }
}
