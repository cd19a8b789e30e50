package dev.fairlead.localhub.mqtt;

import dev.fairlead.fuzz.Split;
import dev.fairlead.localhub.EmbeddedHub;
import dev.fairlead.localhub.Opening;
import java.util.ArrayList;
import java.util.List;

/** MQTT as the hub reads it, from CONNECT to the end. */
public final class HubMqttFuzz {
  private static final byte[] CONNECT = Opening.named("mqtt");

  private HubMqttFuzz() {}

  /**
   * If the first byte is odd, the client has connected. The second is the size of the pieces, the
   * rest is what it sends.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2) {
      return;
    }
    List<byte[]> pieces = new ArrayList<>();
    if ((input[0] & 1) != 0) {
      pieces.add(CONNECT.clone());
    }
    pieces.addAll(Split.of(input, 2, 1 + (input[1] & 0xff)));
    EmbeddedHub.talk(new MqttFrontEnd(new EmbeddedHub().core())::install, pieces);
  }
}
