package dev.fairlead.net;

import dev.fairlead.spi.Credential;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Shows one client certificate. Chain and key are handed out as they are: a key in a TPM or behind
 * PKCS #11 has no encoding, so it cannot be copied into a key store.
 */
final class ClientKeys extends X509ExtendedKeyManager {
  private static final String ALIAS = "device";

  private final Credential.Certificate certificate;
  private final String keyType;

  ClientKeys(Credential.Certificate certificate) {
    this.certificate = certificate;
    keyType = certificate.chain().get(0).getPublicKey().getAlgorithm();
  }

  /**
   * The certificate if the server can verify its key. The issuers that the server names are
   * ignored, because a certificate that is registered by its thumbprint has none of them.
   */
  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return List.of(keyTypes).contains(keyType) ? ALIAS : null;
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return chooseClientAlias(keyTypes, issuers, null);
  }

  @Override
  public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
    return type.equals(keyType) ? new String[] {ALIAS} : null;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return alias.equals(ALIAS) ? certificate.chain().toArray(new X509Certificate[0]) : null;
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return alias.equals(ALIAS) ? certificate.key() : null;
  }

  /** This side is the client. */
  @Override
  public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
    return null;
  }

  /** This side is the client. */
  @Override
  public @Nullable String chooseServerAlias(
      String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
