package dev.fairlead.inbound;

import dev.fairlead.RejectedException;
import dev.fairlead.Twin;
import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** Twin documents from a hub. */
public final class TwinFuzz {
  private TwinFuzz() {}

  /** The input is a document. */
  public static void fuzzerTestOneInput(byte[] input) {
    try {
      Twin twin = TwinDocuments.read(new String(input, StandardCharsets.UTF_8));
      twin.desired().version();
      twin.desired().asMap();
      twin.reported().version();
    } catch (RejectedException e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
  }
}
