package dev.fairlead.net;

import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The server's certificate was refused, and why. */
final class UntrustedServer extends CertificateException {
  private static final long serialVersionUID = 1;

  enum Reason {
    EXPIRED,
    NOT_YET_VALID,
    WRONG_NAME,
    SELF_SIGNED,
    LONE_CERTIFICATE,
    UNKNOWN_ISSUER,
    OTHER
  }

  private final Reason reason;
  private final transient X509Certificate[] chain;
  private final transient List<String> names;

  UntrustedServer(
      Reason reason, X509Certificate[] chain, List<String> names, CertificateException cause) {
    super(String.valueOf(cause.getMessage()), cause);
    this.reason = reason;
    this.chain = chain.clone();
    this.names = List.copyOf(names);
  }

  Reason reason() {
    return reason;
  }

  X509Certificate leaf() {
    return chain[0];
  }

  X509Certificate top() {
    return chain[chain.length - 1];
  }

  /** The names in the certificate. */
  List<String> names() {
    return names;
  }

  /** The first certificate of the chain that is out of its dates for the platform's clock. */
  @Nullable X509Certificate outOfDate() {
    for (X509Certificate certificate : chain) {
      if (!inDate(certificate)) {
        return certificate;
      }
    }
    return null;
  }

  /** Why the path was refused. Dates come first: a wrong clock looks like everything else. */
  static Reason pathReason(X509Certificate[] chain, CertificateException refusal) {
    for (X509Certificate certificate : chain) {
      try {
        certificate.checkValidity();
      } catch (CertificateExpiredException e) {
        return Reason.EXPIRED;
      } catch (CertificateNotYetValidException e) {
        return Reason.NOT_YET_VALID;
      }
    }
    for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
      // A trusted certificate above the chain may be out of date as well.
      if (cause instanceof CertificateExpiredException) {
        return Reason.EXPIRED;
      }
      if (cause instanceof CertificateNotYetValidException) {
        return Reason.NOT_YET_VALID;
      }
    }
    if (isBuilderFailure(refusal)) {
      X509Certificate leaf = chain[0];
      if (leaf.getIssuerX500Principal().equals(leaf.getSubjectX500Principal())) {
        return Reason.SELF_SIGNED;
      }
      return chain.length == 1 ? Reason.LONE_CERTIFICATE : Reason.UNKNOWN_ISSUER;
    }
    return Reason.OTHER;
  }

  private static boolean isBuilderFailure(Throwable refusal) {
    for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
      if (cause instanceof java.security.cert.CertPathBuilderException) {
        return true;
      }
    }
    return false;
  }

  private static boolean inDate(X509Certificate certificate) {
    try {
      certificate.checkValidity();
      return true;
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      return false;
    }
  }
}
