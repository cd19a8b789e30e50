package dev.fairlead.localhub.web;

import dev.fairlead.fuzz.Split;
import dev.fairlead.localhub.EmbeddedHub;
import dev.fairlead.localhub.Opening;
import dev.fairlead.localhub.amqp.AmqpFrontEnd;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.https.HttpsFrontEnd;
import dev.fairlead.localhub.mqtt.MqttFrontEnd;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayList;
import java.util.List;

/** The hub's HTTPS port: the device API, and WebSockets. */
public final class HubWebFuzz {
  private static final byte[] UPGRADE = Opening.named("websocket");

  private HubWebFuzz() {}

  /**
   * If the first byte is odd, there is a WebSocket of MQTT. The second is the size of the pieces,
   * the rest is what the client sends.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2) {
      return;
    }
    List<byte[]> pieces = new ArrayList<>();
    if ((input[0] & 1) != 0) {
      pieces.add(UPGRADE.clone());
    }
    pieces.addAll(Split.of(input, 2, 1 + (input[1] & 0xff)));
    HubCore core = new EmbeddedHub().core();
    WebFrontEnd web =
        new WebFrontEnd(
            core, new MqttFrontEnd(core), new AmqpFrontEnd(core), new HttpsFrontEnd(core));
    EmbeddedHub.talk(
        pipeline -> {
          // The front end adds its handlers behind TLS, which is not here.
          pipeline.addLast("tls", new ChannelInboundHandlerAdapter());
          web.install(pipeline);
        },
        pieces);
  }
}
