package dev.fairlead.peers;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
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

/** Makes certificates of every kind for the tests. */
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
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry("k", key, new char[0], chain.toArray(new X509Certificate[0]));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(keys, new char[0]);
      TrustManagerFactory trust = null;
      if (clients != null) {
        KeyStore anchors = KeyStore.getInstance("PKCS12");
        anchors.load(null, null);
        anchors.setCertificateEntry("c", clients);
        trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(anchors);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          factory.getKeyManagers(), trust == null ? null : trust.getTrustManagers(), RANDOM);
      return context;
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

  /** With a signature that is not the usual one of this class. */
  public static Issued leafSignedWith(String signature, Issued issuer, String... names)
      throws Exception {
    return issue(issuer, "leaf", false, days(-1), days(30), signature, names);
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
    return issue(issuer, name, authority, from, until, SIGNATURE, names);
  }

  private static Issued issue(
      @Nullable Issued issuer,
      String name,
      boolean authority,
      Instant from,
      Instant until,
      String signature,
      String[] names)
      throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair pair = generator.generateKeyPair();
    X500Name subject = new X500NameBuilder().addRDN(BCStyle.CN, name).build();
    X500Name by =
        issuer == null
            ? subject
            : X500Name.getInstance(issuer.certificate().getSubjectX500Principal().getEncoded());
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            by,
            new BigInteger(64, RANDOM),
            Date.from(from),
            Date.from(until),
            subject,
            pair.getPublic());
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
            .getCertificate(
                builder.build(
                    new JcaContentSignerBuilder(signature)
                        .build(issuer == null ? pair.getPrivate() : issuer.key())));
    List<X509Certificate> chain = new java.util.ArrayList<>(List.of(certificate));
    if (issuer != null) {
      // The root itself is not sent.
      issuer.chain().stream()
          .filter(c -> !c.getSubjectX500Principal().equals(c.getIssuerX500Principal()))
          .forEach(chain::add);
    }
    return new Issued(chain, pair.getPrivate());
  }
}
