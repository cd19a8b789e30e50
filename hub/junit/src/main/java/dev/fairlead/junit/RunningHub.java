package dev.fairlead.junit;

import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Trust;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import java.net.InetAddress;
import java.util.List;

/**
 * A hub and its address. Closed by the store that holds it.
 *
 * @param hub the hub
 * @param address what clients dial; the hub's certificate is valid for it
 */
record RunningHub(LocalHub hub, String address) implements AutoCloseable {

  static RunningHub start(LocalHubOptions options) {
    InetAddress bound = options.bindAddress();
    String address = bound.isAnyLocalAddress() ? "localhost" : bound.getHostAddress();
    return new RunningHub(LocalHub.start(options), address);
  }

  Endpoint endpoint(Protocol protocol) {
    return switch (protocol) {
      case MQTT -> at(hub.mqttPort());
      case AMQP -> at(hub.amqpPort());
      case MQTT_WS, AMQP_WS, HTTPS -> at(hub.httpsPort());
    };
  }

  private Endpoint at(int port) {
    return new Endpoint(address, port, Trust.only(List.of(hub.caCertificate())));
  }

  @Override
  public void close() {
    hub.close();
  }
}
