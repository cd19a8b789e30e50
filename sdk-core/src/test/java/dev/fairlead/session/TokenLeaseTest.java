package dev.fairlead.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Secret;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TokenLeaseTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final Clocks clocks = new Clocks();
  private final Random random = new Random(1);

  /** A loop's two clocks, set by hand. */
  private static final class Clocks implements Loop {
    Instant wall = Instant.parse("2026-01-01T00:00:00Z");
    long nanos = Long.MAX_VALUE - 5; // near the end of the range

    void pass(Duration time) {
      wall = wall.plus(time);
      nanos += time.toNanos();
    }

    @Override
    public void execute(Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Alarm schedule(Duration delay, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public Instant now() {
      return wall;
    }

    @Override
    public long nanoTime() {
      return nanos;
    }
  }

  private TokenLease lease(Duration life) {
    return lease("text", life);
  }

  private TokenLease lease(String text, Duration life) {
    return TokenLease.of(
        new Credential.Token(Secret.of(text), clocks.wall.plus(life)), clocks, random);
  }

  @Test
  void isFreshForAShareThatIsDrawn() {
    Set<Duration> drawn = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      Duration fresh = lease(HOUR).untilRenewal(clocks).orElseThrow();
      assertThat(fresh).isBetween(Duration.ofMinutes(45), Duration.ofMinutes(51));
      drawn.add(fresh);
    }
    assertThat(drawn).hasSizeGreaterThan(190);
  }

  @Test
  void isDueByWhicheverClockSaysSoFirst() {
    TokenLease lease = lease(HOUR);
    clocks.pass(Duration.ofMinutes(44));
    assertThat(lease.isFresh(clocks)).isTrue();
    clocks.wall = clocks.wall.minus(Duration.ofHours(5)); // set back: nothing is gained
    assertThat(lease.isFresh(clocks)).isTrue();
    clocks.pass(Duration.ofMinutes(7));
    assertThat(lease.isFresh(clocks)).isFalse();
    assertThat(lease.untilExpiry(clocks)).contains(Duration.ofMinutes(9));

    TokenLease other = lease(HOUR);
    clocks.wall = clocks.wall.plus(Duration.ofMinutes(52)); // set forward: less is left
    assertThat(other.isFresh(clocks)).isFalse();
    assertThat(other.untilExpiry(clocks)).contains(Duration.ofMinutes(8));
  }

  @Test
  void aTokenThatHasEndedByThisClockHasNoKnownLife() {
    TokenLease lease = lease(Duration.ofMinutes(-1));
    assertThat(lease.untilRenewal(clocks)).isEmpty();
    assertThat(lease.untilExpiry(clocks)).isEmpty();
    assertThat(lease.isFresh(clocks)).isFalse();
  }

  @Test
  void anyExpiryIsTaken() {
    TokenLease longest =
        TokenLease.of(new Credential.Token(Secret.of("a"), Instant.MAX), clocks, random);
    assertThat(longest.isFresh(clocks)).isTrue();
    assertThat(longest.untilRenewal(clocks).orElseThrow()).isPositive();
    TokenLease shortest =
        TokenLease.of(new Credential.Token(Secret.of("a"), Instant.MIN), clocks, random);
    assertThat(shortest.isFresh(clocks)).isFalse();
  }

  @Test
  void onlyAnotherTokenThatLastsLongerIsWorthARenewal() {
    TokenLease lease = lease("one", HOUR);
    assertThat(lease.isOutlastedBy(lease("one", HOUR))).isFalse();
    assertThat(lease.isOutlastedBy(lease("two", HOUR))).isFalse();
    assertThat(lease.isOutlastedBy(lease("two", HOUR.minusSeconds(1)))).isFalse();
    assertThat(lease.isOutlastedBy(lease("two", HOUR.plusSeconds(1)))).isTrue();
  }

  @Test
  void aStepOfTheWallClockIsNoticedOnceAndSlewingIsNot() {
    ClockWatch watch = new ClockWatch(clocks, () -> {});
    clocks.pass(Duration.ofDays(100));
    assertThat(watch.step()).isEmpty();
    clocks.wall = clocks.wall.plusSeconds(9);
    assertThat(watch.step()).isEmpty();
    clocks.wall = clocks.wall.plus(Duration.ofDays(20_000));
    assertThat(watch.step()).contains(Duration.ofDays(20_000));
    assertThat(watch.step()).isEmpty();
    clocks.wall = clocks.wall.minus(HOUR);
    assertThat(watch.step()).contains(HOUR.negated());
  }
}
