package dev.fairlead.localhub.https;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.HttpsRequest;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyWire;
import dev.fairlead.localhub.tls.ClientCertificates;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP/1.1 connection: requests one after the other, each answered before the next is looked
 * at. Who sends a request is decided anew each time. Used on the connection's thread only.
 */
// Netty closes a channel whose writes fail; there is nothing to do about their futures.
@SuppressWarnings("FutureReturnValueIgnored")
final class HttpConnection extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

  /** How much of a refused body is read, so that a client that is still sending sees the answer. */
  private static final int MAX_DISCARDED = 1024 * 1024;

  private static final long LINGER_MILLIS = 2_000;

  private final HubCore hub;
  private final DeviceApi api;
  private final FaultyWire wire;
  private final RequestLog log;
  private final ErrorAnswers errors;

  // Of the request that is being read.
  private @Nullable HttpRequest request;
  private Instant receivedAt = Instant.EPOCH;
  private @Nullable Operation operation;
  private @Nullable Answer refusal;
  private @Nullable ByteBuf body;
  private long discarded;
  private boolean lastAnswerSent;

  HttpConnection(HubCore hub, DeviceApi api, FaultyWire wire, RequestLog log) {
    this.hub = hub;
    this.api = api;
    this.wire = wire;
    this.log = log;
    this.errors = new ErrorAnswers(hub.time());
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    ctx.pipeline()
        .addBefore(
            ctx.name(),
            "idle",
            new IdleStateHandler(
                hub.options().idleBeforeConnect().toNanos(), 0, 0, TimeUnit.NANOSECONDS));
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    dropBody();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof IdleStateEvent && !wire.isStalled()) {
      ctx.close();
    }
    ctx.fireUserEventTriggered(event);
  }

  /** A client that does not read its answers is not read from either. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (!wire.isStalled()) {
      ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (wire.isStalled() || !ctx.channel().isActive()) {
        return;
      }
      if (lastAnswerSent) {
        linger(ctx, message);
        return;
      }
      if (message instanceof HttpRequest head) {
        begin(ctx, head);
      }
      if (message instanceof HttpContent content && !lastAnswerSent) {
        take(ctx, content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  // --- the head

  private void begin(ChannelHandlerContext ctx, HttpRequest head) {
    request = head;
    receivedAt = hub.time().now();
    operation = null;
    refusal = null;
    discarded = 0;
    dropBody();
    Optional<MessageRules.Violation> violation = MessageRules.check(head);
    if (violation.isPresent()) {
      int status = violation.get().status().code();
      endAtOnce(ctx, errors.of(status * 1000, violation.get().reason()));
      return;
    }
    try {
      Operation wanted = api.operation(head, caller(ctx));
      if (HttpUtil.getContentLength(head, 0L) > wanted.bodyLimit()) {
        end(ctx, tooLarge(wanted));
        return;
      }
      operation = wanted;
    } catch (Refusal e) {
      refusal = e.answer();
    } catch (LocalHubException e) {
      refusal = refused(e);
    }
    expectation(ctx, head);
  }

  private Caller caller(ChannelHandlerContext ctx) {
    return new Caller(
        () -> ClientCertificates.shownOn(ctx.pipeline()),
        ((InetSocketAddress) ctx.channel().localAddress()).getPort(),
        new FaultOrders(hub.time(), wire, ctx.channel().eventLoop()));
  }

  private Answer tooLarge(Operation wanted) {
    return errors.of(
        413001,
        "The body is larger than the " + wanted.bodyLimit() + " bytes that are allowed here.");
  }

  /** RFC 9110, 10.1.1: a client that asks first is told, before it sends its body. */
  private void expectation(ChannelHandlerContext ctx, HttpRequest head) {
    if (!head.headers().contains(HttpHeaderNames.EXPECT)) {
      return;
    }
    if (!HttpUtil.is100ContinueExpected(head)) {
      end(ctx, errors.of(417000, "The only expectation met here is 100-continue."));
    } else if (refusal != null) {
      end(ctx, refusal); // Whether the body follows all the same cannot be known.
    } else {
      ctx.writeAndFlush(
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }
  }

  private Answer refused(LocalHubException e) {
    String message = e.getMessage() == null ? "" : e.getMessage();
    String prefix = e.code() + ": ";
    return errors.of(
        e.code(), message.startsWith(prefix) ? message.substring(prefix.length()) : message);
  }

  // --- the body

  private void take(ChannelHandlerContext ctx, HttpContent content) {
    HttpRequest head = request;
    if (head == null) {
      return; // The rest of a request that could not be read.
    }
    if (content.decoderResult().isFailure()) {
      endAtOnce(ctx, errors.of(400006, "The body cannot be read."));
      return;
    }
    Operation wanted = operation;
    if (wanted == null) {
      discarded += content.content().readableBytes();
      if (discarded > MAX_DISCARDED && refusal != null) {
        end(ctx, refusal);
        return;
      }
    } else if (kept() + content.content().readableBytes() > wanted.bodyLimit()) {
      end(ctx, tooLarge(wanted));
      return;
    } else if (content.content().isReadable()) {
      keep(ctx, content.content(), wanted.bodyLimit());
    }
    if (content instanceof LastHttpContent) {
      request = null;
      serve(ctx, head, wanted);
    }
  }

  private void keep(ChannelHandlerContext ctx, ByteBuf part, int limit) {
    if (body == null) {
      body = ctx.alloc().heapBuffer(part.readableBytes(), limit);
    }
    body.writeBytes(part);
  }

  private int kept() {
    return body == null ? 0 : body.readableBytes();
  }

  private byte[] takeBody() {
    byte[] whole = body == null ? new byte[0] : ByteBufUtil.getBytes(body);
    dropBody();
    return whole;
  }

  private void dropBody() {
    if (body != null) {
      body.release();
      body = null;
    }
  }

  // --- the answer

  private void serve(ChannelHandlerContext ctx, HttpRequest head, @Nullable Operation wanted) {
    Answer answer = refusal;
    if (wanted != null) {
      byte[] whole = takeBody();
      operation = null;
      String deviceId = wanted.deviceId();
      answer = run(wanted, whole, moment -> strike(moment, deviceId));
    }
    refusal = null;
    if (answer == null) {
      return;
    }
    record(head, answer);
    if (answer.isNever()) {
      return;
    }
    boolean last = !HttpUtil.isKeepAlive(head);
    ChannelFuture sent = send(ctx, answer, last);
    if (last) {
      sent.addListener(ChannelFutureListener.CLOSE);
    }
    Moment afterwards = wanted == null ? null : wanted.afterwards();
    if (wanted != null && afterwards != null) {
      strike(afterwards, wanted.deviceId());
    }
  }

  private Answer run(Operation wanted, byte[] whole, Operation.Occasions occasions) {
    try {
      return wanted.run(whole, occasions);
    } catch (LocalHubException e) {
      return refused(e);
    }
  }

  private @Nullable Answer strike(Moment moment, @Nullable String deviceId) {
    if (hub.faults().isIdle()) {
      return null;
    }
    Effect effect = hub.faults().strike(moment, deviceId);
    return effect != null && wire.inflict(effect) ? Answer.NEVER : null;
  }

  private ChannelFuture send(ChannelHandlerContext ctx, Answer answer, boolean last) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(answer.status()),
            Unpooled.wrappedBuffer(answer.body()));
    Instant now = hub.time().now();
    response
        .headers()
        .set(HttpHeaderNames.SERVER, "Microsoft-HTTPAPI/2.0")
        .set(
            HttpHeaderNames.DATE,
            DateTimeFormatter.RFC_1123_DATE_TIME.format(now.atOffset(ZoneOffset.UTC)));
    answer.headers().forEach((name, value) -> response.headers().set(name, value));
    if (answer.status() != HttpResponseStatus.NO_CONTENT.code()) {
      response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
    }
    if (last) {
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
    ChannelFuture written = ctx.writeAndFlush(response);
    if (last) {
      lastAnswerSent = true;
    }
    return written;
  }

  /** Answers a request after which nothing can be understood any more, and closes. */
  private void endAtOnce(ChannelHandlerContext ctx, Answer answer) {
    forget(answer);
    send(ctx, answer, true).addListener(ChannelFutureListener.CLOSE);
  }

  /**
   * Answers a request whose body is not wanted. The connection is not closed at once: TCP would
   * reset it when the body comes, and the client might never see the answer.
   */
  private void end(ChannelHandlerContext ctx, Answer answer) {
    forget(answer);
    send(ctx, answer, true);
    ctx.executor().schedule(() -> ctx.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void record(HttpRequest head, Answer answer) {
    String target = head.uri();
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    log.add(new HttpsRequest(receivedAt, head.method().name(), path, answer.status()));
  }

  private void forget(Answer answer) {
    if (request != null) {
      record(request, answer);
    }
    dropBody();
    operation = null;
    request = null;
    discarded = 0;
  }

  private void linger(ChannelHandlerContext ctx, Object message) {
    if (message instanceof HttpContent content) {
      discarded += content.content().readableBytes();
    }
    if (discarded > MAX_DISCARDED) {
      ctx.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      LOG.debug("{}: {}", ctx.channel().remoteAddress(), cause.toString());
    } else {
      LOG.warn("{}: closed after an unexpected error.", ctx.channel().remoteAddress(), cause);
    }
    ctx.close();
  }
}
