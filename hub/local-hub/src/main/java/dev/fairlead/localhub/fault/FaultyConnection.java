package dev.fairlead.localhub.fault;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.traffic.ChannelTrafficShapingHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A handler between TLS and the codec of a connection that applies faults to it. Used on the
 * connection's thread only.
 *
 * <p>While faults are armed, front ends write each packet in a separate buffer.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
public final class FaultyConnection extends ChannelDuplexHandler {

  private static final byte[] GARBAGE =
      "\u0000\u00ffThis is not what you have been waiting for."
          .getBytes(StandardCharsets.ISO_8859_1);
  private static final long SHAPING_INTERVAL_MILLIS = 50;

  /** Selects, from a buffer of whole packets, ping responses and heartbeats. */
  @FunctionalInterface
  public interface Heartbeats {
    /** Takes ownership of the buffer; the result is empty if nothing is left. */
    ByteBuf keep(ByteBuf packets);
  }

  private final FaultPlan plan;
  private final byte[] hugeHead;
  private final Heartbeats heartbeats;
  private @Nullable ChannelHandlerContext context;
  private @Nullable String deviceId;
  private boolean stalled;
  private boolean brokenOff;
  private boolean corruptNext;
  private boolean duplicateNext;
  private boolean pingsOnly;

  /**
   * @param plan the hub's faults
   * @param hugeHead the first bytes of the longest packet of the protocol
   * @param heartbeats the packets that {@link Effect.PingsOnly} lets through
   */
  public FaultyConnection(FaultPlan plan, byte[] hugeHead, Heartbeats heartbeats) {
    this.plan = plan;
    this.hugeHead = hugeHead.clone();
    this.heartbeats = heartbeats;
  }

  /**
   * An occasion for a fault on a connection that has no handler for faults yet and no identified
   * device: applies the fault that strikes.
   *
   * @return whether the connection is unusable: ended or silent
   */
  public static boolean injectOnce(ChannelPipeline pipeline, FaultPlan plan, Moment moment) {
    Effect effect = plan.strike(moment, null);
    return effect != null && applyOnce(pipeline, plan, effect);
  }

