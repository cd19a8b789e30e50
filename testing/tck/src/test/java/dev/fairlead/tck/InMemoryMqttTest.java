package dev.fairlead.tck;

import dev.fairlead.Protocol;

/** The contract on the in-memory transport as MQTT declares itself. */
class InMemoryMqttTest extends TransportContract {
  @Override
  protected TransportHarness newHarness() {
    return new InMemoryHarness(Protocol.MQTT, transport -> transport);
  }
}
