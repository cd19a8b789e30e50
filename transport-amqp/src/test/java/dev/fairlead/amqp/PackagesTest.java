package dev.fairlead.amqp;

import dev.fairlead.peers.architecture.ModuleRules;
import org.junit.jupiter.api.Test;

class PackagesTest {
  @Test
  void packagesKeepTheRules() {
    ModuleRules.of(AmqpTransport.class).check();
  }
}
