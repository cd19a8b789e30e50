package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Credential;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/** Why this machine's clock may be wrong. A doubt never prevents a credential from being shown. */
final class ClockDoubt {
  private ClockDoubt() {}

  /**
   * The evidence of a failure and those suppressed in it; after a pass through the plan, that of
   * any route counts.
   */
  static Optional<String> of(HubException failure) {
    return Stream.concat(Stream.of(failure), Stream.of(failure.getSuppressed()))
        .flatMap(one -> evidence(one).stream())
        .findFirst();
  }

  private static Optional<String> evidence(Throwable failure) {
    if (failure instanceof UnreachableException unreachable) {
      return unreachable.clockEvidence();
    }
    return failure instanceof UnauthorizedException refused
        ? refused.clockEvidence()
        : Optional.empty();
  }

  /** Whether the dates of a credential contradict this clock. */
  static Optional<String> of(Credential credential, Instant now) {
    if (credential instanceof Credential.Token token) {
      return now.isBefore(token.expiry())
          ? Optional.empty()
          : Optional.of(
              "The token ended at "
                  + token.expiry()
                  + " by this machine's clock, which says "
                  + now
                  + ". Supply a newer token, or correct the clock.");
    }
    return ((Credential.Certificate) credential)
        .chain().stream().flatMap(each -> of(each, now).stream()).findFirst();
  }

  private static Optional<String> of(X509Certificate certificate, Instant now) {
    Instant from = certificate.getNotBefore().toInstant();
    Instant until = certificate.getNotAfter().toInstant();
    String whose = "The certificate of " + certificate.getSubjectX500Principal();
    if (now.isBefore(from)) {
      return Optional.of(
          whose
              + " is valid only from "
              + from
              + ", and this machine's clock says "
              + now
              + ". Correct the clock, or wait.");
    }
    return now.isAfter(until)
        ? Optional.of(
            whose
                + " expired at "
                + until
                + ", and this machine's clock says "
                + now
                + ". Supply a renewed certificate, or correct the clock.")
        : Optional.empty();
  }
}
