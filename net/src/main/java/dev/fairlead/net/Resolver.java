package dev.fairlead.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Looks a host name up. Called on every connect, because a hub's address may change: IoT Hub,
 * "Understand IP addresses of your IoT hub". Any thread; may block.
 */
@FunctionalInterface
public interface Resolver {
  /**
   * Looks up.
   *
   * @param host a host name; literal addresses are never looked up
   * @return its addresses in the order of preference, at least one
   * @throws UnknownHostException if there is none, or no name server answers
   */
  List<InetAddress> resolve(String host) throws UnknownHostException;

  /**
   * The platform's resolver. The JVM keeps a found address for 30 s and a failure for 10 s
   * (security properties {@code networkaddress.cache.ttl} and {@code
   * networkaddress.cache.negative.ttl}); how long a look-up may take is the platform's setting, and
   * it cannot be interrupted.
   *
   * @return the resolver
   */
  static Resolver platform() {
    return host -> List.of(InetAddress.getAllByName(host));
  }
}
