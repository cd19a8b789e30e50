package dev.fairlead.https.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import okhttp3.Headers;

/**
 * A whole answer: bounded, and read to its end before anyone sees it.
 *
 * @param status the status code
 * @param headers the header fields
 * @param body the body, empty where there is none
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record HttpAnswer(int status, Headers headers, byte[] body) {
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
   * Whether the body is a web page, which no interface for devices answers with.
   *
   * @return true if the content type says HTML
   */
  public boolean page() {
    String type = header("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    return type.startsWith("text/html") || type.startsWith("application/xhtml");
  }

  /** Status and size only: header fields may hold what nobody should read. */
  @Override
  public String toString() {
    return "HttpAnswer[" + status + ", " + body.length + " bytes]";
  }
}
