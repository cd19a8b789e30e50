package dev.fairlead.session;

import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A credential with its issue and its expiry on both clocks. It is tied to the session that showed
 * it. A certificate, and a token that had already expired by this machine's clock when it was
 * issued, have no known lifetime, so there is no time to renew them. Immutable.
 */
final class TokenLease {
  /**
   * Shares of a token's life after which it is renewed; drawn at random, so that a fleet does not
   * renew all at once.
   */
  static final double EARLIEST = 0.75;

  static final double LATEST = 0.85;

  /** Nothing is planned beyond it; this keeps the arithmetic from overflowing. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private final Credential credential;
  private final @Nullable Instant expiry;
  private final Instant issuedWall;
  private final long issuedNanos;

  /** From issue to expiry; null if it is not known. */
  private final @Nullable Duration life;

  /** From issue to renewal; null if the lifetime is not known. */
  private final @Nullable Duration freshLife;

  private TokenLease(
      Credential credential, Instant issuedWall, long issuedNanos, double renewalShare) {
    this.credential = credential;
    this.issuedWall = issuedWall;
    this.issuedNanos = issuedNanos;
    expiry = credential instanceof Credential.Token token ? token.expiry() : null;
    life =
        expiry != null && expiry.isAfter(issuedWall)
            ? shorter(Duration.between(issuedWall, expiry), LONGEST)
            : null;
    freshLife = life == null ? null : Duration.ofNanos((long) (life.toNanos() * renewalShare));
  }

  static TokenLease of(Credential credential, Loop clocks, RandomGenerator random) {
    double share = EARLIEST + (LATEST - EARLIEST) * random.nextDouble();
    return new TokenLease(credential, clocks.now(), clocks.nanoTime(), share);
  }

  Credential credential() {
    return credential;
  }

  /** When it ends by its issuer's clock; empty for a certificate. */
  Optional<Instant> expiry() {
    return Optional.ofNullable(expiry);
  }

  /**
   * How long until it is to be renewed, by the earlier of the two clocks: if the wall clock was set
   * forward, less time is left; if it was set back, nothing changes.
   *
   * @return zero or negative when it is due; empty if that is unknown
   */
  Optional<Duration> untilRenewal(Loop clocks) {
    return freshLife == null ? Optional.empty() : Optional.of(left(freshLife, clocks));
  }

  /** How long until it ends, in the same way. */
  Optional<Duration> untilExpiry(Loop clocks) {
    return life == null ? Optional.empty() : Optional.of(left(life, clocks));
  }

  private Duration left(Duration of, Loop clocks) {
    Duration byWall = Duration.between(clocks.now(), issuedWall.plus(of));
    Duration byNanos = of.minusNanos(clocks.nanoTime() - issuedNanos);
    return shorter(byWall, byNanos);
  }

  /** Whether a new session may show it: it is not to be renewed yet. */
  boolean isFresh(Loop clocks) {
    return expiry == null
        || untilRenewal(clocks).map(left -> left.compareTo(Duration.ZERO) > 0).orElse(false);
  }

  /** Whether another one shows the same certificate or token. */
  boolean isSame(TokenLease other) {
    if (credential instanceof Credential.Certificate mine
        && other.credential instanceof Credential.Certificate its) {
      return mine.chain().equals(its.chain()); // A key in a security module equals only itself.
    }
    return credential.equals(other.credential);
  }

  /** Whether another token is worth a renewal: it is a different one and lasts longer. */
  boolean isOutlastedBy(TokenLease other) {
    return expiry != null
        && other.expiry != null
        && !other.credential.equals(credential)
        && other.expiry.isAfter(expiry);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
