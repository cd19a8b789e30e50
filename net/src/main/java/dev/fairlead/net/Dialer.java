package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.spi.Credential;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;

/**
 * How to reach hosts: the resolver, the time each step may take, the clock that certificates are
 * compared with. Immutable apart from a small cache of TLS contexts (which lets a reconnect resume
 * its TLS session); any thread.
 */
public final class Dialer {
  private final Resolver resolver;
  private final Duration connectTimeout;
  private final Duration tlsTimeout;
  private final Duration stagger;
  private final InstantSource clock;
  private final TlsContexts contexts;

  /** The platform's resolver, 15 s for each address, 20 s for TLS, the system's clock. */
  public Dialer() {
    this(
        Resolver.platform(),
        Duration.ofSeconds(15),
        Duration.ofSeconds(20),
        // RFC 8305, section 8: 250 ms is recommended.
        Duration.ofMillis(250),
        InstantSource.system(),
        new TlsContexts());
  }

  private Dialer(
      Resolver resolver,
      Duration connectTimeout,
      Duration tlsTimeout,
      Duration stagger,
      InstantSource clock,
      TlsContexts contexts) {
    this.resolver = Objects.requireNonNull(resolver, "resolver");
    this.connectTimeout = positive(connectTimeout);
    this.tlsTimeout = positive(tlsTimeout);
    this.stagger = positive(stagger);
    this.clock = Objects.requireNonNull(clock, "clock");
    this.contexts = contexts;
  }

  private static Duration positive(Duration duration) {
    if (duration.isZero() || duration.isNegative()) {
      throw new IllegalArgumentException("A time-out is positive, not " + duration + ".");
    }
    return duration;
  }

  /**
   * With another resolver.
   *
   * @param other the resolver
   * @return a new dialer
   */
  public Dialer resolver(Resolver other) {
    return new Dialer(other, connectTimeout, tlsTimeout, stagger, clock, contexts);
  }

  /**
   * With another limit for connecting to one address.
   *
   * @param limit a positive duration
   * @return a new dialer
   */
  public Dialer connectTimeout(Duration limit) {
    return new Dialer(resolver, limit, tlsTimeout, stagger, clock, contexts);
  }

  /**
   * With another limit for the whole TLS handshake.
   *
   * @param limit a positive duration
   * @return a new dialer
   */
  public Dialer tlsTimeout(Duration limit) {
    return new Dialer(resolver, connectTimeout, limit, stagger, clock, contexts);
  }

  /**
   * With another head start for each address before the next one is tried beside it.
   *
   * @param headStart a positive duration
   * @return a new dialer
   */
  public Dialer stagger(Duration headStart) {
    return new Dialer(resolver, connectTimeout, tlsTimeout, headStart, clock, contexts);
  }

  /**
   * With another clock, for what is said about a certificate's dates. Verification itself uses the
   * platform's clock.
   *
   * @param other the clock
   * @return a new dialer
   */
  public Dialer clock(InstantSource other) {
    return new Dialer(resolver, connectTimeout, tlsTimeout, stagger, other, contexts);
  }

  /**
   * Prepares to dial over TLS; nothing happens before {@link Dial#connect()}.
   *
   * @param endpoint where to, and who may vouch for the server
   * @param certificate the client certificate to show when asked, empty for none
   * @return one attempt
   */
  public Dial dial(Endpoint endpoint, Optional<Credential.Certificate> certificate) {
    return new Dial(this, endpoint, certificate);
  }

  Resolver resolver() {
    return resolver;
  }

  Duration connectTimeout() {
    return connectTimeout;
  }

  Duration tlsTimeout() {
    return tlsTimeout;
  }

  Duration stagger() {
    return stagger;
  }

  InstantSource clock() {
    return clock;
  }

  TlsContexts contexts() {
    return contexts;
  }
}
