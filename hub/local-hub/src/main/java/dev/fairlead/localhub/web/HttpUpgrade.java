package dev.fairlead.localhub.web;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.amqp.AmqpFrontEnd;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.https.HttpsFrontEnd;
import dev.fairlead.localhub.mqtt.MqttFrontEnd;
import dev.fairlead.localhub.tls.ClientCertificates;
import dev.fairlead.localhub.web.UpgradeAnswer.Accepted;
import dev.fairlead.localhub.web.UpgradeAnswer.Refused;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of a connection on the HTTPS port: waits for one request. A valid WebSocket handshake
 * turns the connection into a WebSocket of the requested sub-protocol; an invalid one is answered
 * with an error and the connection is closed. Any other request, and the connection, is passed to
 * the device API.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class HttpUpgrade extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(HttpUpgrade.class);

  /** The largest frame: room for several of the largest MQTT packets. */
  private static final int MAX_FRAME = 1024 * 1024;

  // A client masks its frames, and no extension was negotiated (RFC 6455, 5.1, 5.2). FrameStream
  // answers invalid frames.
  private static final WebSocketDecoderConfig FRAMES =
      WebSocketDecoderConfig.newBuilder()
          .maxFramePayloadLength(MAX_FRAME)
          .expectMaskedFrames(true)
          .allowMaskMismatch(false)
          .allowExtensions(false)
          .closeOnProtocolViolation(false)
          .build();

  private final HubCore hub;
  private final MqttFrontEnd mqtt;
  private final HttpsFrontEnd https;
  private final AmqpFrontEnd amqp;
  private @Nullable HttpRequest accepted;
  private boolean certificateIgnored;
  private String subProtocol = UpgradeAnswer.MQTT;
  private boolean over;
  private @Nullable Future<?> idleTimer;

  HttpUpgrade(HubCore hub, MqttFrontEnd mqtt, AmqpFrontEnd amqp, HttpsFrontEnd https) {
    this.hub = hub;
    this.mqtt = mqtt;
    this.amqp = amqp;
    this.https = https;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    idleTimer =
        ctx.executor()
            .schedule(
                () -> {
                  LOG.info(
                      "{}: no request within {}; closed.",
                      ctx.channel().remoteAddress(),
                      hub.options().idleBeforeConnect());
                  ctx.close();
                },
                hub.options().idleBeforeConnect().toNanos(),
                TimeUnit.NANOSECONDS);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    stopTimer();
  }

  private void stopTimer() {
    if (idleTimer != null) {
      idleTimer.cancel(false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (over) {
        return; // Input after a refused request is not read.
      }
      if (message instanceof HttpRequest request && !UpgradeAnswer.concerns(request)) {
        ctx.pipeline().replace(this, "requests", https.open(ctx.pipeline()));
        ctx.fireChannelRead(ReferenceCountUtil.retain(message));
        return;
      }
      if (message instanceof HttpRequest request) {
        UpgradeAnswer answer = UpgradeAnswer.to(request);
        if (answer instanceof Refused refused) {
          refuse(ctx, refused);
        } else if (answer instanceof Accepted good) {
          accepted = request;
          certificateIgnored = good.certificateIgnored();
          subProtocol = good.subProtocol();
        }
      }
      HttpRequest request = accepted;
      if (!over && request != null && message instanceof LastHttpContent) {
        over = true;
        decide(ctx, request);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void decide(ChannelHandlerContext ctx, HttpRequest request) {
    Effect effect = hub.faults().strike(Moment.ON_UPGRADE, null);
    if (effect instanceof Effect.RefuseUpgrade refusal) {
      refuse(
          ctx, new Refused(HttpResponseStatus.valueOf(refusal.status()), "A fault was injected."));
    } else if (effect != null && FaultyConnection.applyOnce(ctx.pipeline(), hub.faults(), effect)) {
      stopTimer(); // A stalled connection stays open.
    } else {
      upgrade(ctx, request);
    }
  }

  private void upgrade(ChannelHandlerContext ctx, HttpRequest request) {
    ChannelPipeline pipeline = ctx.pipeline();
    FullHttpRequest handshake =
        new DefaultFullHttpRequest(
            request.protocolVersion(),
            request.method(),
            request.uri(),
            Unpooled.EMPTY_BUFFER,
            request.headers().copy().set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, subProtocol),
            EmptyHttpHeaders.INSTANCE);
    pipeline.replace(this, "frames", new FrameStream());
    // Adds the frame codec in front of the HTTP codec, which is removed when the answer is written.
    new WebSocketServerHandshaker13(null, subProtocol, FRAMES)
        .handshake(ctx.channel(), handshake)
        .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    Supplier<List<X509Certificate>> certificates =
        certificateIgnored ? List::of : () -> ClientCertificates.shownOn(pipeline);
    if (subProtocol.equals(UpgradeAnswer.AMQP)) {
      amqp.installOnWebSocket(pipeline, certificates);
    } else {
      mqtt.installOnWebSocket(pipeline, certificates);
    }
  }

  private void refuse(ChannelHandlerContext ctx, Refused refused) {
    over = true;
    LOG.info(
        "{}: refused with HTTP {}: {}",
        ctx.channel().remoteAddress(),
        refused.status(),
        refused.reason());
    ByteBuf body = ByteBufUtil.writeUtf8(ctx.alloc(), refused.reason() + "\n");
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, refused.status(), body);
    refused.headers().forEach((name, value) -> response.headers().set(name, value));
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
        .setInt(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
    // RFC 9110, 7.8: a sender of Upgrade must list it in Connection, too.
    response
        .headers()
        .set(
            HttpHeaderNames.CONNECTION,
            refused.headers().containsKey("Upgrade") ? "close, upgrade" : HttpHeaderValues.CLOSE);
    ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.info("{}: closed before a request: {}", ctx.channel().remoteAddress(), cause.toString());
    ctx.close();
  }
}
