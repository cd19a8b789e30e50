package dev.fairlead.localhub.https;

import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.HubTime;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/** Writes the answers of one connection. Used on the connection's thread only. */
final class AnswerWriter {

  private final HubTime time;
  private final HttpFaults faults;

  AnswerWriter(HubTime time, HttpFaults faults) {
    this.time = time;
    this.faults = faults;
  }

  /**
   * Writes an answer; a fault may suppress part of it.
   *
   * @param last whether the connection ends with it
   * @param deviceId for faults
   */
  ChannelFuture write(
      ChannelHandlerContext ctx, Answer answer, boolean last, @Nullable String deviceId) {
    HttpResponseStatus status = HttpResponseStatus.valueOf(answer.status());
    ByteBuf body = Unpooled.wrappedBuffer(answer.body());
    if (faults.areIdle() || !body.isReadable()) {
      DefaultFullHttpResponse response =
          new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
      setHeaders(response.headers(), answer, last);
      return ctx.writeAndFlush(response);
    }
    HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status);
    setHeaders(head.headers(), answer, last);
    ChannelFuture written = ctx.writeAndFlush(head);
    if (faults.strike(Moment.AFTER_HEADERS, deviceId) != null) {
      body.release();
      return written;
    }
    ByteBuf half = body.readRetainedSlice((body.readableBytes() + 1) / 2);
    written = ctx.writeAndFlush(new DefaultHttpContent(half));
    if (faults.strike(Moment.MID_BODY, deviceId) != null) {
      body.release();
      return written;
    }
    return ctx.writeAndFlush(new DefaultLastHttpContent(body));
  }

  /** The headers of the answer override those that every answer has. */
  private void setHeaders(HttpHeaders headers, Answer answer, boolean last) {
    headers.set(HttpHeaderNames.SERVER, "Microsoft-HTTPAPI/2.0");
    headers.set(HttpHeaderNames.DATE, HttpFaults.date(time.now()));
    // RFC 9110, 8.6: never with 204.
    if (answer.status() != HttpResponseStatus.NO_CONTENT.code()) {
      headers.setInt(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
    }
    if (last) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
    answer.headers().forEach(headers::set);
  }
}
