package dev.fairlead.localhub.web;

import dev.fairlead.localhub.amqp.AmqpFrontEnd;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.https.HttpsFrontEnd;
import dev.fairlead.localhub.mqtt.MqttFrontEnd;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;

/** Speaks HTTP on connections that have TLS. Safe for use by several threads. */
public final class WebFrontEnd {

  /** Room for the longest name of a blob with every character escaped. */
  private static final int MAX_REQUEST_LINE = 16 * 1024;

  private static final int MAX_HEADERS = 16 * 1024;

  private final HubCore hub;
  private final MqttFrontEnd mqtt;
  private final AmqpFrontEnd amqp;
  private final HttpsFrontEnd https;

  /**
   * A front end without connections.
   *
   * @param hub the hub
   * @param mqtt serves the sub-protocol {@code mqtt}
   * @param amqp serves the sub-protocol {@code AMQPWSB10}
   * @param https serves requests that are not for a WebSocket
   */
  public WebFrontEnd(HubCore hub, MqttFrontEnd mqtt, AmqpFrontEnd amqp, HttpsFrontEnd https) {
    this.hub = hub;
    this.mqtt = mqtt;
    this.amqp = amqp;
    this.https = https;
  }

  /** Adds HTTP to a pipeline that has TLS. */
  public void install(ChannelPipeline pipeline) {
    HttpDecoderConfig limits =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_REQUEST_LINE)
            .setMaxHeaderSize(MAX_HEADERS)
            // Otherwise Netty silently drops a Content-Length beside Transfer-Encoding.
            .setUseRfc9112TransferEncoding(true);
    pipeline.addLast("http", new HttpServerCodec(limits));
    pipeline.addLast("upgrade", new HttpUpgrade(hub, mqtt, amqp, https));
  }
}
