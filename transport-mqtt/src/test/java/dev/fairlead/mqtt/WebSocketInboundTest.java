package dev.fairlead.mqtt;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.localhub.LocalHub;

/** The same over WebSockets. */
class WebSocketInboundTest extends InboundTest {
  @Override
  Route route() {
    return new Route(Protocol.MQTT_WS, Carrier.WEBSOCKET, 443);
  }

  @Override
  int port(LocalHub of) {
    return of.httpsPort();
  }
}
