package dev.fairlead.localhub.https;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.localhub.LocalHubException;
import java.util.List;
import java.util.Map;

/** The hub's readers of request targets and header fields. */
public final class HubHttpsTexts {
  private HubHttpsTexts() {}

  /** Reads a text in each way. */
  public static void read(String text) {
    RequestTarget.parse(text)
        .ifPresent(target -> Expect.that(!target.segments().isEmpty(), "no segment"));
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    String value = text.substring(colon + 1);
    try {
      HeaderProperties.ofTelemetry(
          List.of(Map.entry(name, value), Map.entry("iothub-app-" + name, value)));
    } catch (LocalHubException e) {
      Expect.that(e.code() == 400004, "another refusal of a property");
    }
  }
}
