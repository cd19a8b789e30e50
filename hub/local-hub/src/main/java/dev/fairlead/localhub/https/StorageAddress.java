package dev.fairlead.localhub.https;

import dev.fairlead.localhub.LocalHubOptions;
import java.net.Inet6Address;
import java.net.InetAddress;

/** The address that the hub sends to devices for their uploads. */
final class StorageAddress {

  private static final int HTTPS = 443;

  private StorageAddress() {}

  /**
   * The host name of the options, else a name of the listening address for which the hub's
   * certificate is valid; with the port unless that is 443.
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
