package dev.fairlead.localhub.mqtt;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.localhub.registry.IdentityId;

/** The hub's readers of topics and user names. */
public final class HubMqttTexts {
  private static final IdentityId ID = IdentityId.ofDevice("dev-1");

  private HubMqttTexts() {}

  /** Reads a text in each way. */
  public static void read(String text) {
    UserName.parse(text, "dev-1").ifPresent(name -> Expect.that(!name.host().isEmpty(), "host"));
    new TelemetryTopics(ID).propertiesOf(text, true);
    Topics.isForeign(text, ID);
    Topics.queryValue(text, "$rid").ifPresent(rid -> Expect.that(rid.indexOf('&') < 0, "an id"));
    PropertyBag.parsePairs(text)
        .ifPresent(
            pairs -> {
              StringBuilder bag = new StringBuilder();
              pairs.forEach((name, value) -> PropertyBag.append(bag, name, value));
              Expect.same(pairs, PropertyBag.parsePairs(bag.toString()).orElseThrow(), "a bag");
            });
  }
}
