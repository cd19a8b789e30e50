package dev.fairlead.tck;

import dev.fairlead.Protocol;

/** The contract on the in-memory transport as HTTPS declares itself. */
class InMemoryHttpsTest extends TransportContract {
  @Override
  protected TransportHarness newHarness() {
    return new InMemoryHarness(Protocol.HTTPS, transport -> transport);
  }
}
