package dev.fairlead.localhub.https;

import dev.fairlead.localhub.LocalHubOptions;
import java.net.Inet6Address;
import java.net.InetAddress;

/** The address that the hub names to devices for their files. */
final class StorageAddress {

  private static final int HTTPS = 443;

  private StorageAddress() {}

  /**
   * The host name that the options give, else the address the hub listens on, by a name that its
   * certificate is good for; with the port unless it is the usual one.
   */
  static String of(LocalHubOptions options, int port) {
    String host = options.storageHostName().orElseGet(() -> host(options.bindAddress()));
    boolean hasPort = host.contains(":") && !host.endsWith("]");
    return hasPort || port == HTTPS ? host : host + ":" + port;
  }

  private static String host(InetAddress address) {
    if (address.equals(InetAddress.getLoopbackAddress()) || address.isAnyLocalAddress()) {
      return "localhost";
    }
    String text = address.getHostAddress();
    return address instanceof Inet6Address ? "[" + text + "]" : text;
  }
}
