package dev.fairlead.localhub;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.localhub.amqp.HubAmqpTexts;
import dev.fairlead.localhub.auth.SasToken;
import dev.fairlead.localhub.https.HubHttpsTexts;
import dev.fairlead.localhub.mqtt.HubMqttTexts;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.twin.Json;
import java.nio.charset.StandardCharsets;

/** Texts that a client sends to the hub: tokens, ids, topics, addresses, targets, JSON. */
public final class HubTextFuzz {
  private HubTextFuzz() {}

  /** The input is a text; each of the hub's parsers reads it. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    SasToken.parse(text)
        .ifPresent(
            token -> {
              token.covers("localhost", "/devices/dev-1");
              token.path();
              token.policy();
              token.isSignedBy(EmbeddedHub.KEY);
            });
    IdentityId.parse(text)
        .ifPresent(id -> Expect.same(id, IdentityId.parse(id.toString()).orElseThrow(), "an id"));
    try {
      var read = Json.parse(text);
      Expect.same(Json.print(read), Json.print(Json.parse(Json.print(read))), "JSON");
    } catch (LocalHubException e) {
      Expect.that(e.code() == 400004, "another refusal of JSON");
    }
    HubMqttTexts.read(text);
    HubAmqpTexts.read(input, text);
    HubHttpsTexts.read(text);
  }
}
