package dev.fairlead.transport;

import dev.fairlead.Progress;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** Texts of a hub's errors, and any text of a peer that is shown. */
public final class HubErrorFuzz {
  private HubErrorFuzz() {}

  /** The input is a text. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String clean = ForeignText.clean(text, 300);
    Expect.that(clean.length() <= Math.max(300, ForeignText.WITHHELD.length()), "too long");
    Expect.readable(clean);
    Expect.same(clean, ForeignText.clean(clean, 300), "cleaned again");
    for (int status : new int[] {400, 401, 404, 429, 500, 504}) {
      HubError error = HubError.ofStatus(status, text);
      Expect.readable(error.quote("an answer"));
      Expect.readable(
          error.failure("An answer", Stage.SESSION, Progress.MAYBE_SENT, null).getMessage());
      Expect.readable(error.twinFailure("status " + status, null).getMessage());
    }
    HubErrorReader.read(text);
  }
}
