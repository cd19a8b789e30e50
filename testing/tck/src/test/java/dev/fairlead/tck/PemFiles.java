package dev.fairlead.tck;

import dev.fairlead.peers.TestCa;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.util.Base64;

/** Certificates and keys as PEM text. */
final class PemFiles {
  private PemFiles() {}

  static String certificate(TestCa.Issued issued) throws CertificateEncodingException {
    return pem("CERTIFICATE", issued.certificate().getEncoded());
  }

  static String key(TestCa.Issued issued) {
    return pem("PRIVATE KEY", issued.key().getEncoded());
  }

  private static String pem(String what, byte[] der) {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n";
  }
}
