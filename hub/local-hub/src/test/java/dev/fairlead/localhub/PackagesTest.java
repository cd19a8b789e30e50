package dev.fairlead.localhub;

import dev.fairlead.peers.architecture.ModuleRules;
import org.junit.jupiter.api.Test;

class PackagesTest {
  @Test
  void packagesKeepTheRules() {
    ModuleRules.of(LocalHub.class).entries("HubProgram", "LocalHub").check();
  }
}
