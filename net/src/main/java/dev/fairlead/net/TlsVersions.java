package dev.fairlead.net;

import dev.fairlead.Endpoint;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Which versions of TLS to offer to each peer. IoT Hub: TLS 1.2 is the minimum ("TLS support in IoT
 * Hub"). Any thread.
 */
final class TlsVersions {
  /** A process uses a few hubs; the oldest is forgotten. */
  private static final int MOST = 100;

  private final Set<String> renegotiating = new LinkedHashSet<>(); // guarded by this

  /** All that are safe. */
  static String[] safe() {
    return new String[] {"TLSv1.3", "TLSv1.2"};
  }

  /** The one in which a server can ask for a certificate after it has seen a request. */
  static String[] renegotiable() {
    return new String[] {"TLSv1.2"};
  }

  synchronized void renegotiate(Endpoint endpoint) {
    if (renegotiating.size() >= MOST) {
      renegotiating.remove(renegotiating.iterator().next());
    }
    renegotiating.add(key(endpoint));
  }

  synchronized String[] with(Endpoint endpoint) {
    return renegotiating.contains(key(endpoint)) ? renegotiable() : safe();
  }

  private static String key(Endpoint endpoint) {
    return endpoint.host().toLowerCase(Locale.ROOT) + ":" + endpoint.port();
  }
}
