package dev.fairlead.localhub.tls;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.net.Socket;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The TLS context of the hub's listeners: TLS 1.2 and 1.3, a client certificate is requested but
 * not required.
 */
public final class ServerTls {

  private ServerTls() {}

  /**
   * Loads the classes of TLS. That takes as long as generating certificates, so a hub starts sooner
   * if another thread does it at the same time.
   */
  public static void load() {
    try {
      Class.forName("io.netty.handler.ssl.JdkSslServerContext");
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("Netty's TLS is missing from the class path.", e);
    }
  }

  /** Creates a context with the given server certificate. */
  public static SslContext of(KeyedCertificate server) {
    try {
      return SslContextBuilder.forServer(new ServerKeys(server))
          .sslProvider(SslProvider.JDK)
          .protocols("TLSv1.3", "TLSv1.2")
          .clientAuth(ClientAuth.OPTIONAL)
          .trustManager(new AnyClient())
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException(
          "The hub cannot use its server certificate: " + e.getMessage(), e);
    }
  }

  /**
   * Accepts every client certificate in the handshake, which still proves that the client has the
   * key. The certificate is checked at CONNECT, when the client names its identity. The list of
   * issuers is empty, because a client that reads such a list would not send a self-signed
   * certificate.
   */
  private static final class AnyClient extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
      throw new UnsupportedOperationException("The hub opens no TLS connections.");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
      checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
      checkServerTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
