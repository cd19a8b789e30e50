package dev.fairlead.net;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The platform's check of the server's certificate and of its name; when it refuses, this class
 * finds the reason. It never accepts what the platform refuses, with one exception: a host name
 * with an underscore, which the platform does not support, is compared here.
 */
final class ServerCheck extends X509ExtendedTrustManager {
  private static final int SUBJECT_NAME_DNS = 2;
  private static final int SUBJECT_NAME_ADDRESS = 7;

  /** More names would not help a reader. */
  private static final int MAX_NAMES_SHOWN = 6;

  private final X509ExtendedTrustManager platform;

  ServerCheck(X509ExtendedTrustManager platform) {
    this.platform = platform;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    SSLSession session = ((SSLSocket) socket).getHandshakeSession();
    HostName host = HostName.of(String.valueOf(session.getPeerHost()));
    if (host.verifiedByPlatform()) {
      try {
        platform.checkServerTrusted(chain, authType, socket);
        return;
      } catch (CertificateException e) {
        throw explained(chain, authType, host, e);
      }
    }
    try {
      // With the connection, so that the rules of TLS about algorithms apply as for any other name.
      platform.checkServerTrusted(chain, authType, socket);
    } catch (CertificateException e) {
      throw new UntrustedServer(
          UntrustedServer.pathReason(chain, e), chain, shown(names(chain[0])), e);
    }
    // RFC 6125, section 6.4.4: only the subject alternative names count.
    if (names(chain[0]).stream().noneMatch(host::matches)) {
      throw new UntrustedServer(
          UntrustedServer.Reason.WRONG_NAME,
          chain,
          shown(names(chain[0])),
          new CertificateException("No subject alternative name matches " + host + "."));
    }
  }

  private UntrustedServer explained(
      X509Certificate[] chain, String authType, HostName host, CertificateException refusal) {
    try {
      platform.checkServerTrusted(chain, authType);
    } catch (CertificateException path) {
      return new UntrustedServer(
          UntrustedServer.pathReason(chain, path), chain, shown(names(chain[0])), path);
    }
    // The path itself is valid. Names are compared only to explain a refusal, never to overrule it.
    List<String> names = names(chain[0]);
    boolean named = names.stream().anyMatch(host::matches);
    return new UntrustedServer(
        named ? UntrustedServer.Reason.OTHER : UntrustedServer.Reason.WRONG_NAME,
        chain,
        shown(names),
        refusal);
  }

  private static List<String> names(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> entries = certificate.getSubjectAlternativeNames();
      if (entries != null) {
        for (List<?> entry : entries) {
          int type = (Integer) entry.get(0);
          if (type == SUBJECT_NAME_DNS || type == SUBJECT_NAME_ADDRESS) {
            names.add(String.valueOf(entry.get(1)));
          }
        }
      }
    } catch (CertificateParsingException e) {
      // A certificate whose names cannot be read matches no host.
      names.clear();
    }
    return names;
  }

  private static List<String> shown(List<String> names) {
    return names.size() <= MAX_NAMES_SHOWN ? names : names.subList(0, MAX_NAMES_SHOWN);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("A server is checked with its connection only.");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    platform.checkServerTrusted(chain, authType, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("This side is the client.");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("This side is the client.");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("This side is the client.");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return platform.getAcceptedIssuers();
  }
}
