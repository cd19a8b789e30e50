package dev.fairlead.net;

import dev.fairlead.Trust;
import dev.fairlead.spi.Credential;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS contexts by trust and client certificate. Cached, because a context holds the sessions that a
 * reconnect can resume, and reading the platform's trust store takes time; only a few, because a
 * gateway may show many certificates.
 */
final class TlsContexts {
  private static final int MAX_KEPT = 8;

  /** Which versions to offer; kept as long as the contexts are. */
  final TlsVersions versions = new TlsVersions();

  private final Map<Key, Holder> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Holder> eldest) {
          return size() > MAX_KEPT;
        }
      };

  record Key(Trust trust, Optional<Credential.Certificate> certificate) {}

  /** One thread at a time creates a context; threads that need another one do not wait. */
  private static final class Holder {
    private @Nullable SSLContext context;

    synchronized SSLContext get(Key key) throws GeneralSecurityException, IOException {
      SSLContext known = context;
      if (known == null) {
        known = create(key);
        context = known;
      }
      return known;
    }
  }

  SSLContext get(Trust trust, Optional<Credential.Certificate> certificate)
      throws GeneralSecurityException, IOException {
    Key key = new Key(trust, certificate);
    Holder holder;
    synchronized (kept) {
      holder = kept.computeIfAbsent(key, absent -> new Holder());
    }
    return holder.get(key);
  }

  private static SSLContext create(Key key) throws GeneralSecurityException, IOException {
    TrustManagerFactory trusting =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusting.init(key.trust.keyStore().orElse(null));
    ServerCheck check = null;
    for (TrustManager manager : trusting.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager x509) {
        check = new ServerCheck(x509);
      }
    }
    if (check == null) {
      throw new GeneralSecurityException("This Java platform cannot check certificates.");
    }
    KeyManager[] keys =
        key.certificate.map(shown -> new KeyManager[] {new ClientKeys(shown)}).orElse(null);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys, new TrustManager[] {check}, null);
    return tls;
  }
}
