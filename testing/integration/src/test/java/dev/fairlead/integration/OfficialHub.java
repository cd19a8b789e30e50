package dev.fairlead.integration;

import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Trust;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assumptions;

/**
 * A hub at the documented ports, the only ones that the official client uses, and with a dot in its
 * name, which it requires. Simultaneous runs use different loopback addresses.
 */
record OfficialHub(LocalHub hub, InetAddress address) {
  static final String HOST = "hub.fairlead.test";

  /** How many loopback addresses there are to choose from. */
  private static final int ADDRESSES = 250;

  /**
   * Starts a hub, or aborts the test with the reason: the ports may be taken or, below 1024, need
   * privileges.
   *
   * @param ports sets the ports that the test needs
   */
  static OfficialHub start(UnaryOperator<LocalHubOptions> ports) {
    int offset = ThreadLocalRandom.current().nextInt(ADDRESSES);
    String reason = "";
    for (int i = 0; i < ADDRESSES; i++) {
      InetAddress address = loopback(2 + (offset + i) % ADDRESSES);
      try {
        LocalHubOptions options = LocalHubOptions.defaults().hostName(HOST).bindAddress(address);
        return new OfficialHub(LocalHub.start(ports.apply(options)), address);
      } catch (UncheckedIOException e) {
        reason = String.valueOf(e.getMessage());
      }
    }
    return Assumptions.abort(
        "The ports of the official client cannot be bound on any loopback address: " + reason);
  }

  private static InetAddress loopback(int last) {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }

  /** The endpoint of the same hub for Fairlead. */
  Endpoint endpoint(Protocol protocol) {
    int port =
        switch (protocol) {
          case MQTT -> 8883;
          case AMQP -> 5671;
          case MQTT_WS, AMQP_WS, HTTPS -> 443;
        };
    return new Endpoint(address.getHostAddress(), port, Trust.only(List.of(hub.caCertificate())));
  }
}
