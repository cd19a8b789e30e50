package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyWire;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** MQTT over TLS: a listener and its connections. Safe for use by several threads. */
// Netty closes a channel whose writes fail; there is nothing to do about their futures.
@SuppressWarnings("FutureReturnValueIgnored")
public final class MqttFrontEnd {

  private static final Logger LOG = LoggerFactory.getLogger(MqttFrontEnd.class);

  /**
   * The largest packet: a message of 256 KB and the longest topic. Longer ones are refused before
   * they are read.
   */
  private static final int MAX_PACKET = 256 * 1024 + 65_535 + 16;

  private static final int MAX_CLIENT_ID = 2 * 128 + 1;
  private static final byte[] HUGE_HEAD = {
    0x30, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f, 0, 4, 'h', 'u', 'g', 'e'
  };
  // A client that does not read must not hold up the end of its connection.
  private static final long CLOSE_NOTIFY_MILLIS = 500;
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(256 * 1024, 1024 * 1024);

  private final HubCore hub;
  private final EventLoopGroup loops;
  private final SslContext tls;
  private final StoredSessions sessions = new StoredSessions();
  private final ChannelGroup connections = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
  private @Nullable Channel listener;
  private int port;

  /** A front end that does not listen yet. */
  public MqttFrontEnd(HubCore hub, EventLoopGroup loops, SslContext tls) {
    this.hub = hub;
    this.loops = loops;
    this.tls = tls;
    this.port = hub.options().mqttPort();
  }

  /**
   * Listens; after the first time on the port it had then. Does nothing if it listens already.
   *
   * @throws IOException if the port cannot be had
   */
  public synchronized void listen() throws IOException {
    if (listener != null) {
      return;
    }
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    accept(channel);
                  }
                });
    ChannelFuture bound = bootstrap.bind(hub.options().bindAddress(), port).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw explain(bound.cause());
    }
    Channel channel = bound.channel();
    listener = channel;
    port = ((InetSocketAddress) channel.localAddress()).getPort();
  }

  private IOException explain(Throwable cause) {
    String where = "port " + port + " on " + hub.options().bindAddress().getHostAddress();
    if (cause instanceof BindException) {
      return new IOException(
          "The hub cannot listen on "
              + where
              + ": "
              + cause.getMessage()
              + ". Stop what uses it, or choose another port.",
          cause);
    }
    return new IOException("The hub cannot listen on " + where + ": " + cause, cause);
  }

  /**
   * Listens no more and cuts all connections; the port stays reserved in name only. Returns when
   * they are closed.
   */
  public synchronized void stop() {
    if (listener != null) {
      listener.close().awaitUninterruptibly();
      listener = null;
    }
    connections.close().awaitUninterruptibly();
  }

  /** Cuts all connections. */
  public void dropConnections() {
    connections.close();
  }

  /** The port; 0 before it first listens if a free one is to be taken. */
  public synchronized int port() {
    return port;
  }

  /** Whether it listens. */
  public synchronized boolean isListening() {
    return listener != null;
  }

  /** How many TCP connections there are, whatever their state. */
  public int connectionCount() {
    return connections.size();
  }

  private void accept(SocketChannel channel) {
    if (connections.size() >= hub.options().maxConnections()) {
      LOG.warn(
          "{} connections are as many as the hub holds; the one from {} is closed.",
          connections.size(),
          channel.remoteAddress());
      channel.close();
      return;
    }
    connections.add(channel);
    FaultyWire wire = new FaultyWire(hub.faults(), HUGE_HEAD);
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast("wire", wire);
    Effect effect = hub.faults().strike(Moment.ON_ACCEPT, null);
    if (effect != null && wire.inflict(effect)) {
      return;
    }
    SslHandler tlsHandler = tls.newHandler(channel.alloc());
    tlsHandler.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MILLIS);
    pipeline.addBefore("wire", "tls", tlsHandler);
    install(pipeline, wire);
  }

  /** Adds MQTT to a pipeline that carries its bytes, whatever is below. */
  private void install(ChannelPipeline pipeline, FaultyWire wire) {
    pipeline.addLast("decoder", new MqttDecoder(MAX_PACKET, MAX_CLIENT_ID));
    pipeline.addLast("encoder", MqttEncoder.INSTANCE);
    pipeline.addLast("greeting", new MqttGreeting(hub, sessions, wire));
  }
}
