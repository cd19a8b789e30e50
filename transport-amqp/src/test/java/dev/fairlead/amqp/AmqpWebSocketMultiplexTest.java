package dev.fairlead.amqp;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.tck.LocalHubFleet;
import dev.fairlead.tck.MultiplexContract;
import dev.fairlead.tck.MultiplexHarness;

/** A small window, so that a flood takes its time. */
class AmqpWebSocketMultiplexTest extends MultiplexContract {
  @Override
  protected MultiplexHarness newHarness() {
    return LocalHubFleet.start(
        new AmqpTransport(AmqpOptions.builder().window(20, 64 * 1024).build()),
        new Route(Protocol.AMQP_WS, Carrier.WEBSOCKET, 443));
  }
}
