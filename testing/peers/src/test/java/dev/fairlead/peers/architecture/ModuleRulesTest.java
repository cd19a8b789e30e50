package dev.fairlead.peers.architecture;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.peers.architecture.cycle.Cycle;
import dev.fairlead.peers.architecture.inside.Reaching;
import org.junit.jupiter.api.Test;

class ModuleRulesTest {
  @Test
  void packagesThatUseEachOtherAreFound() {
    assertThatThrownBy(() -> ModuleRules.of(Cycle.class).check())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Cycle detected")
        .hasMessageContaining("cycle.one.One")
        .hasMessageContaining("cycle.two.Two");
  }

  @Test
  void onlyEntryClassesReachInside() {
    assertThatThrownBy(() -> ModuleRules.of(Reaching.class).check())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Reaching uses")
        .hasMessageContaining("inside.below.Hidden");
    assertThatCode(() -> ModuleRules.of(Reaching.class).entries("Reaching").check())
        .doesNotThrowAnyException();
    assertThatCode(() -> ModuleRules.of(Reaching.class).exported("below").check())
        .doesNotThrowAnyException();
  }

  @Test
  void anEntryClassThatReachesNowhereIsFound() {
    assertThatThrownBy(
            () -> ModuleRules.of(Reaching.class).exported("below").entries("Reaching").check())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Entry classes that do not: [");
  }
}
