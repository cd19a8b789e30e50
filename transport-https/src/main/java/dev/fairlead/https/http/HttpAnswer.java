package dev.fairlead.https.http;

import dev.fairlead.https.http.ExchangeFailure.Reason;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import okhttp3.Headers;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * A whole answer: bounded, and read to its end before it is returned.
 *
 * @param status the status code
 * @param headers the header fields
 * @param body the body, empty where there is none
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record HttpAnswer(int status, Headers headers, byte[] body) {
  /**
   * Reads an answer to its end.
   *
   * @param most the largest body
   * @throws IOException if it breaks, is too large, or violates HTTP
   */
  static HttpAnswer read(Response response, int most) throws IOException {
    String encoding = response.header("Content-Encoding", "identity");
    if (!"identity".equalsIgnoreCase(encoding)) {
      throw new ExchangeFailure(Reason.ENCODED, "content encoding");
    }
    String length = response.header("Content-Length", "0");
    if (length == null || Ascii.number(length, 18).isEmpty()) {
      // OkHttp would read on to the end of the connection. RFC 9112, section 6.3: an error.
      throw new ProtocolException("a length that is no number");
    }
    BufferedSource source = response.body().source();
    if (source.request(most + 1L)) {
      throw new ExchangeFailure(Reason.TOO_LARGE, "an answer of more than " + most + " bytes");
    }
    return new HttpAnswer(response.code(), response.headers(), source.readByteArray());
  }

  /**
   * The last field of that name.
   *
   * @param name in any case
   * @return its value, empty if there is no such field
   */
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /**
   * The body as UTF-8.
   *
   * @return the text
   */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /**
   * Whether the body is a web page, which no device interface returns.
   *
   * @return true if the content type says HTML
   */
  public boolean page() {
    String type = header("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    return type.startsWith("text/html") || type.startsWith("application/xhtml");
  }

  /** Status and size only: header fields may hold secrets. */
  @Override
  public String toString() {
    return "HttpAnswer[" + status + ", " + body.length + " bytes]";
  }
}
