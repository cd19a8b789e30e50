package dev.fairlead.localhub.https;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The hub's answer to a request. Immutable, unless a caller writes into its body. */
final class Answer {

  /** No answer: the connection has ended, or is silent from now on. */
  static final Answer NEVER = new Answer(0, Map.of(), new byte[0]);

  /** 204: done, without a body. */
  static final Answer NO_CONTENT = new Answer(204, Map.of(), new byte[0]);

  private final int status;
  private final Map<String, String> headers;
  private final byte[] body;

  /**
   * @param status the HTTP status
   * @param headers besides those that every answer has
   * @param body empty for none; not copied
   */
  Answer(int status, Map<String, String> headers, byte[] body) {
    this.status = status;
    this.headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    this.body = body;
  }

  /** JSON text. */
  static Answer json(int status, String text) {
    return text(status, "application/json; charset=utf-8", text);
  }

  /** Text in UTF-8. */
  static Answer text(int status, String contentType, String text) {
    return new Answer(
        status, Map.of("Content-Type", contentType), text.getBytes(StandardCharsets.UTF_8));
  }

  /** With one more header, or another value of one. */
  Answer with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Answer(status, more, body);
  }

  /** Whether this is {@link #NEVER}. */
  boolean isNever() {
    return status == 0;
  }

  int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  /** Not a copy. */
  byte[] body() {
    return body;
  }

  @Override
  public String toString() {
    return "Answer[" + status + ", " + body.length + " bytes]";
  }
}
