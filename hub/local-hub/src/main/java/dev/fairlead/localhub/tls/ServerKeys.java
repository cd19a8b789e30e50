package dev.fairlead.localhub.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Hands out one server certificate and its key. The key goes through no key store: a PKCS #12 store
 * encrypts and decrypts it with a password derived in 10,000 rounds, which took half of the time of
 * every start but the first one in a JVM.
 */
final class ServerKeys extends X509ExtendedKeyManager {
  private static final String ALIAS = "hub";

  private final KeyedCertificate server;
  private final String keyType;

  ServerKeys(KeyedCertificate server) {
    this.server = server;
    keyType = server.chain().get(0).getPublicKey().getAlgorithm();
  }

  @Override
  public @Nullable String chooseServerAlias(
      String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return type.equals(keyType) ? ALIAS : null;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return chooseServerAlias(type, issuers, null);
  }

  @Override
  public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
    return type.equals(keyType) ? new String[] {ALIAS} : null;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return alias.equals(ALIAS) ? server.chain().toArray(new X509Certificate[0]) : null;
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return alias.equals(ALIAS) ? server.key() : null;
  }

  /** The hub opens no TLS connections. */
  @Override
  public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
    return null;
  }

  /** The hub opens no TLS connections. */
  @Override
  public @Nullable String chooseClientAlias(
      String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
