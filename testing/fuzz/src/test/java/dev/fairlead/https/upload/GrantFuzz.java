package dev.fairlead.https.upload;

import dev.fairlead.Trust;
import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** The hub's permission for an upload. */
public final class GrantFuzz {
  private GrantFuzz() {}

  /** The input is the answer's body. */
  public static void fuzzerTestOneInput(byte[] input) {
    try {
      Grant grant = Grant.read(new String(input, StandardCharsets.UTF_8));
      Expect.that(grant.endpoint(Trust.platform()).port() > 0, "no port");
      Expect.that(grant.sameBlob(grant), "not itself");
      String signature = grant.sas().reveal();
      Expect.that(
          signature.length() < 20
              || grant.blobName().contains(signature)
              || !grant.toString().contains(signature),
          "the signature is shown");
    } catch (IllegalArgumentException e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
  }
}
