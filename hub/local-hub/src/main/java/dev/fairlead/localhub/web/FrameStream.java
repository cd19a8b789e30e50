package dev.fairlead.localhub.web;

import dev.fairlead.localhub.fault.FaultyConnection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries a stream of bytes in binary frames, so that the protocol above is independent of
 * WebSockets. Frame boundaries have no meaning (IoT Hub: a frame may contain half a packet or
 * several). Used on the connection's thread only.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class FrameStream extends ChannelDuplexHandler {

  private static final Logger LOG = LoggerFactory.getLogger(FrameStream.class);

  private boolean closing;

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (closing) {
      ReferenceCountUtil.release(message);
    } else if (message instanceof BinaryWebSocketFrame
        || message instanceof ContinuationWebSocketFrame) {
      ctx.fireChannelRead(((WebSocketFrame) message).content());
    } else {
      try {
        control(ctx, message);
      } finally {
        ReferenceCountUtil.release(message);
      }
    }
  }

  private void control(ChannelHandlerContext ctx, Object message) {
    if (message instanceof PingWebSocketFrame ping) {
      pong(ctx, ping);
    } else if (message instanceof CloseWebSocketFrame close) {
      // RFC 6455, 5.5.1: the answer to Close is Close, as a rule with the same code.
      int code = close.statusCode();
      end(
          ctx,
          code == -1
              ? new CloseWebSocketFrame(true, 0)
              : new CloseWebSocketFrame(WebSocketCloseStatus.valueOf(code)));
    } else if (message instanceof TextWebSocketFrame) {
      fail(ctx, WebSocketCloseStatus.INVALID_MESSAGE_TYPE, "Only binary frames are supported.");
    } else if (!(message instanceof PongWebSocketFrame)) {
      // Bytes that arrived before the upgrade was answered were read as HTTP.
      fail(
          ctx,
          WebSocketCloseStatus.PROTOCOL_ERROR,
          "The client sent data before the upgrade was answered.");
    }
  }

  private static void pong(ChannelHandlerContext ctx, PingWebSocketFrame ping) {
    FaultyConnection faulty = ctx.pipeline().get(FaultyConnection.class);
    boolean silent = faulty != null && faulty.isStalled();
    // RFC 6455, 5.5.3: not every ping needs a pong; a client that does not read gets none.
    if (!silent && ctx.channel().isWritable()) {
      ctx.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
    }
  }

  private void fail(ChannelHandlerContext ctx, WebSocketCloseStatus status, String reason) {
    LOG.info(
        "{}: WebSocket closed with {}: {}", ctx.channel().remoteAddress(), status.code(), reason);
    end(ctx, new CloseWebSocketFrame(status, reason));
  }

  private void end(ChannelHandlerContext ctx, CloseWebSocketFrame last) {
    if (closing) {
      last.release();
      return;
    }
    closing = true;
    ctx.writeAndFlush(last);
    ctx.close();
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    ctx.write(
        message instanceof ByteBuf bytes ? new BinaryWebSocketFrame(bytes) : message, promise);
  }

  /** The hub closes, for any reason: sends a Close frame before TLS and TCP are closed. */
  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    if (!closing && ctx.channel().isActive()) {
      closing = true;
      ctx.writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE));
    }
    ctx.close(promise);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof CorruptedWebSocketFrameException violation) {
      String reason = violation.getMessage();
      fail(ctx, violation.closeStatus(), reason == null ? "The frame cannot be read." : reason);
    } else {
      ctx.fireExceptionCaught(cause);
    }
  }
}
