package dev.fairlead.benchmarks;

import dev.fairlead.Protocol;
import java.nio.file.Path;

/** The bytes on the wire for a message and its acknowledgement, over one route. */
final class WireBytes {
  private static final int ONE_BY_ONE = 500;
  private static final int TOGETHER = 20_000;

  private WireBytes() {}

  /** Lines to print: the opening, then a message alone and a message among many. */
  static String of(Protocol protocol, String connectionString, int port, Path caFile, byte[] body)
      throws Exception {
    try (CountingRelay relay = new CountingRelay(port);
        TelemetryPeer line = new Fairlead(protocol, connectionString, relay.port(), caFile)) {
      line.send(1, body);
      long opening = relay.out() + relay.in();
      for (int i = 0; i < ONE_BY_ONE; i++) {
        line.send(1, body);
      }
      long alone = relay.out() + relay.in() - opening;
      long sentBefore = relay.out();
      long receivedBefore = relay.in();
      line.send(TOGETHER, body);
      return String.format(
          "%-8s opening and first message %,d bytes; alone %.0f; among many %.0f out, %.0f in",
          protocol,
          opening,
          (double) alone / ONE_BY_ONE,
          (double) (relay.out() - sentBefore) / TOGETHER,
          (double) (relay.in() - receivedBefore) / TOGETHER);
    }
  }
}
