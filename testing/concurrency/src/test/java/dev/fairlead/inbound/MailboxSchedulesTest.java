package dev.fairlead.inbound;

import dev.fairlead.concurrency.Explorer;
import dev.fairlead.concurrency.Scenario;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MailboxSchedulesTest {
  @ParameterizedTest
  @ValueSource(classes = {MailboxScenarios.States.class, MailboxScenarios.StoredOutcomes.class})
  void keepsItsPromises(Class<? extends Scenario> scenario) {
    Explorer.explore(scenario, 150);
  }
}
