package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.fuzz.Expect;
import dev.fairlead.fuzz.FixedRandom;
import dev.fairlead.fuzz.Pieces;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;

/** The answer to a WebSocket upgrade. */
public final class WebSocketUpgradeFuzz {
  private static final Endpoint HUB = new Endpoint("hub.example", 443, Trust.platform());
  private static final WebSocketTarget TARGET = new WebSocketTarget("/$iothub/websocket", "mqtt");

  private WebSocketUpgradeFuzz() {}

  /** The input is what the server sends. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    Pieces in = new Pieces(input, 0, 1024);
    try {
      new WebSocketUpgrade(HostName.of(HUB.host()), HUB, TARGET, new FixedRandom())
          .run(new Peer(in));
      int read = input.length - in.left();
      Expect.that(
          read > 1 && input[read - 1] == '\n', "It read on behind the head, into the first frame");
    } catch (UnreachableException e) {
      Expect.readable(e.getMessage());
    }
  }

  private record Peer(InputStream input) implements Connection {
    @Override
    public OutputStream output() {
      return OutputStream.nullOutputStream();
    }

    @Override
    public InetAddress address() {
      return InetAddress.getLoopbackAddress();
    }

    @Override
    public String tlsVersion() {
      return "TLSv1.3";
    }

    @Override
    public long bytesReceived() {
      return 0;
    }

    @Override
    public long bytesSent() {
      return 0;
    }

    @Override
    public boolean end() {
      return false;
    }

    @Override
    public void limitReads(int millis) {}

    @Override
    public void cut() {}
  }
}
