package dev.fairlead.sqlite;

import dev.fairlead.peers.architecture.ModuleRules;
import org.junit.jupiter.api.Test;

class PackagesTest {
  @Test
  void packagesKeepTheRules() {
    ModuleRules.of(SqliteOutboxStore.class).check();
  }
}
