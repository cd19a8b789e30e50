package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.auth.Credentials.Carrier;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.tls.ClientCertificates;
import io.netty.channel.ChannelPipeline;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;
import org.apache.qpid.protonj2.codec.CodecFactory;

/**
 * Speaks AMQP 1.0 on any connection that carries its bytes: TLS or WebSocket. Safe for use by
 * several threads.
 */
public final class AmqpFrontEnd {

  private static final byte[] HUGE_HEAD = {0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, 2, 0, 0, 0};

  // The codec initialises shared state on first use, and that is not safe for several threads.
  static {
    CodecFactory.getDecoder();
    CodecFactory.getEncoder();
    CodecFactory.getSaslDecoder();
    CodecFactory.getSaslEncoder();
  }

  private final HubCore hub;

  /** A front end without connections. */
  public AmqpFrontEnd(HubCore hub) {
    this.hub = hub;
  }

  /** Adds AMQP to a pipeline that has TLS. */
  public void install(ChannelPipeline pipeline) {
    install(
        pipeline,
        () -> ClientCertificates.shownOn(pipeline),
        Carrier.TLS,
        hub.options().amqpIdentities());
  }

  /** Adds AMQP to a pipeline that carries its bytes in WebSocket frames. */
  public void installOnWebSocket(
      ChannelPipeline pipeline, Supplier<List<X509Certificate>> certificates) {
    install(
        pipeline, certificates, Carrier.AMQP_WEB_SOCKET, hub.options().amqpWebSocketIdentities());
  }

  private void install(
      ChannelPipeline pipeline,
      Supplier<List<X509Certificate>> certificates,
      Carrier carrier,
      int limit) {
    FaultyConnection faulty =
        new FaultyConnection(hub.faults(), HUGE_HEAD, FrameOutput::heartbeats);
    ConnectionIdentities identities = new ConnectionIdentities(hub, certificates, carrier, limit);
    pipeline.addLast("faulty", faulty);
    pipeline.addLast("frames-in", new FrameDecoder());
    pipeline.addLast(
        "connection", new HubAmqpConnection(hub, pipeline.channel(), faulty, identities, limit));
  }
}
