package dev.fairlead.spi;

import dev.fairlead.Secret;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** What a session shows the hub. Prints neither key nor token. */
public sealed interface Credential {
  /**
   * A shared access signature.
   *
   * @param text the whole token, {@code SharedAccessSignature sr=…}
   * @param expiry when it ends
   */
  record Token(Secret text, Instant expiry) implements Credential {}

  /**
   * A TLS client certificate.
   *
   * @param chain the leaf first, then its issuers
   * @param key the leaf's private key
   */
  record Certificate(List<X509Certificate> chain, PrivateKey key) implements Credential {
    /** Copies the chain. */
    public Certificate {
      chain = List.copyOf(chain);
      if (chain.isEmpty()) {
        throw new IllegalArgumentException(
            "A client certificate needs a chain of at least one certificate.");
      }
    }

    @Override
    public String toString() {
      return "Certificate[" + chain.get(0).getSubjectX500Principal() + "]";
    }
  }
}
