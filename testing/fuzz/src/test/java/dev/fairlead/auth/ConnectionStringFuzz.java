package dev.fairlead.auth;

import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** Connection strings, as typed or pasted. */
public final class ConnectionStringFuzz {
  private static final String KEY = "SharedAccessKey=";

  private ConnectionStringFuzz() {}

  /** The input is a connection string. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    try {
      ConnectionString parsed = ConnectionString.parse(text);
      Expect.that(parsed.x509() == parsed.credentials().isEmpty(), "two ways to prove itself");
      hides(text, parsed.toString());
      Expect.same(parsed.hostName(), ConnectionString.parse(text).hostName(), "read again");
    } catch (IllegalArgumentException e) {
      Expect.readable(e.getMessage());
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        hides(text, String.valueOf(cause.getMessage()));
      }
    }
  }

  /** The key is in no message. */
  private static void hides(String text, String message) {
    int at = text.indexOf(KEY);
    if (at >= 0) {
      int end = text.indexOf(';', at);
      String key = text.substring(at + KEY.length(), end < 0 ? text.length() : end).strip();
      Expect.that(key.length() < 20 || !message.contains(key), "The key is shown: " + message);
    }
  }
}
