package dev.fairlead.tck;

import dev.fairlead.Protocol;

/** The contract on the in-memory transport as AMQP declares itself: it renews in place. */
class InMemoryAmqpTest extends TransportContract {
  @Override
  protected TransportHarness newHarness() {
    return new InMemoryHarness(Protocol.AMQP, transport -> transport.renewingInPlace());
  }
}
