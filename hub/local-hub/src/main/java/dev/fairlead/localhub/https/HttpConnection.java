package dev.fairlead.localhub.https;

import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.HttpsRequest;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.tls.ClientCertificates;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP/1.1 connection: requests one after the other, each answered before the next is
 * processed. Each request is authenticated separately. Used on the connection's thread only.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class HttpConnection extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

  /**
   * How much of a refused body is read, in bytes, so that a client that is still sending receives
   * the answer.
   */
  private static final int MAX_DISCARDED = 1024 * 1024;

  /** More than the longest path of the device API. */
  private static final int MAX_LOGGED_PATH = 1024;

  private static final long LINGER_MILLIS = 2_000;

  private final HubCore hub;
  private final DeviceApi api;
  private final FaultyConnection faulty;
  private final RequestLog log;
  private final ErrorAnswers errors;
  private final HttpFaults faults;
  private final AnswerWriter out;

  private final Set<HubDevice> introduced = new HashSet<>();

  // State of the request that is being read.
  private @Nullable HttpRequest request;
  private Instant receivedAt = Instant.EPOCH;
  private @Nullable Operation operation;
  private @Nullable Answer refusal;
  private @Nullable String deviceId;
  private @Nullable ByteBuf body;
  private long discarded;
  private boolean lastAnswerSent;

  // Set while a fault delays an answer.
  private boolean paused;
  private final Deque<Object> waiting = new ArrayDeque<>();

  HttpConnection(
      HubCore hub, DeviceApi api, FaultyConnection faulty, RequestLog log, ErrorAnswers errors) {
    this.hub = hub;
    this.api = api;
    this.faulty = faulty;
    this.log = log;
    this.errors = errors;
    this.faults = new HttpFaults(hub, faulty, errors);
    this.out = new AnswerWriter(hub.time(), faults);
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
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof IdleStateEvent && !faulty.isStalled() && !paused) {
      ctx.close();
    }
    ctx.fireUserEventTriggered(event);
  }

  /** The hub stops reading from a client that does not read its answers. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (!faulty.isStalled() && !paused) {
      ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (paused) {
      waiting.add(message);
      return;
    }
    try {
      if (faulty.isStalled() || !ctx.channel().isActive()) {
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

  // --- head

  private void begin(ChannelHandlerContext ctx, HttpRequest head) {
    request = head;
    receivedAt = hub.time().now();
    operation = null;
    refusal = null;
    discarded = 0;
    dropBody();
    deviceId = api.deviceOf(head);
    if (deviceId != null) {
      faulty.identify(deviceId);
    }
    Optional<MessageRules.Violation> violation = MessageRules.check(head);
    if (violation.isPresent()) {
      int status = violation.get().status().code();
      endAtOnce(ctx, head, errors.of(status * 1000, violation.get().reason()));
      return;
    }
    try {
      Operation wanted = api.operation(head, caller(ctx));
      if (HttpUtil.getContentLength(head, 0L) > wanted.bodyLimit()) {
        end(ctx, head, tooLarge(wanted));
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
        new FaultCommands(hub.time(), faulty, ctx.channel().eventLoop()));
  }

  private Answer tooLarge(Operation wanted) {
    return errors.of(
        413001,
        "The body is larger than the " + wanted.bodyLimit() + " bytes that are allowed here.");
  }

  /** RFC 9110, 10.1.1: a client that sends Expect is answered before it sends its body. */
  private void expectation(ChannelHandlerContext ctx, HttpRequest head) {
    if (!head.headers().contains(HttpHeaderNames.EXPECT)) {
      return;
    }
    if (!HttpUtil.is100ContinueExpected(head)) {
      end(ctx, head, errors.of(417000, "The only supported expectation is 100-continue."));
    } else if (refusal != null) {
      end(
          ctx, head,
          refusal); // The body may follow nevertheless, so the connection cannot be used any more.
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

  // --- body

  private void take(ChannelHandlerContext ctx, HttpContent content) {
    HttpRequest head = request;
    if (head == null) {
      return; // This is the rest of a request that could not be read.
    }
    if (content.decoderResult().isFailure()) {
      endAtOnce(ctx, head, errors.of(400006, "The body cannot be read."));
      return;
    }
    Operation wanted = operation;
    if (wanted == null) {
      discarded += content.content().readableBytes();
      if (discarded > MAX_DISCARDED && refusal != null) {
        end(ctx, head, refusal);
        return;
      }
    } else if (kept() + content.content().readableBytes() > wanted.bodyLimit()) {
      end(ctx, head, tooLarge(wanted));
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

  // --- answer

  private void serve(ChannelHandlerContext ctx, HttpRequest head, @Nullable Operation wanted) {
    Answer answer = refusal;
    if (wanted != null) {
      byte[] whole = takeBody();
      operation = null;
      answer = introduction(wanted);
      if (answer == null) {
        answer = run(wanted, whole);
      }
    }
    refusal = null;
    if (answer != null) {
      Answer ready = prepared(head, answer);
      boolean last = !HttpUtil.isKeepAlive(head);
      Moment afterwards = wanted == null ? null : wanted.afterwards();
      Duration delay = faults.takeDelay();
      if (delay.isZero()) {
        finish(ctx, ready, last, afterwards);
      } else {
        pause(ctx, delay, () -> finish(ctx, ready, last, afterwards));
      }
    }
  }

  private void finish(
      ChannelHandlerContext ctx, Answer answer, boolean last, @Nullable Moment afterwards) {
    ChannelFuture sent = write(ctx, answer, last);
    if (last && sent != null) {
      sent.addListener(ChannelFutureListener.CLOSE);
    }
    if (sent != null && afterwards != null) {
      faults.strike(afterwards, deviceId);
    }
  }

  /** Reads no further request until an answer that a fault delays is sent. */
  private void pause(ChannelHandlerContext ctx, Duration delay, Runnable answer) {
    paused = true;
    ctx.channel().config().setAutoRead(false);
    hub.time()
        .schedule(
            delay,
            () ->
                ctx.executor()
                    .execute(
                        () -> {
                          paused = false;
                          answer.run();
                          resume(ctx);
                        }));
  }

  private void resume(ChannelHandlerContext ctx) {
    while (!paused && !waiting.isEmpty()) {
      channelRead(ctx, waiting.remove());
    }
    if (!paused && !faulty.isStalled()) {
      ctx.channel().config().setAutoRead(true);
    }
  }

  /** For counts and faults, the first request of a device on this connection is its connect. */
  private @Nullable Answer introduction(Operation wanted) {
    HubDevice sender = wanted.sender();
    if (sender == null || !introduced.add(sender)) {
      return null;
    }
    sender.countConnection();
    Answer refused = faults.onConnect(sender.deviceId());
    if (refused != null) {
      introduced.remove(sender);
    }
    return refused;
  }

  private Answer run(Operation wanted, byte[] whole) {
    Answer instead = faults.strike(Moment.ON_REQUEST, deviceId);
    if (instead != null) {
      return instead;
    }
    try {
      return wanted.run(whole, (moment, bodies) -> faults.strike(moment, deviceId, bodies));
    } catch (LocalHubException e) {
      return refused(e);
    }
  }

  /** Logs and returns the answer to send, which a fault may have replaced. */
  private Answer prepared(HttpRequest head, Answer given) {
    Answer answer = given.isNever() ? given : faults.beforeSending(given, deviceId);
    record(head, answer);
    return answer;
  }

  /** Answers a request; null if a fault suppresses the answer. */
  private @Nullable ChannelFuture answer(
      ChannelHandlerContext ctx, HttpRequest head, Answer given, boolean last) {
    Answer answer = prepared(head, given);
    faults.takeDelay(); // Input after such a request is not read, so nothing waits for the delay.
    return write(ctx, answer, last);
  }

  private @Nullable ChannelFuture write(ChannelHandlerContext ctx, Answer answer, boolean last) {
    if (answer.isNever()) {
      return null;
    }
    lastAnswerSent |= last;
    return out.write(ctx, answer, last, deviceId);
  }

  /** Answers a request after which input cannot be parsed any more, and closes. */
  private void endAtOnce(ChannelHandlerContext ctx, HttpRequest head, Answer answer) {
    forget();
    ChannelFuture sent = answer(ctx, head, answer, true);
    if (sent != null) {
      sent.addListener(ChannelFutureListener.CLOSE);
    }
  }

  /**
   * Answers a request whose body is not read. The connection is not closed immediately, because TCP
   * would reset it when the body arrives, and the client might never receive the answer.
   */
  private void end(ChannelHandlerContext ctx, HttpRequest head, Answer answer) {
    forget();
    if (answer(ctx, head, answer, true) != null) {
      ctx.executor().schedule(() -> ctx.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void forget() {
    dropBody();
    operation = null;
    request = null;
    discarded = 0;
  }

  private void record(HttpRequest head, Answer answer) {
    String target = head.uri();
    int query = target.indexOf('?');
    int end = Math.min(query < 0 ? target.length() : query, MAX_LOGGED_PATH);
    String path = target.substring(0, end);
    log.add(new HttpsRequest(receivedAt, head.method().name(), path, answer.status()));
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
