package dev.fairlead.threads;

import dev.fairlead.concurrency.Explorer;
import dev.fairlead.concurrency.Scenario;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThreadSchedulesTest {
  @ParameterizedTest
  @ValueSource(
      classes = {
        ThreadScenarios.Serial.class,
        ThreadScenarios.Refusing.class,
        ThreadScenarios.Dropping.class,
        ThreadScenarios.Moving.class,
        ThreadScenarios.DeadlineAndAnswer.class,
        ThreadScenarios.SharedCall.class,
        ThreadScenarios.Outcomes.class,
        ThreadScenarios.AlarmAndShutdown.class
      })
  void keepsItsPromises(Class<? extends Scenario> scenario) {
    Explorer.explore(scenario, 150);
  }
}
