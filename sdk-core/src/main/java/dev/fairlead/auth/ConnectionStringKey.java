package dev.fairlead.auth;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The names that a device's connection string may hold, in the order they are usually written. */
enum ConnectionStringKey {
  HOST_NAME("HostName"),
  GATEWAY_HOST_NAME("GatewayHostName"),
  DEVICE_ID("DeviceId"),
  MODULE_ID("ModuleId"),
  SHARED_ACCESS_KEY_NAME("SharedAccessKeyName"),
  SHARED_ACCESS_KEY("SharedAccessKey"),
  SHARED_ACCESS_SIGNATURE("SharedAccessSignature"),
  X509("x509");

  /** The keys that an X.509 device must not have. */
  static final List<ConnectionStringKey> SHARED_ACCESS =
      List.of(SHARED_ACCESS_KEY, SHARED_ACCESS_SIGNATURE, SHARED_ACCESS_KEY_NAME);

  private static final int MOST_TYPOS = 3;

  private final String text;

  ConnectionStringKey(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }

  boolean secret() {
    return this == SHARED_ACCESS_KEY || this == SHARED_ACCESS_SIGNATURE;
  }

  /**
   * The key of that name.
   *
   * @param name as written
   * @param part its place, for the message
   * @throws IllegalArgumentException if there is none. The message repeats the name only if it is
   *     nearly a known one: a bare access key, pasted alone, ends in '=' and would pass for a name
   */
  static ConnectionStringKey named(String name, int part) {
    for (ConnectionStringKey key : values()) {
      if (key.text.equalsIgnoreCase(name)) {
        return key;
      }
    }
    if (name.equalsIgnoreCase("Endpoint") || name.equalsIgnoreCase("EntityPath")) {
      throw new IllegalArgumentException(
          "This is a connection string of the hub's Event Hubs-compatible endpoint, for services"
              + " that read telemetry. A device needs its own, which begins with HostName.");
    }
    ConnectionStringKey nearest =
        Arrays.stream(values())
            .min(Comparator.comparingInt(key -> distance(key.text, name)))
            .orElseThrow();
    if (distance(nearest.text, name) <= Math.min(MOST_TYPOS, nearest.text.length() / 4)) {
      throw new IllegalArgumentException(
          "The connection string has the unknown key \""
              + name
              + "\"; did you mean "
              + nearest.text
              + "?");
    }
    throw new IllegalArgumentException(
        "Part "
            + part
            + " of the connection string begins with no known key. Known are "
            + Arrays.stream(values())
                .map(ConnectionStringKey::text)
                .collect(Collectors.joining(", "))
            + ".");
  }

  /** The Levenshtein distance, in any case. */
  private static int distance(String a, String b) {
    if (Math.abs(a.length() - b.length()) > MOST_TYPOS) {
      return Integer.MAX_VALUE; // bounds the work: the name may be thousands of characters long
    }
    String left = a.toLowerCase(Locale.ROOT);
    String right = b.toLowerCase(Locale.ROOT);
    int[] row = new int[right.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= left.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int substituted = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[right.length()];
  }
}
