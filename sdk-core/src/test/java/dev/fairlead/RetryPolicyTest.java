package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration NEGATIVE = Duration.ofNanos(-1);
  private static final Duration LONGEST = Duration.ofDays(365);

  private static RetryPolicy policy(Consumer<RetryPolicy.Builder> settings) {
    RetryPolicy.Builder builder = RetryPolicy.builder();
    settings.accept(builder);
    return builder.build();
  }

  private static void assertRefused(Consumer<RetryPolicy.Builder> settings, String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> policy(settings))
        .withMessageContaining(name);
  }

  @Test
  void mayTryAtOnceButNotWithoutAnyDelay() {
    RetryPolicy atOnce =
        policy(
            it ->
                it.firstSpread(Duration.ZERO)
                    .base(SECOND)
                    .cap(SECOND)
                    .stableAfter(Duration.ZERO)
                    .unauthorizedMin(Duration.ZERO)
                    .unauthorizedMax(SECOND));
    assertThat(atOnce.firstSpread()).isZero();

    assertRefused(it -> it.firstSpread(NEGATIVE), "firstSpread");
    assertRefused(it -> it.base(Duration.ZERO), "base");
    assertRefused(it -> it.base(NEGATIVE), "base");
    assertRefused(it -> it.cap(Duration.ofMillis(999)), "cap");
    assertRefused(it -> it.stableAfter(NEGATIVE), "stableAfter");
    assertRefused(it -> it.unauthorizedMin(NEGATIVE), "unauthorizedMin");
    assertRefused(it -> it.unauthorizedMax(Duration.ofSeconds(59)), "unauthorizedMax");
    assertRefused(
        it -> it.unauthorizedMin(Duration.ZERO).unauthorizedMax(Duration.ZERO), "unauthorizedMax");
  }

  @Test
  void boundsDelaysSoThatTheNextTimeCanBeSaid() {
    Duration tooLong = LONGEST.plusNanos(1);
    policy(it -> it.firstSpread(LONGEST).base(LONGEST).cap(LONGEST).unauthorizedMax(LONGEST));

    assertRefused(it -> it.firstSpread(tooLong), "firstSpread");
    assertRefused(it -> it.cap(tooLong), "cap");
    assertRefused(it -> it.unauthorizedMax(tooLong), "unauthorizedMax");
  }

  @Test
  void givesUpOnlyAfterATime() {
    assertThat(RetryPolicy.defaults().giveUpAfter()).isEmpty();
    RetryPolicy patient = policy(it -> it.giveUpAfter(SECOND));
    assertThat(patient.giveUpAfter()).hasValue(SECOND);
    assertThat(patient.toBuilder().neverGiveUp().build()).isEqualTo(RetryPolicy.defaults());

    assertRefused(it -> it.giveUpAfter(Duration.ZERO), "giveUpAfter");
  }

  @Test
  void copiesWhatWasSet() {
    RetryPolicy policy =
        RetryPolicy.eager().toBuilder().stopWhenUnauthorized(true).giveUpAfter(SECOND).build();

    assertThat(policy.toBuilder().build()).isEqualTo(policy).hasSameHashCodeAs(policy);
    assertThat(policy.toBuilder().stopWhenUnauthorized(false).neverGiveUp().build())
        .isEqualTo(RetryPolicy.eager());
    assertThat(policy)
        .hasToString(
            "after a loss within PT0.1S, after failures within PT0.1S doubling to PT2S, after a refused credential never;"
                + " gives up after PT1S");
  }

  @Test
  void hasTheStatedDefaults() {
    RetryPolicy policy = RetryPolicy.defaults();

    assertThat(policy.firstSpread()).hasSeconds(10);
    assertThat(policy.base()).hasSeconds(20);
    assertThat(policy.cap()).hasMinutes(2);
    assertThat(policy.stableAfter()).hasMinutes(1);
    assertThat(policy.unauthorizedMin()).hasMinutes(1);
    assertThat(policy.unauthorizedMax()).hasMinutes(15);
    assertThat(policy.stopWhenUnauthorized()).isFalse();
  }
}
