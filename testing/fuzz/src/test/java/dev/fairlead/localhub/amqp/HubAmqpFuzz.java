package dev.fairlead.localhub.amqp;

import dev.fairlead.fuzz.Split;
import dev.fairlead.localhub.EmbeddedHub;
import dev.fairlead.localhub.Opening;
import java.util.ArrayList;
import java.util.List;

/** AMQP as the hub reads it, from the protocol header to the end. */
public final class HubAmqpFuzz {
  private static final byte[] OPEN = Opening.named("amqp");

  private HubAmqpFuzz() {}

  /**
   * If the first byte is odd, the client has authenticated and opened a session. The second is the
   * size of the pieces, the rest is what it sends.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2) {
      return;
    }
    List<byte[]> pieces = new ArrayList<>();
    if ((input[0] & 1) != 0) {
      pieces.add(OPEN.clone());
    }
    pieces.addAll(Split.of(input, 2, 1 + (input[1] & 0xff)));
    EmbeddedHub.talk(new AmqpFrontEnd(new EmbeddedHub().core())::install, pieces);
  }
}
