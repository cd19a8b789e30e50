package dev.fairlead.mqtt;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.tck.LocalHubHarness;
import dev.fairlead.tck.TransportContract;
import dev.fairlead.tck.TransportHarness;

/** MQTT over WebSockets keeps the contract of all transports. */
class MqttWebSocketContractTest extends TransportContract {
  @Override
  protected TransportHarness newHarness() {
    return LocalHubHarness.start(
        new MqttTransport(
            MqttOptions.builder().ping(TransportHarness.SILENCE, TransportHarness.SILENCE).build()),
        new Route(Protocol.MQTT_WS, Carrier.WEBSOCKET, 443));
  }
}
