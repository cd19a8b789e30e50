package dev.fairlead.localhub.https;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.List;
import java.util.Optional;

/** The rules for every request (RFC 9112). */
public final class MessageRules {

  private MessageRules() {}

  /**
   * A violation, after which the connection cannot be used any more.
   *
   * @param status the HTTP status to answer
   * @param reason what is wrong, for a reader
   */
  public record Violation(HttpResponseStatus status, String reason) {}

  /** Checks the head of a request; empty if it is valid. */
  public static Optional<Violation> check(HttpRequest request) {
    if (request.decoderResult().isFailure()) {
      return Optional.of(unreadable(request.decoderResult().cause()));
    }
    if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
      return Optional.of(
          new Violation(
              HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, "This hub speaks HTTP/1.1."));
    }
    // RFC 9112, 3.2
    if (request.headers().getAll(HttpHeaderNames.HOST).size() != 1) {
      return badRequest("Send exactly one Host header.");
    }
    List<String> codings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    if (!codings.isEmpty()
        && !(codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked"))) {
      // RFC 9112, 6.1
      return Optional.of(
          new Violation(
              HttpResponseStatus.NOT_IMPLEMENTED,
              "The only supported transfer coding is chunked."));
    }
    // RFC 9112, 6.3: a client that sends both may be smuggling a second request.
    if (!codings.isEmpty() && request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      return badRequest("Send Content-Length or Transfer-Encoding, not both.");
    }
    return Optional.empty();
  }

  private static Violation unreadable(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return new Violation(
          HttpResponseStatus.REQUEST_URI_TOO_LONG, "The request line is too long.");
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return new Violation(
          HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too long.");
    }
    return new Violation(HttpResponseStatus.BAD_REQUEST, "This is not an HTTP/1.1 request.");
  }

  private static Optional<Violation> badRequest(String reason) {
    return Optional.of(new Violation(HttpResponseStatus.BAD_REQUEST, reason));
  }
}
