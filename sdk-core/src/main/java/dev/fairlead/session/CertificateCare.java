package dev.fairlead.session;

import dev.fairlead.auth.CertificateRotation;
import dev.fairlead.session.SupervisorState.Live;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client certificate of an open session: looks for a new one, says when the session is to be
 * replaced by one that shows it, and warns before it ends. Confined to the loop.
 */
final class CertificateCare {
  private static final Logger log = LoggerFactory.getLogger(CertificateCare.class);

  /** How often the time until the end is checked. */
  private static final Duration LOOK = Duration.ofHours(1);

  private final ClientSettings settings;
  private final Loop loop;
  private final Uptime time;
  private final CredentialCache credentials;
  private final RandomGenerator random;
  private final SessionSupervisor supervisor;
  private final Opener opener;

  /** The last warning, so that each session does not repeat it. */
  private String warned = "";

  CertificateCare(
      ClientSettings settings,
      Loop loop,
      Uptime time,
      CredentialCache credentials,
      RandomGenerator random,
      SessionSupervisor supervisor,
      Opener opener) {
    this.settings = settings;
    this.loop = loop;
    this.time = time;
    this.credentials = credentials;
    this.random = random;
    this.supervisor = supervisor;
    this.opener = opener;
  }

  /** What is known of one session's certificate, and when something is due. */
  static final class Watch {
    private long checkAt = Uptime.NEVER;
    private long moveAt = Uptime.NEVER;
    private long lookAt = Uptime.NEVER;
    private Optional<String> ending = Optional.empty();
    private Optional<String> notUsed = Optional.empty();

    long due() {
      return Math.min(lookAt, Math.min(checkAt, moveAt));
    }

    /** For an operator. */
    List<String> remarks() {
      List<String> remarks = new ArrayList<>(2);
      ending.ifPresent(remarks::add);
      notUsed.ifPresent(remarks::add);
      return remarks;
    }
  }

  void begin(Live live) {
    if (live.session.credential() instanceof Credential.Certificate) {
      credentials
          .rotation()
          .ifPresent(rotation -> live.certificate.checkAt = time.in(rotation.checkInterval()));
      describe(live);
    }
  }

  /** One of the moments may have come. Returns whether the session is to be replaced now. */
  boolean look(Live live) {
    Watch watch = live.certificate;
    if (watch.moveAt <= time.now()) {
      return true;
    }
    if (watch.checkAt <= time.now()) {
      // The answer sets the next one; this is for an answer that never comes.
      watch.checkAt = time.in(settings.openTimeout().plus(LOOK));
      opener.obtainSuccessor(live.session);
    }
    if (watch.lookAt <= time.now()) {
      refresh(live);
    }
    return false;
  }

  /**
   * The certificate that a new session would show is known, or could not be obtained.
   *
   * @return false if the session's credential is not a certificate that is replaced
   */
  boolean obtained(Live live, @Nullable TokenLease shown) {
    Optional<CertificateRotation> rotation = credentials.rotation();
    if (rotation.isEmpty()) {
      return false;
    }
    Watch watch = live.certificate;
    watch.checkAt = time.in(rotation.get().checkInterval());
    if (shown == null || live.session.token.isSame(shown)) {
      watch.moveAt = Uptime.NEVER;
    } else if (watch.moveAt == Uptime.NEVER) {
      Duration wait = drawn(rotation.get().moveWithin(), live);
      watch.moveAt = time.in(wait);
      log.info(
          "{}: there is a new client certificate; a session with it is opened in {} s",
          settings.identity(),
          wait.toSeconds());
    }
    refresh(live);
    return true;
  }

  private Duration drawn(Duration most, Live live) {
    Duration half = Duration.between(loop.now(), end(live).getNotAfter().toInstant()).dividedBy(2);
    Duration bound = half.compareTo(most) < 0 ? half : most;
    return bound.isNegative() || bound.isZero()
        ? Duration.ZERO
        : Duration.ofNanos(random.nextLong(bound.toNanos() + 1));
  }

  private void refresh(Live live) {
    List<String> before = live.certificate.remarks();
    describe(live);
    if (!live.certificate.remarks().equals(before)) {
      supervisor.publishConnected(live);
    }
  }

  private void describe(Live live) {
    Watch watch = live.certificate;
    watch.lookAt = time.in(LOOK);
    watch.ending = ending(live);
    watch.notUsed = credentials.remark();
    watch.ending.ifPresent(
        text -> {
          if (!text.equals(warned)) {
            warned = text;
            log.warn("{}: {}", settings.identity(), text);
          }
        });
  }

  private Optional<String> ending(Live live) {
    X509Certificate first = end(live);
    Instant end = first.getNotAfter().toInstant();
    Duration left = Duration.between(loop.now(), end);
    Duration warnBefore =
        credentials.rotation().orElse(CertificateRotation.defaults()).warnBefore();
    if (left.compareTo(warnBefore) > 0) {
      return Optional.empty();
    }
    String whose = "The client certificate of " + first.getSubjectX500Principal();
    return Optional.of(
        left.isNegative()
            ? whose
                + " expired at "
                + end
                + " by this machine's clock. The hub may refuse the next session: supply a renewed"
                + " certificate, or correct the clock."
            : whose + " expires at " + end + ", " + in(left) + ". Supply a renewed one before.");
  }

  private static String in(Duration left) {
    return left.toDays() == 0 ? "in less than a day" : "in " + left.toDays() + " days";
  }

  /** That of the chain which ends first. */
  private static X509Certificate end(Live live) {
    return ((Credential.Certificate) live.session.credential())
        .chain().stream().min(Comparator.comparing(X509Certificate::getNotAfter)).orElseThrow();
  }
}
