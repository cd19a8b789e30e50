package dev.fairlead.auth;

import dev.fairlead.Secret;
import dev.fairlead.fuzz.Expect;
import java.util.Arrays;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;

/** Private keys and names in DER. */
public final class DerKeyFuzz {
  private DerKeyFuzz() {}

  /** The first byte picks the form of the rest. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] der = Arrays.copyOfRange(input, 1, input.length);
    try {
      switch (input[0] & 7) {
        case 0 -> Pkcs8.decode(der);
        case 1 -> Pkcs8.decodePkcs1(der);
        case 2 -> Pkcs8.decodeSec1(der, Optional.empty());
        case 3 -> Pkcs8.decodeSec1(der, Optional.of(new byte[] {6, 1, 1}));
        case 4 -> Pkcs8.decrypt(der, Secret.of("secret"));
        case 5 -> CommonName.of(principal(der));
        default -> walk(Der.reader(der), der.length);
      }
    } catch (IllegalArgumentException e) {
      Expect.readable(e.getMessage());
    }
  }

  private static X500Principal principal(byte[] der) {
    return new X500Principal(der);
  }

  /** An element written again is the same element. */
  private static void walk(Der reader, int length) {
    int sum = 0;
    while (reader.hasMore()) {
      Der.Element element = reader.next();
      sum += element.content().length;
      Expect.that(sum <= length, "more than was given");
      byte[] written = Der.element(element.tag(), element.content());
      Der.Element again = Der.reader(written).next();
      Expect.same(element.tag(), again.tag(), "the tag");
      Expect.same(element.content(), again.content(), "the content");
      if (element.tag() == Der.SEQUENCE) {
        try {
          walk(element.inside(), element.content().length);
        } catch (IllegalArgumentException e) {
          Expect.readable(e.getMessage());
        }
      }
    }
  }
}
