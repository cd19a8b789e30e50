package dev.fairlead.peers;

import java.math.BigInteger;
import java.net.Socket;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** Creates all kinds of certificates for tests. */
public final class TestCa {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String SIGNATURE = "SHA256withECDSA";

  public record Issued(List<X509Certificate> chain, PrivateKey key) {
    public X509Certificate certificate() {
      return chain.get(0);
    }

    public Issued alone() {
      return new Issued(chain.subList(0, 1), key);
    }

    /** A TLS server's context; asks for client certificates of {@code clients} if given. */
    public SSLContext server(@Nullable X509Certificate clients) throws Exception {
      if (clients == null) {
        return serverWith(null);
      }
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, null);
      anchors.setCertificateEntry("c", clients);
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(anchors);
      return serverWith(trust.getTrustManagers());
    }

    /** A TLS server's context that accepts every client certificate and lists one issuer. */
    public SSLContext serverTaking(X509Certificate named) throws Exception {
      return serverWith(new TrustManager[] {new AnyClient(named)});
    }

    private SSLContext serverWith(TrustManager @Nullable [] clients) throws Exception {
      // PKCS #12 would derive a password in 10,000 rounds.
      KeyStore keys = KeyStore.getInstance("JKS");
      keys.load(null, null);
      keys.setKeyEntry("k", key, new char[0], chain.toArray(new X509Certificate[0]));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(keys, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(factory.getKeyManagers(), clients, RANDOM);
      return context;
    }
  }

  private static final class AnyClient extends X509ExtendedTrustManager {
    private final X509Certificate named;

    AnyClient(X509Certificate named) {
      this.named = named;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      throw new UnsupportedOperationException("This side is the server.");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
      checkServerTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
      checkServerTrusted(chain, type);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[] {named};
    }
  }

  private TestCa() {}

  public static Issued root(String name) throws Exception {
    return issue(null, name, true, days(-10), days(3650));
  }

  public static Issued intermediate(Issued issuer, String name) throws Exception {
    return issue(issuer, name, true, days(-5), days(365));
  }

  public static Issued leaf(@Nullable Issued issuer, String... names) throws Exception {
    return issue(issuer, "leaf", false, days(-1), days(30), names);
  }

  public static Issued leaf(@Nullable Issued issuer, Instant from, Instant until, String... names)
      throws Exception {
    return issue(issuer, "leaf", false, from, until, names);
  }

  /** With a signature algorithm other than this class's default. */
  public static Issued leafSignedWith(String signature, Issued issuer, String... names)
      throws Exception {
    return issue(issuer, "leaf", false, days(-1), days(30), signature, ecKeys(), names);
  }

  /** With an RSA key. */
  public static Issued rsaLeaf(Issued issuer, String... names) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return issue(
        issuer, "leaf", false, days(-1), days(30), SIGNATURE, generator.generateKeyPair(), names);
  }

  /** For a key held elsewhere, such as in a security module. */
  public static List<X509Certificate> leafFor(PublicKey key, Issued issuer) throws Exception {
    return chain(issuer, "leaf", false, days(-1), days(30), SIGNATURE, key, issuer.key());
  }

  public static Instant days(int days) {
    return Instant.now().plus(Duration.ofDays(days));
  }

  private static Issued issue(
      @Nullable Issued issuer,
      String name,
      boolean authority,
      Instant from,
      Instant until,
      String... names)
      throws Exception {
    return issue(issuer, name, authority, from, until, SIGNATURE, ecKeys(), names);
  }

  private static KeyPair ecKeys() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    return generator.generateKeyPair();
  }

  private static Issued issue(
      @Nullable Issued issuer,
      String name,
      boolean authority,
      Instant from,
      Instant until,
      String signature,
      KeyPair pair,
      String[] names)
      throws Exception {
    PrivateKey signer = issuer == null ? pair.getPrivate() : issuer.key();
    return new Issued(
        chain(issuer, name, authority, from, until, signature, pair.getPublic(), signer, names),
        pair.getPrivate());
  }

  private static List<X509Certificate> chain(
      @Nullable Issued issuer,
      String name,
      boolean authority,
      Instant from,
      Instant until,
      String signature,
      PublicKey key,
      PrivateKey signer,
      String... names)
      throws Exception {
    X500Name subject = new X500NameBuilder().addRDN(BCStyle.CN, name).build();
    X500Name by =
        issuer == null
            ? subject
            : X500Name.getInstance(issuer.certificate().getSubjectX500Principal().getEncoded());
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            by, new BigInteger(64, RANDOM), Date.from(from), Date.from(until), subject, key);
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
    if (names.length > 0) {
      GeneralName[] general = new GeneralName[names.length];
      for (int i = 0; i < names.length; i++) {
        boolean address = names[i].matches("[0-9.]+") || names[i].contains(":");
        general[i] =
            new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, names[i]);
      }
      builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(general));
    }
    X509Certificate certificate =
        new JcaX509CertificateConverter()
            .getCertificate(builder.build(new JcaContentSignerBuilder(signature).build(signer)));
    List<X509Certificate> chain = new java.util.ArrayList<>(List.of(certificate));
    if (issuer != null) {
      // The root itself is not sent.
      issuer.chain().stream()
          .filter(c -> !c.getSubjectX500Principal().equals(c.getIssuerX500Principal()))
          .forEach(chain::add);
    }
    return chain;
  }
}
