package dev.fairlead.amqp;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.tck.LocalHubHarness;
import dev.fairlead.tck.TransportContract;
import dev.fairlead.tck.TransportHarness;

class AmqpWebSocketContractTest extends TransportContract {
  @Override
  protected TransportHarness newHarness() {
    return LocalHubHarness.start(
        new AmqpTransport(), new Route(Protocol.AMQP_WS, Carrier.WEBSOCKET, 443));
  }
}
