package dev.fairlead.localhub.tls;

import dev.fairlead.localhub.ServerCertificate.Flaw;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate authority on elliptic curve P-256 for one hub: discarded with it, or stored in a
 * directory. Immutable.
 */
public final class CertificateAuthority {

  private static final String CERTIFICATE_FILE = "ca.pem";
  private static final String KEY_FILE = "ca-key.pem";
  private static final Duration DAY = Duration.ofDays(1);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final X509Certificate certificate;
  private final PrivateKey key;

  private CertificateAuthority(X509Certificate certificate, PrivateKey key) {
    this.certificate = certificate;
    this.key = key;
  }

  /** Creates a new authority. */
  public static CertificateAuthority create() {
    try {
      KeyPair pair = newKeyPair();
      X500Name name = commonName("Local hub CA " + Long.toHexString(RANDOM.nextLong()));
      Instant now = Instant.now();
      X509v3CertificateBuilder builder =
          builder(name, name, pair, now.minus(DAY), now.plus(DAY.multipliedBy(3650)));
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(1));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
      return new CertificateAuthority(sign(builder, pair.getPrivate()), pair.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException(
          "The hub could not create its certificate authority: " + e.getMessage(), e);
    }
  }

  /** The authority stored in a directory; it is created if it does not exist. */
  public static CertificateAuthority keptIn(Path directory) throws IOException {
    Path certificateFile = directory.resolve(CERTIFICATE_FILE);
    Path keyFile = directory.resolve(KEY_FILE);
    if (Files.exists(certificateFile) && Files.exists(keyFile)) {
      try {
        return new CertificateAuthority(
            Pem.certificate(Files.readString(certificateFile)),
            Pem.ecPrivateKey(Files.readString(keyFile)));
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        throw new IOException(
            "The certificate authority in "
                + directory
                + " cannot be read. Delete "
                + CERTIFICATE_FILE
                + " and "
                + KEY_FILE
                + " there to get a new one.",
            e);
      }
    }
    CertificateAuthority fresh = create();
    Files.createDirectories(directory);
    writePrivate(keyFile, Pem.privateKey(fresh.key));
    Files.writeString(certificateFile, Pem.certificates(List.of(fresh.certificate)));
    return fresh;
  }

  private static void writePrivate(Path file, String text) throws IOException {
    Files.deleteIfExists(file);
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(file, text);
  }

  /** The CA's own certificate. */
  public X509Certificate certificate() {
    return certificate;
  }

  /**
   * A server certificate.
   *
   * @param names host names and IP addresses
   * @param flaw what is wrong with the certificate
   */
  public KeyedCertificate issueServer(List<String> names, Flaw flaw) {
    Instant now = Instant.now();
    Instant from =
        flaw == Flaw.NOT_YET_VALID
            ? now.plus(DAY)
            : now.minus(flaw == Flaw.EXPIRED ? DAY.multipliedBy(2) : DAY);
    Instant to = flaw == Flaw.EXPIRED ? now.minus(DAY) : now.plus(DAY.multipliedBy(730));
    List<String> subjects = flaw == Flaw.WRONG_HOST ? List.of("elsewhere.invalid") : names;
    CertificateAuthority issuer = flaw == Flaw.UNKNOWN_CA ? create() : this;
    return issuer.issue(
        subjects.get(0),
        subjects,
        KeyPurposeId.id_kp_serverAuth,
        from,
        to,
        flaw == Flaw.SELF_SIGNED);
  }

  /** A client certificate, signed by this CA or by itself. */
  public KeyedCertificate issueClient(String name, boolean selfSigned) {
    Instant now = Instant.now();
    return issue(
        name,
        List.of(),
        KeyPurposeId.id_kp_clientAuth,
        now.minus(DAY),
        now.plus(DAY.multipliedBy(730)),
        selfSigned);
  }

  private KeyedCertificate issue(
      String name,
      List<String> alternatives,
      KeyPurposeId purpose,
      Instant from,
      Instant to,
      boolean selfSigned) {
    try {
      KeyPair pair = newKeyPair();
      X500Name subject = commonName(name);
      // The CA's subject as bytes, because a name that is printed and parsed again may differ.
      X500Name issuer =
          selfSigned
              ? subject
              : X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
      X509v3CertificateBuilder builder = builder(issuer, subject, pair, from, to);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
      if (!alternatives.isEmpty()) {
        builder.addExtension(
            Extension.subjectAlternativeName, false, alternativeNames(alternatives));
      }
      if (selfSigned) {
        return new KeyedCertificate(List.of(sign(builder, pair.getPrivate())), pair.getPrivate());
      }
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate));
      return new KeyedCertificate(List.of(sign(builder, key), certificate), pair.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException(
          "The hub could not issue a certificate for '" + name + "': " + e.getMessage(), e);
    }
  }

  private static GeneralNames alternativeNames(List<String> names) {
    List<GeneralName> entries = new ArrayList<>();
    for (String name : names) {
      boolean address = name.contains(":") || name.matches("[0-9.]+");
      entries.add(new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, name));
    }
    return new GeneralNames(entries.toArray(new GeneralName[0]));
  }

  private static X509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, KeyPair pair, Instant from, Instant to) {
    BigInteger serial = new BigInteger(127, RANDOM).add(BigInteger.ONE);
    return new JcaX509v3CertificateBuilder(
        issuer, serial, Date.from(from), Date.from(to), subject, pair.getPublic());
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws OperatorCreationException, GeneralSecurityException {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
  }

  private static X500Name commonName(String name) {
    return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, name).build();
  }

  private static KeyPair newKeyPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }
}
