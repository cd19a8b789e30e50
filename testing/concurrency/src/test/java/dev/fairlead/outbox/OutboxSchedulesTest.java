package dev.fairlead.outbox;

import dev.fairlead.concurrency.Explorer;
import dev.fairlead.concurrency.Scenario;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutboxSchedulesTest {
  @ParameterizedTest
  @ValueSource(
      classes = {
        OutboxScenarios.Blocking.class,
        OutboxScenarios.BlockedAndClosed.class,
        OutboxScenarios.Revoked.class,
        OutboxScenarios.DropOldest.class,
        OutboxScenarios.Expiry.class,
        OutboxScenarios.WhenRoom.class,
        OutboxScenarios.SharedBudget.class,
        OutboxScenarios.BudgetAndClose.class,
        OutboxScenarios.BudgetOfAnother.class,
        OutboxScenarios.SharedRate.class,
        OutboxScenarios.OneToken.class
      })
  void keepsItsPromises(Class<? extends Scenario> scenario) {
    Explorer.explore(scenario, 150);
  }
}
