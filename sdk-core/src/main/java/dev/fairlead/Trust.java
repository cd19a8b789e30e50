package dev.fairlead;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Which CAs may have signed a server's certificate: those of the platform's trust store, or exactly
 * the given ones. The host name is verified either way; there is no setting that turns that off.
 * Immutable.
 */
public final class Trust {
  private static final Trust PLATFORM = new Trust(List.of());

  private final List<X509Certificate> anchors;

  private Trust(List<X509Certificate> anchors) {
    this.anchors = anchors;
  }

  /**
   * The trust store of the Java platform; right for the real hub.
   *
   * @return the platform's trust
   */
  public static Trust platform() {
    return PLATFORM;
  }

  /**
   * Exactly the given certificates.
   *
   * @param anchors at least one certificate
   * @return the trust
   */
  public static Trust only(Collection<X509Certificate> anchors) {
    if (anchors.isEmpty()) {
      throw new IllegalArgumentException(
          "Trust in no certificate at all would refuse every server; give at least one.");
    }
    return new Trust(List.copyOf(anchors));
  }

  /**
   * Exactly the certificates of a PEM file.
   *
   * @param file a file of one or more PEM certificates
   * @return the trust
   * @throws IllegalArgumentException if the file cannot be read or holds no certificate; the
   *     message names the file
   */
  public static Trust pem(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      List<X509Certificate> found = new ArrayList<>();
      CertificateFactory.getInstance("X.509")
          .generateCertificates(in)
          .forEach(certificate -> found.add((X509Certificate) certificate));
      return only(found);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "Cannot read the trusted certificates from " + file + ": " + e, e);
    } catch (CertificateException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + " holds no PEM certificate that can be read (-----BEGIN CERTIFICATE-----).", e);
    }
  }

  /**
   * A key store that holds the anchors, for a TLS library.
   *
   * @return the key store; empty for the platform's trust
   */
  public Optional<KeyStore> keyStore() {
    if (anchors.isEmpty()) {
      return Optional.empty();
    }
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (int i = 0; i < anchors.size(); i++) {
        store.setCertificateEntry("anchor-" + i, anchors.get(i));
      }
      return Optional.of(store);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("This Java platform cannot make a key store in memory.", e);
    }
  }

  @Override
  public String toString() {
    return anchors.isEmpty()
        ? "the platform's trust store"
        : anchors.size() + " given certificate(s)";
  }
}
