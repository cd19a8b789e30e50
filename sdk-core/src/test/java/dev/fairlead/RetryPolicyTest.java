package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration NEGATIVE = Duration.ofNanos(-1);

  private static RetryPolicy policy(
      Duration firstSpread,
      Duration base,
      Duration cap,
      Duration stableAfter,
      Duration unauthorizedMin,
      Duration unauthorizedMax) {
    return new RetryPolicy(
        firstSpread,
        base,
        cap,
        stableAfter,
        unauthorizedMin,
        unauthorizedMax,
        false,
        Optional.empty());
  }

  private static void assertRefused(Runnable making, String name) {
    assertThatIllegalArgumentException().isThrownBy(making::run).withMessageContaining(name);
  }

  @Test
  void mayTryAtOnceButNotWithoutAnyDelay() {
    policy(Duration.ZERO, SECOND, SECOND, Duration.ZERO, Duration.ZERO, SECOND);

    assertRefused(() -> policy(NEGATIVE, SECOND, SECOND, SECOND, SECOND, SECOND), "firstSpread");
    assertRefused(() -> policy(SECOND, Duration.ZERO, SECOND, SECOND, SECOND, SECOND), "base");
    assertRefused(() -> policy(SECOND, NEGATIVE, SECOND, SECOND, SECOND, SECOND), "base");
    assertRefused(
        () -> policy(SECOND, SECOND, Duration.ofMillis(999), SECOND, SECOND, SECOND), "cap");
    assertRefused(() -> policy(SECOND, SECOND, SECOND, NEGATIVE, SECOND, SECOND), "stableAfter");
    assertRefused(
        () -> policy(SECOND, SECOND, SECOND, SECOND, NEGATIVE, SECOND), "unauthorizedMin");
    assertRefused(
        () -> policy(SECOND, SECOND, SECOND, SECOND, SECOND, Duration.ofMillis(999)),
        "unauthorizedMax");
    assertRefused(
        () -> policy(SECOND, SECOND, SECOND, SECOND, Duration.ZERO, Duration.ZERO),
        "unauthorizedMax");
  }

  @Test
  void boundsDelaysSoThatTheNextTimeCanBeSaid() {
    Duration longest = Duration.ofDays(365);
    Duration tooLong = longest.plusNanos(1);
    policy(longest, longest, longest, SECOND, longest, longest);

    assertRefused(() -> policy(tooLong, SECOND, SECOND, SECOND, SECOND, SECOND), "firstSpread");
    assertRefused(() -> policy(SECOND, SECOND, tooLong, SECOND, SECOND, SECOND), "cap");
    assertRefused(() -> policy(SECOND, SECOND, SECOND, SECOND, SECOND, tooLong), "unauthorizedMax");
  }

  @Test
  void givesUpOnlyAfterATime() {
    assertThat(RetryPolicy.defaults().giveUpAfter()).isEmpty();
    assertThat(RetryPolicy.defaults().givingUpAfter(SECOND).giveUpAfter()).hasValue(SECOND);

    assertRefused(() -> RetryPolicy.defaults().givingUpAfter(Duration.ZERO), "giveUpAfter");
  }

  @Test
  void changesOneThingAtATime() {
    RetryPolicy policy = RetryPolicy.eager().stoppingWhenUnauthorized().givingUpAfter(SECOND);

    assertThat(policy.stopWhenUnauthorized()).isTrue();
    assertThat(policy)
        .usingRecursiveComparison()
        .ignoringFields("stopWhenUnauthorized", "giveUpAfter")
        .isEqualTo(RetryPolicy.eager());
  }

  @Test
  void hasTheStatedDefaults() {
    assertThat(RetryPolicy.defaults())
        .isEqualTo(
            policy(
                Duration.ofSeconds(10),
                Duration.ofSeconds(1),
                Duration.ofMinutes(2),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                Duration.ofMinutes(15)));
  }
}
