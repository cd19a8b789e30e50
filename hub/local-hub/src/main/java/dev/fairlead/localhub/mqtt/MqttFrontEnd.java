package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.auth.Credentials.Carrier;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.tls.ClientCertificates;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

/**
 * Speaks MQTT on any connection that carries its bytes: TLS or WebSocket. A hub has one, so that a
 * stored session is found whether its client uses TLS or WebSockets. Safe for use by several
 * threads.
 */
public final class MqttFrontEnd {

  /**
   * The largest packet: a message of 256 KB and the longest topic. Longer ones are refused before
   * they are read.
   */
  private static final int MAX_PACKET = 256 * 1024 + 65_535 + 16;

  private static final int MAX_CLIENT_ID = 2 * 128 + 1;
  private static final byte[] HUGE_HEAD = {
    0x30, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f, 0, 4, 'h', 'u', 'g', 'e'
  };

  private static final int PINGRESP = 0xd0;

  private final HubCore hub;
  private final StoredSessions sessions = new StoredSessions();

  /** A front end without connections. */
  public MqttFrontEnd(HubCore hub) {
    this.hub = hub;
  }

  /** Adds MQTT to a pipeline that has TLS. */
  public void install(ChannelPipeline pipeline) {
    install(pipeline, () -> ClientCertificates.shownOn(pipeline), Carrier.TLS);
  }

  /**
   * Adds MQTT to a pipeline that carries its bytes in WebSocket frames.
   *
   * @param certificates supplies, at CONNECT, the chain with which the client may authenticate;
   *     empty for none
   */
  public void installOnWebSocket(
      ChannelPipeline pipeline, Supplier<List<X509Certificate>> certificates) {
    install(pipeline, certificates, Carrier.MQTT_WEB_SOCKET);
  }

  private void install(
      ChannelPipeline pipeline, Supplier<List<X509Certificate>> certificates, Carrier carrier) {
    FaultyConnection faulty =
        new FaultyConnection(hub.faults(), HUGE_HEAD, MqttFrontEnd::heartbeats);
    pipeline.addLast("faulty", faulty);
    pipeline.addLast("decoder", new MqttDecoder(MAX_PACKET, MAX_CLIENT_ID));
    pipeline.addLast("encoder", MqttEncoder.INSTANCE);
    pipeline.addLast("greeting", new MqttGreeting(hub, sessions, faulty, certificates, carrier));
  }

  /** PINGRESP, which the encoder writes as a separate buffer. */
  private static ByteBuf heartbeats(ByteBuf packet) {
    boolean answer =
        packet.isReadable() && packet.getUnsignedByte(packet.readerIndex()) == PINGRESP;
    return answer ? packet : packet.skipBytes(packet.readableBytes());
  }
}
