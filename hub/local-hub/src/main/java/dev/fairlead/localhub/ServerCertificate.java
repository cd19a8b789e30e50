package dev.fairlead.localhub;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The server certificate of the hub. All but the first are for tests of clients, which must refuse
 * it.
 */
public sealed interface ServerCertificate {

  /** A good one, signed by the hub's CA. */
  static ServerCertificate good() {
    return new Issued(Flaw.NONE);
  }

  /** Signed by the hub's CA for another host. */
  static ServerCertificate wrongHost() {
    return new Issued(Flaw.WRONG_HOST);
  }

  /** Signed by the hub's CA, and expired. */
  static ServerCertificate expired() {
    return new Issued(Flaw.EXPIRED);
  }

  /** Signed by the hub's CA, and valid from tomorrow on. */
  static ServerCertificate notYetValid() {
    return new Issued(Flaw.NOT_YET_VALID);
  }

  /** For the right host, signed by itself. */
  static ServerCertificate selfSigned() {
    return new Issued(Flaw.SELF_SIGNED);
  }

  /** For the right host, signed by an unknown CA. */
  static ServerCertificate unknownCa() {
    return new Issued(Flaw.UNKNOWN_CA);
  }

  /**
   * A certificate of the caller's.
   *
   * @param chain the server certificate first
   * @param key its private key
   */
  static ServerCertificate of(List<X509Certificate> chain, PrivateKey key) {
    return new Given(List.copyOf(chain), key);
  }

  /** What is wrong with an issued certificate. */
  enum Flaw {
    /** Nothing. */
    NONE,
    /** The names in it. */
    WRONG_HOST,
    /** It expired yesterday. */
    EXPIRED,
    /** It is valid from tomorrow on. */
    NOT_YET_VALID,
    /** No CA signed it. */
    SELF_SIGNED,
    /** An unknown CA signed it. */
    UNKNOWN_CA
  }

  /**
   * Made by the hub.
   *
   * @param flaw what is wrong with it
   */
  record Issued(Flaw flaw) implements ServerCertificate {}

  /**
   * Made by the user.
   *
   * @param chain the server certificate first
   * @param key its private key
   */
  record Given(List<X509Certificate> chain, PrivateKey key) implements ServerCertificate {
    /** Names no key. */
    @Override
    public String toString() {
      return "Given[" + chain.size() + " certificates]";
    }
  }
}
