package dev.fairlead.auth;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Secret;
import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** Tokens that an application was given. */
public final class SasTokenFuzz {
  private SasTokenFuzz() {}

  /** The input is a token. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    try {
      SasToken token = SasToken.parse(Secret.of(text));
      Expect.same(token.text().reveal(), text.strip(), "the text");
      SasToken again = SasToken.parse(token.text());
      Expect.same(again.resource(), token.resource(), "the resource");
      Expect.same(again.expiry(), token.expiry(), "the expiry");
      Expect.same(again.policyName(), token.policyName(), "the policy");
      token.covers(new Audience("hub.example", DeviceIdentity.device("d")));
    } catch (IllegalArgumentException e) {
      Expect.readable(e.getMessage());
      Expect.that(e.getCause() == null, "A cause may quote the token");
    }
    PercentEncoding.decode(text);
    Expect.same(PercentEncoding.decode(PercentEncoding.encode(text)), text, "encoded and decoded");
  }
}
