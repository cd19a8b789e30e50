package dev.fairlead.auth;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/**
 * The common name in a certificate's subject. Read from DER, because every text form escapes it.
 */
final class CommonName {
  private static final byte[] ID_AT_COMMON_NAME = {0x55, 0x04, 0x03}; // RFC 5280, appendix A.1
  private static final int BMP_STRING = 0x1e;

  private CommonName() {}

  /** All common names of a subject, usually one. */
  static List<String> of(X500Principal subject) {
    List<String> names = new ArrayList<>();
    // RFC 5280, 4.1.2.4: a sequence of sets of attributes, each a type and a value
    Der relativeNames = Der.reader(subject.getEncoded()).next(Der.SEQUENCE).inside();
    while (relativeNames.hasMore()) {
      Der attributes = relativeNames.next(Der.SET).inside();
      while (attributes.hasMore()) {
        Der attribute = attributes.next(Der.SEQUENCE).inside();
        byte[] type = attribute.next(Der.OBJECT_IDENTIFIER).content();
        Der.Element value = attribute.next();
        if (Arrays.equals(type, ID_AT_COMMON_NAME)) {
          names.add(
              new String(
                  value.content(),
                  value.tag() == BMP_STRING ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_8));
        }
      }
    }
    return names;
  }
}
