package dev.fairlead.amqp;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.tck.LocalHubHarness;
import dev.fairlead.tck.TransportContract;
import dev.fairlead.tck.TransportHarness;

/** One message to a transfer, because the hub's faults count transfers. */
class AmqpWebSocketContractTest extends TransportContract {
  @Override
  protected TransportHarness newHarness() {
    return LocalHubHarness.start(
        new AmqpTransport(
            AmqpOptions.builder()
                .batchBytes(0)
                .ping(TransportHarness.SILENCE, TransportHarness.SILENCE)
                .build()),
        new Route(Protocol.AMQP_WS, Carrier.WEBSOCKET, 443));
  }
}
