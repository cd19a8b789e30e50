package dev.fairlead.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** A server on the loopback that does one thing with each connection. */
public final class TestServer implements AutoCloseable {
  public interface Script {
    void run(Socket socket) throws Exception;
  }

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  public TestServer(Script script) {
    this(plain("127.0.0.1"), script);
  }

  public TestServer(ServerSocket listener, Script script) {
    this.listener = listener;
    Thread acceptor =
        new Thread(
            () -> {
              while (true) {
                try {
                  Socket socket = listener.accept();
                  open.add(socket);
                  Thread peer = new Thread(() -> serve(socket, script), "test-server-peer");
                  peer.setDaemon(true);
                  peer.start();
                } catch (IOException e) {
                  return;
                }
              }
            },
            "test-server");
    acceptor.setDaemon(true);
    acceptor.start();
  }

  private void serve(Socket socket, Script script) {
    try (socket) {
      script.run(socket);
    } catch (Exception e) {
      // The client went away, or was meant to.
    } finally {
      open.remove(socket);
    }
  }

  public static ServerSocket plain(String address) {
    try {
      return new ServerSocket(0, 50, InetAddress.getByName(address));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends one byte after the handshake, then echoes. */
  public static TestServer tls(SSLContext context, boolean wantsClient) throws IOException {
    SSLServerSocket listener =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    listener.setNeedClientAuth(wantsClient);
    return new TestServer(
        listener,
        socket -> {
          socket.getOutputStream().write('!');
          socket.getInputStream().transferTo(socket.getOutputStream());
        });
  }

  public int port() {
    return listener.getLocalPort();
  }

  public boolean idle() {
    return open.isEmpty();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
