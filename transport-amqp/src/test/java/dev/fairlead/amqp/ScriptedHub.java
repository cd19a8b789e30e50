package dev.fairlead.amqp;

import dev.fairlead.Trust;
import dev.fairlead.peers.ScriptedPeer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Hubs on one TLS port: a {@link HubPeer} for each connection, set up by the test. */
final class ScriptedHub implements AutoCloseable {
  private final List<HubPeer> peers = new CopyOnWriteArrayList<>();
  private final ScriptedPeer server;

  ScriptedHub(Consumer<HubPeer> setUp) {
    server = ScriptedPeer.tls(connection -> serve(connection.socket(), setUp));
  }

  private void serve(Socket socket, Consumer<HubPeer> setUp) throws IOException {
    HubPeer peer = new HubPeer(socket);
    setUp.accept(peer);
    peers.add(peer);
    InputStream in = socket.getInputStream();
    byte[] bytes = new byte[16 * 1024];
    try {
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        peer.feed(bytes, count);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  static Trust trust() {
    return Trust.only(List.of(ScriptedPeer.authority()));
  }

  int port() {
    return server.port();
  }

  /** The connections so far, in order. */
  List<HubPeer> peers() {
    return peers;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
