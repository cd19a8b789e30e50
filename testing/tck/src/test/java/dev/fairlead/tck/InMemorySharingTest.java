package dev.fairlead.tck;

import dev.fairlead.Protocol;

class InMemorySharingTest extends MultiplexContract {
  @Override
  protected MultiplexHarness newHarness() {
    return new InMemoryFleet(Protocol.AMQP);
  }
}
