package dev.fairlead.localhub.amqp;

import dev.fairlead.fuzz.Expect;

/** The hub's readers of addresses and of SASL PLAIN. */
public final class HubAmqpTexts {
  private HubAmqpTexts() {}

  /** Reads a text in each way. */
  public static void read(byte[] bytes, String text) {
    Address.parse(text, id -> false);
    Address.parse(text, id -> true);
    Address.identityIn(text, id -> id.device().length() == 5);
    PlainUser.parse(bytes, "localhost")
        .ifPresent(
            user ->
                Expect.that(
                    user.token().length() < 20 || !user.toString().contains(user.token()),
                    "the token"));
  }
}
