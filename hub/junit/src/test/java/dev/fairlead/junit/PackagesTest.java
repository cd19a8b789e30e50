package dev.fairlead.junit;

import dev.fairlead.peers.architecture.ModuleRules;
import org.junit.jupiter.api.Test;

class PackagesTest {
  @Test
  void packagesKeepTheRules() {
    ModuleRules.of(LocalHubExtension.class).check();
  }
}
