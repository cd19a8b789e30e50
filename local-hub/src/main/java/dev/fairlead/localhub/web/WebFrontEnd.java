package dev.fairlead.localhub.web;

import dev.fairlead.localhub.amqp.AmqpFrontEnd;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.mqtt.MqttFrontEnd;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;

/** Speaks HTTP on connections that have TLS. Safe for use by several threads. */
public final class WebFrontEnd {

  private static final int MAX_REQUEST_LINE = 4 * 1024;
  private static final int MAX_HEADERS = 8 * 1024;

  private final HubCore hub;
  private final MqttFrontEnd mqtt;
  private final AmqpFrontEnd amqp;

  /**
   * A front end without connections.
   *
   * @param hub the hub it belongs to
   * @param mqtt what serves the sub-protocol {@code mqtt}
   * @param amqp what serves the sub-protocol {@code AMQPWSB10}
   */
  public WebFrontEnd(HubCore hub, MqttFrontEnd mqtt, AmqpFrontEnd amqp) {
    this.hub = hub;
    this.mqtt = mqtt;
    this.amqp = amqp;
  }

  /** Adds HTTP to a pipeline that has TLS. */
  public void install(ChannelPipeline pipeline) {
    HttpDecoderConfig limits =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_REQUEST_LINE)
            .setMaxHeaderSize(MAX_HEADERS);
    pipeline.addLast("http", new HttpServerCodec(limits));
    pipeline.addLast("upgrade", new HttpUpgrade(hub, mqtt, amqp));
  }
}
