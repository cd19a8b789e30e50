package dev.fairlead.localhub.core;

import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.fault.FaultyConnection;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TLS port: accepts connections, adds TLS, and passes them to a front end. It can stop and
 * listen again on the same port. Safe for use by several threads.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
public final class Listener {

  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
  private static final int FIRST_FREE_PORT = 20_000;
  private static final int FIRST_OUTGOING_PORT = 32_768;
  private static final int FREE_PORT_ATTEMPTS = 50;

  private static final int FIRST_UNPRIVILEGED_PORT = 1024;
  // A client that does not read must not delay the end of its connection.
  private static final long CLOSE_NOTIFY_MILLIS = 500;
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(256 * 1024, 1024 * 1024);

  private final HubCore hub;
  private final EventLoopGroup loops;
  private final SslContext tls;
  private final ChannelGroup connections;
  private final Consumer<ChannelPipeline> frontEnd;
  private @Nullable Channel listening;
  private int port;

  /**
   * Creates a listener that does not listen yet.
   *
   * @param hub the hub
   * @param loops the threads that serve connections
   * @param tls the TLS context
   * @param connections the connections of all the hub's listeners
   * @param port where to listen; 0 takes a free port
   * @param frontEnd adds the protocol to a pipeline that has TLS
   */
  public Listener(
      HubCore hub,
      EventLoopGroup loops,
      SslContext tls,
      ChannelGroup connections,
      int port,
      Consumer<ChannelPipeline> frontEnd) {
    this.hub = hub;
    this.loops = loops;
    this.tls = tls;
    this.connections = connections;
    this.port = port;
    this.frontEnd = frontEnd;
  }

  /**
   * Listens, after the first time on the same port as then. Does nothing if it listens already.
   *
   * @throws IOException if the port cannot be bound
   */
  public synchronized void listen() throws IOException {
    if (listening != null) {
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
    ChannelFuture bound = port == 0 ? bindToFreePort(bootstrap) : bindTo(bootstrap, port);
    if (!bound.isSuccess()) {
      String where = "port " + port + " on " + hub.options().bindAddress().getHostAddress();
      throw new IOException(explain(where, port, bound.cause()), bound.cause());
    }
    Channel channel = bound.channel();
    listening = channel;
    port = ((InetSocketAddress) channel.localAddress()).getPort();
  }

  /**
   * Below the ports that systems give to outgoing connections (RFC 6335, section 6: from 49152;
   * Linux from 32768): while this port is not bound, no outgoing connection can take it, and none
   * can connect to itself.
   */
  private ChannelFuture bindToFreePort(ServerBootstrap bootstrap) {
    for (int attempt = 0; attempt < FREE_PORT_ATTEMPTS; attempt++) {
      ChannelFuture bound =
          bindTo(
              bootstrap, ThreadLocalRandom.current().nextInt(FIRST_FREE_PORT, FIRST_OUTGOING_PORT));
      if (bound.isSuccess()) {
        return bound;
      }
    }
    return bindTo(bootstrap, 0);
  }

  private ChannelFuture bindTo(ServerBootstrap bootstrap, int wanted) {
    return bootstrap.bind(hub.options().bindAddress(), wanted).awaitUninterruptibly();
  }

  /** The text for a port that cannot be bound: why, and what to do about it. */
  static String explain(String where, int port, Throwable cause) {
    String what = "The hub cannot listen on " + where + ": ";
    String reason = cause.getMessage();
    if (!(cause instanceof SocketException) || reason == null) {
      return what + cause;
    }
    if (port < FIRST_UNPRIVILEGED_PORT && reason.contains("Permission denied")) {
      return what
          + reason
          + ". Ports below 1024 need privileges. Choose another port (of the program: --https-port"
          + " 8443, or 0 for a free one), or, on Linux, permit it: to all programs with 'sysctl -w"
          + " net.ipv4.ip_unprivileged_port_start="
          + port
          + "', or to one Java with 'setcap cap_net_bind_service=+ep $JAVA_HOME/bin/java'.";
    }
    return what + reason + ". Stop the process that uses it, or choose another port.";
  }

  /** Stops listening and cuts its connections. Returns when they are closed. */
  public synchronized void stop() {
    Channel channel = listening;
    if (channel != null) {
      listening = null;
      channel.close().awaitUninterruptibly();
      awaitSelect(channel.eventLoop());
      connections.close(connection -> connection.parent() == channel).awaitUninterruptibly();
    }
  }

  /**
   * Waits until a thread has selected again. The JDK frees the socket of a closed channel only
   * then; until then the kernel accepts connections that are never served. The thread runs the
   * tasks that it schedules itself after it has selected.
   */
  private static void awaitSelect(EventLoop loop) {
    CompletableFuture<Void> selected = new CompletableFuture<>();
    loop.execute(() -> loop.schedule(() -> selected.complete(null), 0, TimeUnit.NANOSECONDS));
    selected.join();
  }

  /** The port; 0 before it first listens if a free port was requested. */
  public synchronized int port() {
    return port;
  }

  /** Whether it listens. */
  public synchronized boolean isListening() {
    return listening != null;
  }

  private void accept(SocketChannel channel) {
    if (connections.size() >= hub.options().maxConnections()) {
      LOG.warn(
          "The connection limit of {} is reached; the connection from {} is closed.",
          connections.size(),
          channel.remoteAddress());
      channel.close();
      return;
    }
    connections.add(channel);
    if (!channel.parent().isOpen()) {
      channel.close(); // It was accepted while the listener stopped, after the others were cut.
      return;
    }
    ChannelPipeline pipeline = channel.pipeline();
    if (FaultyConnection.injectOnce(pipeline, hub.faults(), Moment.ON_ACCEPT)) {
      return;
    }
    SslHandler tlsHandler = tls.newHandler(channel.alloc());
    tlsHandler.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MILLIS);
    pipeline.addLast("tls", tlsHandler);
    frontEnd.accept(pipeline);
  }
}
