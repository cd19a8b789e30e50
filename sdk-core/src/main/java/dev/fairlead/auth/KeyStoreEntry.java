package dev.fairlead.auth;

import dev.fairlead.Secret;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A private key and its certificates, from a key store. */
record KeyStoreEntry(List<X509Certificate> certificates, PrivateKey key) {
  /** Opens a file; its type (PKCS #12, JKS) is seen from its content. */
  static KeyStore open(Path file, Secret password) {
    try {
      return KeyStore.getInstance(file.toFile(), password.reveal().toCharArray());
    } catch (IOException e) {
      // KeyStore.load: a wrong password is recognised by the cause.
      String why =
          e.getCause() instanceof UnrecoverableKeyException
              ? "the password given does not open it."
              : String.valueOf(e);
      throw new IllegalArgumentException("Cannot open the key store " + file + ": " + why, e);
    } catch (KeyStoreException e) {
      throw new IllegalArgumentException(
          "The file " + file + " is not a PKCS #12 or JKS key store.", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("Cannot open the key store " + file + ": " + e, e);
    }
  }

  static KeyStoreEntry of(KeyStore store, Secret keyPassword, String alias) {
    try {
      @Nullable Key key = store.getKey(alias, keyPassword.reveal().toCharArray());
      Certificate @Nullable [] chain = store.getCertificateChain(alias);
      if (!(key instanceof PrivateKey privateKey) || chain == null) {
        throw new IllegalArgumentException(
            "The key store has no private key with a certificate under the alias \""
                + alias
                + "\". Its aliases are "
                + Collections.list(store.aliases())
                + ".");
      }
      List<X509Certificate> certificates = new ArrayList<>();
      for (Certificate certificate : chain) {
        if (!(certificate instanceof X509Certificate x509)) {
          throw new IllegalArgumentException(
              "The alias \"" + alias + "\" has a certificate that is not X.509.");
        }
        certificates.add(x509);
      }
      return new KeyStoreEntry(certificates, privateKey);
    } catch (UnrecoverableKeyException e) {
      throw new IllegalArgumentException(
          "The password given does not open the key under the alias \""
              + alias
              + "\". A JKS store may have one for the store and another for the key: then open the"
              + " store in the application and pass it with the key's password.",
          e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("Cannot read from the key store: " + e, e);
    }
  }
}