  /**
   * Applies an effect to a connection that has no handler for faults yet, above TLS if TLS is
   * present.
   *
   * @return whether the connection is unusable: ended or silent
   */
  public static boolean applyOnce(ChannelPipeline pipeline, FaultPlan plan, Effect effect) {
    FaultyConnection faulty = new FaultyConnection(plan, new byte[0], packets -> packets);
    ChannelHandlerContext tls = pipeline.context(SslHandler.class);
    if (tls == null) {
      pipeline.addFirst("faulty", faulty);
    } else {
      pipeline.addAfter(tls.name(), "faulty", faulty);
    }
    boolean over = faulty.apply(effect);
    if (!over) {
      pipeline.remove(faulty);
    }
    return over;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  /** From now on faults for this device apply to this connection. */
  public void identify(String id) {
    deviceId = id;
  }

  /** Whether the next packet must be in a separate buffer. */
  public boolean needsSinglePackets() {
    return corruptNext || duplicateNext || !plan.isIdle();
  }

  /** The effect of the fault that strikes now, without applying it; null for none. */
  public @Nullable Effect strike(Moment moment) {
    return plan.strike(moment, deviceId);
  }

  /** The same for telemetry whose bodies are available. */
  public @Nullable Effect strike(Moment moment, List<byte[]> bodies) {
    return plan.strike(moment, deviceId, bodies);
  }

  /** Whether the connection is to be silent forever. */
  public boolean isStalled() {
    return stalled;
  }

  /**
   * An occasion for a fault: applies the fault that strikes.
   *
   * @return whether the connection is unusable: ended or silent
   */
  public boolean injectAt(Moment moment) {
    Effect effect = plan.strike(moment, deviceId);
    return effect != null && apply(effect);
  }

  /**
   * Applies an effect.
   *
   * @return whether the connection is unusable: ended or silent
   */
  public boolean apply(Effect effect) {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("The FaultyConnection is in no pipeline.");
    }
    if (effect instanceof Effect.Drop || effect instanceof Effect.Reject) {
      ctx.channel().close();
      return true;
    }
    if (effect instanceof Effect.Reset) {
      reset(ctx.channel());
      return true;
    }
    if (effect instanceof Effect.Stall) {
      stalled = true;
      ctx.channel().config().setAutoRead(false);
      return true;
    }
    if (effect instanceof Effect.Throttle throttle) {
      shape(ctx.channel(), throttle.bytesPerSecond());
    } else if (effect instanceof Effect.Corrupt) {
      corruptNext = true;
    } else if (effect instanceof Effect.Duplicate) {
      duplicateNext = true;
    } else if (effect instanceof Effect.PingsOnly) {
      pingsOnly = true;
    } else if (effect instanceof Effect.Garbage) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(GARBAGE));
    } else if (effect instanceof Effect.HugeLength) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(hugeHead));
    }
    return false;
  }

  /**
   * Below TLS, so that the handshake's and the records' overhead count as they do on a slow
   * network.
   */
  private static void shape(Channel channel, int bytesPerSecond) {
    ChannelTrafficShapingHandler shaper =
        channel.pipeline().get(ChannelTrafficShapingHandler.class);
    if (shaper == null) {
      channel
          .pipeline()
          .addFirst(
              new ChannelTrafficShapingHandler(
                  bytesPerSecond, bytesPerSecond, SHAPING_INTERVAL_MILLIS));
    } else {
      shaper.configure(bytesPerSecond, bytesPerSecond);
    }
  }

  /**
   * With a linger time of zero, close sends RST. Past the pipeline, because TLS would send
   * close_notify first.
   */
  private static void reset(Channel channel) {
    channel.config().setOption(ChannelOption.SO_LINGER, 0);
    channel.unsafe().close(channel.unsafe().voidPromise());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (stalled) {
      ReferenceCountUtil.release(message);
    } else {
      ctx.fireChannelRead(message);
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    // The client would read further data as the rest of the half packet, so it is no occasion for
    // another fault.
    if (stalled || brokenOff) {
      ReferenceCountUtil.release(message);
      promise.trySuccess();
      return;
    }
    if (!(message instanceof ByteBuf packet)) {
      ctx.write(message, promise);
      return;
    }
    if (pingsOnly) {
      writeIfAny(ctx, heartbeats.keep(packet), promise);
      return;
    }
    if (!needsSinglePackets()) {
      ctx.write(packet, promise);
      return;
    }
    Effect effect = plan.strike(Moment.MID_PACKET, deviceId);
    if (effect != null) {
      breakOff(ctx, packet, effect, promise);
    } else if (corruptNext) {
      corruptNext = false;
      ctx.write(spoil(packet), promise);
    } else if (duplicateNext) {
      duplicateNext = false;
      ctx.write(packet.retainedDuplicate());
      ctx.write(packet, promise);
    } else {
      ctx.write(packet, promise);
    }
  }

  private static void writeIfAny(
      ChannelHandlerContext ctx, ByteBuf packets, ChannelPromise promise) {
    if (packets.isReadable()) {
      ctx.write(packets, promise);
    } else {
      packets.release();
      promise.trySuccess();
    }
  }

  private void breakOff(
      ChannelHandlerContext ctx, ByteBuf packet, Effect effect, ChannelPromise promise) {
    int half = packet.readableBytes() / 2;
    ctx.writeAndFlush(packet.readRetainedSlice(half));
    boolean over = apply(effect);
    if (over) {
      brokenOff = true;
      packet.release();
      promise.tryFailure(
          new IllegalStateException("A fault has ended the connection in the middle of a packet."));
    } else if (corruptNext) {
      corruptNext = false;
      ctx.write(spoil(packet), promise);
    } else {
      ctx.write(packet, promise);
    }
  }

  /** Inverts every byte, so that no packet type, length or text remains valid. */
  private static ByteBuf spoil(ByteBuf packet) {
    ByteBuf spoiled = Unpooled.buffer(packet.readableBytes());
    for (int i = packet.readerIndex(); i < packet.writerIndex(); i++) {
      spoiled.writeByte(~packet.getByte(i));
    }
    packet.release();
    return spoiled;
  }
}
