package dev.fairlead.amqp;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.tck.LocalHubFleet;
import dev.fairlead.tck.MultiplexContract;
import dev.fairlead.tck.MultiplexHarness;

class AmqpWebSocketMultiplexTest extends MultiplexContract {
  @Override
  protected MultiplexHarness newHarness() {
    return LocalHubFleet.start(new AmqpTransport(), new Route(Protocol.AMQP_WS, Carrier.WEBSOCKET, 443));
  }
}
