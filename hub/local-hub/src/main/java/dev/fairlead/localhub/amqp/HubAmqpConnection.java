package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.qpid.protonj2.buffer.impl.ProtonByteArrayBufferAllocator;
import org.apache.qpid.protonj2.engine.Connection;
import org.apache.qpid.protonj2.engine.Engine;
import org.apache.qpid.protonj2.engine.EngineFactory;
import org.apache.qpid.protonj2.engine.Session;
import org.apache.qpid.protonj2.types.transport.AmqpError;
import org.apache.qpid.protonj2.types.transport.ConnectionError;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One AMQP connection, which may carry several identities: its protocol header, its engine, its
 * sessions, its end. {@link LinkTable} handles the links.
 *
 * <p>Everything runs on the connection's thread except {@link #onLoop}, which posts to that thread.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class HubAmqpConnection extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(HubAmqpConnection.class);

  // Values seen in traces of the hub.
  private static final int CHANNEL_MAX = 8191;
  private static final int HANDLE_MAX = 262_143;
  private static final int INCOMING_WINDOW = 5000;

  private static final byte[] AMQP_HEADER = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};
  private static final byte[] SASL_HEADER = {'A', 'M', 'Q', 'P', 3, 1, 0, 0};
  private static final long CLOSE_MILLIS = 1000;

  /** The maximum size, in bytes, of a connection's incomplete messages. */
  private static final long MAX_REASSEMBLY = 16L * 1024 * 1024;

  private final HubCore hub;
  private final Channel channel;
  private final FaultyConnection faulty;
  private final ConnectionIdentities identities;
  private final int maxSessions;
  private final FrameOutput output;
  private final Conditions conditions;
  private final MessageCodec codec = new MessageCodec();
  private final LinkTable linkTable;
  private final PendingDispositions dispositions;
  private @Nullable Engine engine;
  private @Nullable Future<?> openTimer;
  private @Nullable Future<?> idleTimer;
  private long reassembling;
  private boolean inBatch;
  private boolean over;

  HubAmqpConnection(
      HubCore hub,
      Channel channel,
      FaultyConnection faulty,
      ConnectionIdentities identities,
      int maxIdentities) {
    this.hub = hub;
    this.channel = channel;
    this.faulty = faulty;
    this.identities = identities;
    this.maxSessions = 2 * maxIdentities + 10;
    this.output = new FrameOutput(channel, faulty);
    this.conditions = new Conditions(hub.time());
    this.dispositions = new PendingDispositions(hub);
    this.linkTable = new LinkTable(this, maxIdentities);
  }

  // --- for the parts of the connection

  HubCore hub() {
    return hub;
  }

  Conditions conditions() {
    return conditions;
  }

  MessageCodec codec() {
    return codec;
  }

  ConnectionIdentities identities() {
    return identities;
  }

  FaultyConnection faulty() {
    return faulty;
  }

  /** Whether the client reads as fast as the hub writes. */
  boolean isWritable() {
    return channel.isWritable();
  }

  PendingDispositions dispositions() {
    return dispositions;
  }

  /** Counts the bytes of incomplete messages. */
  void reassembling(long bytes) {
    reassembling += bytes;
    if (reassembling > MAX_REASSEMBLY) {
      fail(
          new ErrorCondition(
              AmqpError.RESOURCE_LIMIT_EXCEEDED,
              "The incomplete messages of this connection have more than "
                  + MAX_REASSEMBLY
                  + " bytes in all."));
    }
  }

  // --- opening

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    openTimer =
        ctx.executor()
            .schedule(
                () -> {
                  if (!faulty.isStalled()) {
                    end("the client sent no OPEN within " + hub.options().idleBeforeConnect());
                  }
                },
                hub.options().idleBeforeConnect().toNanos(),
                TimeUnit.NANOSECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (over || faulty.isStalled()) {
      return;
    }
    byte[] frames = (byte[]) message;
    inBatch = true;
    Engine running = engine == null ? begin(frames) : engine;
    if (running != null && running.isWritable()) {
      guard(() -> running.ingest(ProtonByteArrayBufferAllocator.wrapped(frames)));
    }
  }

  /**
   * The first bytes are the protocol header: with SASL, or without, which the hub accepts as well.
   */
  private @Nullable Engine begin(byte[] frames) {
    boolean sasl = frames[4] == SASL_HEADER[4];
    if ((frames[4] != 0 && !sasl) || frames[5] != 1 || frames[6] != 0 || frames[7] != 0) {
      // AMQP 1.0, part 2, section 2.2: answer with a header that is supported, and close.
      refuseHeader("the protocol header is that of another protocol or version");
      return null;
    }
    Engine fresh =
        sasl ? EngineFactory.PROTON.createEngine() : EngineFactory.PROTON.createNonSaslEngine();
    engine = fresh;
    fresh.outputHandler(output);
    fresh.errorHandler(failed -> failed(failed.failureCause()));
    if (sasl) {
      fresh
          .saslDriver()
          .server()
          .setListener(
              new SaslAuthenticator(
                  identities,
                  hub.options().hostName(),
                  () -> injectAt(Moment.ON_SASL, null),
                  reason -> end("SASL: " + reason)));
    }
    Connection connection = fresh.connection();
    connection
        .setContainerId("DeviceGateway_" + UUID.randomUUID().toString().replace("-", ""))
        .setHostname("localhost")
        .setMaxFrameSize(FrameDecoder.MAX_FRAME)
        .setChannelMax(CHANNEL_MAX)
        .setIdleTimeout(hub.options().amqpIdleTimeout().toMillis())
        .openHandler(opened -> guard(() -> open(opened)))
        .closeHandler(closed -> guard(() -> end("the client closed it")))
        .sessionOpenHandler(session -> guard(() -> beginSession(session)))
        .senderOpenHandler(link -> guard(() -> linkTable.attach(link)))
        .receiverOpenHandler(link -> guard(() -> linkTable.attach(link)));
    fresh.start();
    return fresh;
  }

  private void refuseHeader(String reason) {
    LOG.info("{}: refused: {}.", channel.remoteAddress(), reason);
    over = true;
    channel
        .writeAndFlush(Unpooled.wrappedBuffer(AMQP_HEADER))
        .addListener(ChannelFutureListener.CLOSE);
  }

  private void open(Connection connection) {
    stop(openTimer);
    if (injectAt(Moment.ON_OPEN, null)) {
      return;
    }
    LOG.info("{}: AMQP connection opened.", channel.remoteAddress());
    connection.open();
    tick();
  }

  private void beginSession(Session session) {
    Connection connection = session.getConnection();
    if (connection.sessions().size() > maxSessions) {
      fail(
          new ErrorCondition(
              AmqpError.RESOURCE_LIMIT_EXCEEDED,
              "The connection already has " + maxSessions + " sessions, which is the limit."));
      return;
    }
    session.setIncomingCapacity(INCOMING_WINDOW * FrameDecoder.MAX_FRAME);
    session.setHandleMax(HANDLE_MAX);
    session.closeHandler(ended -> guard(ended::close));
    session.open();
  }

  /** Sends empty frames in time, and ends a connection that is silent for too long. */
  private void tick() {
    Engine running = engine;
    if (over || running == null || !running.connection().isLocallyOpen() || faulty.isStalled()) {
      return;
    }
    guard(
        () -> {
          long now = TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
          long deadline = running.tick(now);
          if (deadline != 0 && !over) {
            // Twice as often as needed, because an empty frame takes time to arrive.
            long delay = Math.max(1, (deadline - now) / 2);
            idleTimer = channel.eventLoop().schedule(this::tick, delay, TimeUnit.MILLISECONDS);
          }
        });
    flush();
  }

  // --- batches

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    inBatch = false;
    if (!faulty.isStalled()) {
      settle();
      output.flush();
    }
    ctx.fireChannelReadComplete();
  }

  private void settle() {
    if (over) {
      dispositions.drop();
    } else {
      guard(
          () -> {
            if (!dispositions.settle()) {
              fail(conditions.of(500001, "The telemetry could not be stored."));
            }
          });
    }
  }

  /**
   * Accepts all earlier telemetry now and sends the dispositions; false if it could not be stored.
   */
  boolean settleNow() {
    settle();
    output.flush();
    return !over;
  }

  private void flush() {
    if (!inBatch && !faulty.isStalled()) {
      output.flush();
    }
  }

  /** The hub stops reading from a client that does not read. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (!faulty.isStalled()) {
      channel.config().setAutoRead(channel.isWritable());
    }
    ctx.fireChannelWritabilityChanged();
  }

  // --- faults

  /**
   * An occasion for a fault on the connection.
   *
   * @return whether the connection is unusable: ended or silent
   */
  boolean injectAt(Moment moment, @Nullable String deviceId) {
    if (hub.faults().isIdle()) {
      return false;
    }
    Effect effect = hub.faults().strike(moment, deviceId);
    return effect != null && apply(effect);
  }

  /**
   * Applies an effect to the connection.
   *
   * @return whether the connection is unusable: ended or silent
   */
  boolean apply(Effect effect) {
    output.flush();
    boolean done = faulty.apply(effect);
    if (done) {
      over = !faulty.isStalled();
      dispositions.drop();
    }
    return done;
  }

  // --- closing

  /** Runs engine code; whatever it throws ends the connection. */
  void guard(Runnable action) {
    if (over) {
      return;
    }
    try {
      action.run();
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  private void failed(Throwable cause) {
    if (!over) {
      LOG.info("{}: closed, AMQP error: {}", channel.remoteAddress(), cause.toString());
      LOG.debug("The stack trace of this error:", cause);
      over = true;
      closeSoon();
    }
  }

  /** Ends the connection with a condition. */
  void fail(ErrorCondition condition) {
    Engine running = engine;
    if (over || running == null) {
      return;
    }
    LOG.info(
        "{}: closed: {} {}",
        channel.remoteAddress(),
        condition.getCondition(),
        condition.getDescription());
    over = true;
    if (running.isRunning() && running.connection().isRemotelyOpen()) {
      try {
        running.connection().open();
        running.connection().setCondition(condition).close();
      } catch (RuntimeException e) {
        LOG.debug("The client cannot be notified.", e);
      }
      closeSoon();
    } else {
      shut();
    }
  }

  /**
   * Closes after a delay, so that the client can read the reason: data that arrives on a closed
   * socket would reset the connection.
   */
  private void closeSoon() {
    output.flush();
    channel.eventLoop().schedule(() -> channel.close(), CLOSE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Ends the connection gracefully; valid telemetry that arrived before is accepted. */
  void end(String reason) {
    if (over) {
      return;
    }
    LOG.info("{}: closed: {}.", channel.remoteAddress(), reason);
    settle();
    Engine running = engine;
    if (running != null && running.isRunning() && running.connection().isLocallyOpen()) {
      running.connection().close();
    }
    shut();
  }

  private void shut() {
    over = true;
    output.flush();
    channel.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    over = true;
    stop(openTimer);
    stop(idleTimer);
    output.drop();
    linkTable.endAll();
    if (engine != null) {
      engine.shutdown();
    }
    ctx.fireChannelInactive();
  }

  private static void stop(@Nullable Future<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Throwable reason = cause instanceof DecoderException ? cause.getCause() : cause;
    if (faulty.isStalled()) {
      return;
    }
    if (reason instanceof MalformedException malformed) {
      if (engine == null) {
        refuseHeader(String.valueOf(malformed.getMessage()));
      } else {
        fail(new ErrorCondition(malformed.condition(), malformed.getMessage()));
      }
    } else if (reason instanceof IOException) {
      end(reason.toString());
    } else {
      LOG.warn("{}: closed after an unexpected error.", channel.remoteAddress(), cause);
      fail(new ErrorCondition(ConnectionError.CONNECTION_FORCED, "The hub has an internal error."));
    }
  }

  /**
   * Runs an action on the connection's thread, in the order of calls, unless the connection has
   * ended by then.
   */
  void onLoop(Runnable action) {
    try {
      channel
          .eventLoop()
          .execute(
              () -> {
                if (!over && !faulty.isStalled()) {
                  guard(action);
                  flush();
                }
              });
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: the hub is closing.", channel.remoteAddress());
    }
  }
}
