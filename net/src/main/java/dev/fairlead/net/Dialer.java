package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import dev.fairlead.spi.Credential;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;

/**
 * How to reach hosts: the resolver, the time each step may take, the clock that certificates are
 * compared with, the proxy. Immutable apart from a small cache of TLS contexts (which lets a
 * reconnect resume its TLS session), and a memory of addresses that all dialers of a process share:
 * one where TLS or the WebSocket upgrade was cut or not answered is tried last for 10 minutes. Any
 * thread.
 */
public final class Dialer {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Resolver resolver;
  private final Duration connectTimeout;
  private final Duration handshakeTimeout;
  private final Duration stagger;
  private final InstantSource clock;
  private final Optional<Proxy> proxy;
  private final TlsContexts contexts;
  private final AddressMemory addresses;

  /**
   * The defaults: the platform's resolver, 15 s for each address, 20 s for each handshake, the
   * system's clock, no proxy.
   */
  public Dialer() {
    this(
        Resolver.platform(),
        Duration.ofSeconds(15),
        Duration.ofSeconds(20),
        // RFC 8305, section 8: 250 ms is recommended.
        Duration.ofMillis(250),
        InstantSource.system(),
        Optional.empty(),
        new TlsContexts(),
        AddressMemory.SHARED);
  }

  private Dialer(
      Resolver resolver,
      Duration connectTimeout,
      Duration handshakeTimeout,
      Duration stagger,
      InstantSource clock,
      Optional<Proxy> proxy,
      TlsContexts contexts,
      AddressMemory addresses) {
    this.resolver = Objects.requireNonNull(resolver, "resolver");
    this.connectTimeout = positive(connectTimeout);
    this.handshakeTimeout = positive(handshakeTimeout);
    this.stagger = positive(stagger);
    this.clock = Objects.requireNonNull(clock, "clock");
    this.proxy = Objects.requireNonNull(proxy, "proxy");
    this.contexts = contexts;
    this.addresses = addresses;
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
    return new Dialer(
        other, connectTimeout, handshakeTimeout, stagger, clock, proxy, contexts, addresses);
  }

  /**
   * With another limit for connecting to one address.
   *
   * @param limit a positive duration
   * @return a new dialer
   */
  public Dialer connectTimeout(Duration limit) {
    return new Dialer(
        resolver, limit, handshakeTimeout, stagger, clock, proxy, contexts, addresses);
  }

  /**
   * With another limit for each whole handshake: a proxy's, that of TLS, the WebSocket upgrade.
   *
   * @param limit a positive duration
   * @return a new dialer
   */
  public Dialer handshakeTimeout(Duration limit) {
    return new Dialer(resolver, connectTimeout, limit, stagger, clock, proxy, contexts, addresses);
  }

  /**
   * With another head start for each address before the next one is tried beside it.
   *
   * @param headStart a positive duration
   * @return a new dialer
   */
  public Dialer stagger(Duration headStart) {
    return new Dialer(
        resolver, connectTimeout, handshakeTimeout, headStart, clock, proxy, contexts, addresses);
  }

  /**
   * With another clock, for messages about a certificate's dates. Verification itself uses the
   * platform's clock.
   *
   * @param other the clock
   * @return a new dialer
   */
  public Dialer clock(InstantSource other) {
    return new Dialer(
        resolver, connectTimeout, handshakeTimeout, stagger, other, proxy, contexts, addresses);
  }

  /**
   * With another proxy, or none.
   *
   * @param other the proxy that every connection goes through; it looks the host name up
   * @return a new dialer
   */
  public Dialer proxy(Optional<Proxy> other) {
    return new Dialer(
        resolver, connectTimeout, handshakeTimeout, stagger, clock, other, contexts, addresses);
  }

  /** With another memory of addresses. */
  Dialer addresses(AddressMemory other) {
    return new Dialer(
        resolver, connectTimeout, handshakeTimeout, stagger, clock, proxy, contexts, other);
  }

  /**
   * Prepares to dial over TLS; nothing happens before {@link Dial#connect()}.
   *
   * @param endpoint the address, and the CAs that the server certificate may be signed by
   * @param certificate the client certificate to show when asked, empty for none
   * @return one attempt
   */
  public Dial dial(Endpoint endpoint, Optional<Credential.Certificate> certificate) {
    return new Dial(this, endpoint, certificate, Optional.empty(), versions(endpoint, certificate));
  }

  /**
   * As {@link #dial}, with TLS 1.2 only, in which a server may ask for the certificate after it has
   * seen a request, by renegotiating. Java's TLS 1.3 cannot do that.
   *
   * @param endpoint the address, and the CAs that the server certificate may be signed by
   * @param certificate the client certificate to show when asked
   * @return one attempt
   */
  public Dial dialRenegotiable(Endpoint endpoint, Credential.Certificate certificate) {
    return new Dial(
        this, endpoint, Optional.of(certificate), Optional.empty(), TlsVersions.renegotiable());
  }

  /**
   * Uses TLS 1.2 from now on wherever a client certificate is to be shown to this endpoint. Shared
   * with the dialers made from this one.
   *
   * @param endpoint a server that asks for the certificate only by renegotiating
   */
  public void expectRenegotiation(Endpoint endpoint) {
    contexts.versions.renegotiate(endpoint);
  }

  private String[] versions(Endpoint endpoint, Optional<Credential.Certificate> certificate) {
    return certificate.isPresent() ? contexts.versions.with(endpoint) : TlsVersions.safe();
  }

  /**
   * Prepares to dial over TLS and to open a WebSocket there; nothing happens before {@link
   * Dial#connect()}. The connection carries the payload of binary messages as a stream.
   *
   * @param endpoint the address, and the CAs that the server certificate may be signed by
   * @param certificate the client certificate to show when asked, empty for none
   * @param target what to request
   * @return one attempt
   */
  public Dial dialWebSocket(
      Endpoint endpoint, Optional<Credential.Certificate> certificate, WebSocketTarget target) {
    return new Dial(
        this, endpoint, certificate, Optional.of(target), versions(endpoint, certificate));
  }

  Resolver resolver() {
    return resolver;
  }

  Duration connectTimeout() {
    return connectTimeout;
  }

  Duration handshakeTimeout() {
    return handshakeTimeout;
  }

  Duration stagger() {
    return stagger;
  }

  InstantSource clock() {
    return clock;
  }

  Optional<Proxy> proxy() {
    return proxy;
  }

  /** For unpredictable keys and masks. */
  SecureRandom random() {
    return RANDOM;
  }

  TlsContexts contexts() {
    return contexts;
  }

  AddressMemory addresses() {
    return addresses;
  }
}
