package dev.fairlead.auth;

import dev.fairlead.Secret;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * A text of PEM blocks (RFC 7468). Text outside the blocks is explanation and ignored. Messages
 * name the file, never its content.
 */
final class PemText {
  private static final int LARGEST = 1 << 20; // bytes; a chain of 16 takes some 40,000

  private static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String DASHES = "-----";

  private final String where;
  private final List<Block> blocks;

  private PemText(String where, List<Block> blocks) {
    this.where = where;
    this.blocks = blocks;
  }

  /** One block: its words, whether it is encrypted as RFC 1421 did it, and its base64. */
  private record Block(String label, boolean legacyEncrypted, Secret body) {}

  static PemText read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(LARGEST + 1);
      // Latin-1 reads any byte: the explanations may be in any encoding.
      return of("the file " + file, new String(bytes, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new IllegalArgumentException("Cannot read the file " + file + ": " + e, e);
    }
  }

  static PemText of(String where, String text) {
    if (text.length() > LARGEST) {
      throw new IllegalArgumentException(
          "There is more than "
              + LARGEST
              + " bytes in "
              + where
              + ", which is more than a "
              + "device's certificates and key can take.");
    }
    List<Block> blocks = new ArrayList<>();
    Iterator<String> lines = text.lines().map(String::strip).iterator();
    while (lines.hasNext()) {
      String line = lines.next();
      int begin = line.indexOf(BEGIN); // not startsWith: a byte order mark may precede
      if (begin >= 0 && line.endsWith(DASHES) && line.length() >= begin + BEGIN.length() + 5) {
        String label = line.substring(begin + BEGIN.length(), line.length() - DASHES.length());
        blocks.add(block(where, label, lines));
      }
    }
    if (blocks.isEmpty()) {
      throw new IllegalArgumentException(
          "There is no PEM in "
              + where
              + " (a line that begins with -----BEGIN). If it is in DER, convert it with openssl"
              + " x509 -inform der, or openssl pkcs8 -inform der.");
    }
    return new PemText(where, blocks);
  }

  private static Block block(String where, String label, Iterator<String> lines) {
    StringBuilder base64 = new StringBuilder();
    boolean legacyEncrypted = false;
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.equals(END + label + DASHES)) {
        return new Block(label, legacyEncrypted, Secret.of(base64.toString()));
      }
      if (line.indexOf(':') < 0) {
        base64.append(line);
      } else if (line.startsWith("Proc-Type:") && line.endsWith("ENCRYPTED")) { // RFC 1421, 4.6.1.1
        legacyEncrypted = true;
      }
    }
    throw new IllegalArgumentException(
        "A PEM block in "
            + where
            + " does not end (with a line -----END and the words of its first line); a part was"
            + " lost in copying.");
  }

  private byte[] der(Block block) {
    try {
      return Base64.getDecoder().decode(block.body().reveal());
    } catch (IllegalArgumentException e) { // not kept as the cause: it quotes a character
      throw new IllegalArgumentException(
          "The PEM block "
              + block.label()
              + " in "
              + where
              + " is not base64; a part was damaged in copying.");
    }
  }

  /** All certificates, in the order of the text. */
  List<X509Certificate> certificates() {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks) {
      if (block.label().equals("CERTIFICATE") || block.label().equals("X509 CERTIFICATE")) {
        certificates.add(certificate(der(block), certificates.size() + 1));
      }
    }
    if (certificates.isEmpty()) {
      throw new IllegalArgumentException(
          "There is no certificate in "
              + where
              + " (-----BEGIN CERTIFICATE-----). A key or a certificate request is not one.");
    }
    return certificates;
  }

  private X509Certificate certificate(byte[] der, int number) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalArgumentException(
          "Certificate " + number + " in " + where + " is malformed; copy it again.", e);
    }
  }

  /** The one private key, of any form but the legacy encrypted. */
  PrivateKey privateKey(Optional<Secret> passphrase) {
    List<Block> keys =
        blocks.stream().filter(block -> block.label().endsWith("PRIVATE KEY")).toList();
    if (keys.size() != 1) {
      throw new IllegalArgumentException(
          "There must be one private key in "
              + where
              + " (-----BEGIN … PRIVATE KEY-----); there are "
              + keys.size()
              + ".");
    }
    Block key = keys.get(0);
    byte[] der = der(key);
    Optional<byte[]> curve = curve();
    try {
      return privateKey(key, der, curve, passphrase);
    } catch (IllegalArgumentException e) { // the text is our own, so it is reused
      throw new IllegalArgumentException(
          "The private key in " + where + " cannot be used: " + e.getMessage() + ".");
    }
  }

  private static PrivateKey privateKey(
      Block key, byte[] der, Optional<byte[]> curve, Optional<Secret> passphrase) {
    if (key.legacyEncrypted()) {
      throw new IllegalArgumentException(
          "it is encrypted in the legacy form (Proc-Type: 4,ENCRYPTED), which is weak and no longer"
              + " read; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc");
    }
    return switch (key.label()) {
      case "PRIVATE KEY" -> Pkcs8.decode(der);
      case "ENCRYPTED PRIVATE KEY" ->
          Pkcs8.decrypt(
              der,
              passphrase.orElseThrow(
                  () -> new IllegalArgumentException("it is encrypted; give its passphrase")));
      case "EC PRIVATE KEY" -> Pkcs8.decodeSec1(der, curve);
      case "RSA PRIVATE KEY" -> Pkcs8.decodePkcs1(der);
      default ->
          throw new IllegalArgumentException(
              "its form is not PKCS #8, SEC 1 (EC) or PKCS #1 (RSA); convert it with: openssl pkcs8"
                  + " -topk8");
    };
  }

  /** The curve in a block of its own, as {@code openssl ecparam -genkey} writes it. */
  private Optional<byte[]> curve() {
    return blocks.stream()
        .filter(block -> block.label().equals("EC PARAMETERS"))
        .map(this::der)
        .findFirst();
  }
}
