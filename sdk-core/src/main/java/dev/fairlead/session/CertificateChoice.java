package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which certificate is shown: the newest that was loaded, or the last that opened a session while
 * the newest one cannot. Confined to the loop.
 */
final class CertificateChoice {
  private static final Logger log = LoggerFactory.getLogger(CertificateChoice.class);

  /**
   * A certificate that opened no session is tried again after this; after a refusal twice as long.
   */
  static final Duration FIRST_PAUSE = Duration.ofMinutes(10);

  static final Duration LONGEST_PAUSE = Duration.ofDays(1);

  private final Loop loop;
  private final Uptime time;
  private @Nullable Held newest;
  private @Nullable Held proven;

  /** Why the newest could not be loaded; empty if it could. */
  private String notLoaded = "";

  /** One certificate. */
  private static final class Held {
    final TokenLease lease;

    /** Until then the other one is preferred, by {@link Uptime}. */
    long asideUntil;

    Duration pause = FIRST_PAUSE;
    Instant nextTry = Instant.EPOCH;
    String why = "";

    Held(TokenLease lease) {
      this.lease = lease;
    }
  }

  CertificateChoice(Loop loop) {
    this.loop = loop;
    time = new Uptime(loop);
  }

  /** The source has yielded a certificate. */
  void loaded(TokenLease lease) {
    notLoaded = "";
    Held held = newest;
    if (held == null || !held.lease.isSame(lease)) {
      Held known = proven;
      newest = known != null && known.lease.isSame(lease) ? known : new Held(lease);
    }
  }

  /** The source has yielded none. */
  void notLoaded(String why) {
    if (!why.equals(notLoaded)) {
      notLoaded = why;
      if (newest != null) {
        log.warn("The client stays with its certificate: {}", why);
      }
    }
  }

  /** A session is open with a certificate. */
  void accepted(TokenLease shown) {
    Held held = held(shown);
    if (held != null) {
      proven = held;
      held.asideUntil = 0;
      held.pause = FIRST_PAUSE;
      held.why = "";
    }
  }

  /** No session could be opened with a certificate. */
  void notAccepted(TokenLease shown, HubException failure) {
    Held held = held(shown);
    if (held != null && newest != proven && proven != null) {
      held.why = String.valueOf(failure.getMessage());
      held.asideUntil = time.in(held.pause);
      held.nextTry = loop.now().plus(held.pause);
      if (failure instanceof UnauthorizedException) { // Otherwise it may be the network.
        Duration doubled = held.pause.multipliedBy(2);
        held.pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
      }
      log.warn("{} opened no session: {}", name(held), held.why);
    }
  }

  private @Nullable Held held(TokenLease shown) {
    for (Held each : all()) {
      if (each.lease.isSame(shown)) {
        return each;
      }
    }
    return null;
  }

  private List<Held> all() {
    List<Held> all = new ArrayList<>(2);
    if (newest != null) {
      all.add(newest);
    }
    if (proven != null && proven != newest) {
      all.add(proven);
    }
    return all;
  }

  /** The certificate to show now; null if there is none. */
  @Nullable TokenLease choose() {
    Held best = null;
    for (Held each : all()) {
      if (best == null || (isAside(best) && each.asideUntil < best.asideUntil)) {
        best = each;
      }
    }
    return best == null ? null : best.lease;
  }

  private boolean isAside(Held held) {
    return held.asideUntil > time.now();
  }

  /** Why the newest certificate is not in use. */
  Optional<String> remark() {
    if (!notLoaded.isEmpty() && newest != null) {
      return Optional.of(
          "No newer client certificate can be loaded: "
              + notLoaded
              + " The present one stays in use.");
    }
    Held held = newest;
    return held == null || held.why.isEmpty()
        ? Optional.empty()
        : Optional.of(
            name(held)
                + " opened no session, so the one before it stays in use; the next try is at "
                + held.nextTry
                + ". Register it with the hub, or supply another one. "
                + held.why);
  }

  private static String name(Held held) {
    X509Certificate leaf = ((Credential.Certificate) held.lease.credential()).chain().get(0);
    return "The client certificate of "
        + leaf.getSubjectX500Principal()
        + ", valid from "
        + leaf.getNotBefore().toInstant()
        + " until "
        + leaf.getNotAfter().toInstant()
        + ",";
  }
}
