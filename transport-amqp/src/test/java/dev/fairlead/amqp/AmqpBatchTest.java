package dev.fairlead.amqp;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.tck.LocalHubHarness;
import dev.fairlead.tck.TelemetryContract;
import dev.fairlead.tck.TransportHarness;

/** With batches, as is the default. */
class AmqpBatchTest extends TelemetryContract {
  @Override
  protected TransportHarness newHarness() {
    return LocalHubHarness.start(new AmqpTransport(), new Route(Protocol.AMQP, Carrier.TCP, 5671));
  }
}
