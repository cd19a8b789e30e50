package dev.fairlead.mqtt;

import dev.fairlead.Trust;
import dev.fairlead.localhub.ServerCertificate.Flaw;
import dev.fairlead.localhub.tls.CertificateAuthority;
import dev.fairlead.localhub.tls.KeyedCertificate;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;

/** A TLS server that follows a script with each connection, down to the single byte. */
final class ScriptedHub implements AutoCloseable {
  private static final CertificateAuthority CA = CertificateAuthority.create();
  private static final SSLContext TLS = context();

  interface Script {
    void run(Peer peer) throws Exception;
  }

  private final SSLServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  ScriptedHub(Script script) throws IOException {
    this(script, false);
  }

  /** One whose bytes travel in WebSocket frames, each {@code send} in one. */
  static ScriptedHub overWebSockets(Script script) throws IOException {
    return new ScriptedHub(script, true);
  }

  private ScriptedHub(Script script, boolean webSocket) throws IOException {
    listener =
        (SSLServerSocket)
            TLS.getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    start(
        () -> {
          while (true) {
            Socket socket;
            try {
              socket = listener.accept();
            } catch (IOException e) {
              return;
            }
            open.add(socket);
            start(() -> serve(socket, script, webSocket));
          }
        });
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "scripted-hub");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve(Socket socket, Script script, boolean webSocket) {
    try (socket) {
      script.run(new Peer(socket, webSocket ? new ScriptedWebSocket(socket) : null));
    } catch (Exception e) {
      // The client went away, as most scripts make it.
    } finally {
      open.remove(socket);
    }
  }

  private static SSLContext context() {
    try {
      KeyedCertificate server = CA.issueServer(List.of("localhost"), Flaw.NONE);
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "k", server.key(), new char[0], server.chain().toArray(new X509Certificate[0]));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static Trust trust() {
    return Trust.only(List.of(CA.certificate()));
  }

  int port() {
    return listener.getLocalPort();
  }

  int connections() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  /** The hub's end of one connection. */
  static final class Peer {
    private final Socket socket;
    private final @Nullable ScriptedWebSocket webSocket;
    private final DataInputStream in;

    Peer(Socket socket, @Nullable ScriptedWebSocket webSocket) throws IOException {
      this.socket = socket;
      this.webSocket = webSocket;
      in = new DataInputStream(webSocket == null ? socket.getInputStream() : webSocket.input());
    }

    /** The WebSocket below, for what a script has to do there. */
    ScriptedWebSocket webSocket() {
      return Objects.requireNonNull(webSocket, "a WebSocket");
    }

    /** Reads one packet; its first byte comes first. */
    byte[] read() throws IOException {
      int first = in.readUnsignedByte();
      int remaining = 0;
      for (int shift = 0; ; shift += 7) {
        int digit = in.readUnsignedByte();
        remaining |= (digit & 127) << shift;
        if (digit < 128) {
          break;
        }
      }
      byte[] packet = new byte[1 + remaining];
      packet[0] = (byte) first;
      in.readFully(packet, 1, remaining);
      return packet;
    }

    /** Reads until a packet of this type. */
    byte[] await(int type) throws IOException {
      byte[] packet = read();
      while ((packet[0] & 0xff) >> 4 != type) {
        packet = read();
      }
      return packet;
    }

    void send(int... bytes) throws IOException {
      byte[] raw = new byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        raw[i] = (byte) bytes[i];
      }
      send(raw);
    }

    void send(byte[] bytes) throws IOException {
      if (webSocket != null) {
        webSocket.send(bytes);
        return;
      }
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
    }

    /** Does what a hub does until the session is open. */
    void welcome() throws IOException {
      await(1);
      send(0x20, 2, 0, 0);
      byte[] subscribe = await(8);
      int filters = 0;
      for (int at = 3; at < subscribe.length; filters++) {
        at += 2 + ((subscribe[at] & 0xff) << 8 | subscribe[at + 1] & 0xff) + 1;
      }
      byte[] suback = new byte[4 + filters];
      suback[0] = (byte) 0x90;
      suback[1] = (byte) (2 + filters);
      suback[2] = subscribe[1];
      suback[3] = subscribe[2];
      send(suback);
    }

    /** Reads until the client is gone. */
    void drain() throws IOException {
      try {
        while (true) {
          read();
        }
      } catch (EOFException e) {
        // Gone.
      }
    }
  }

  /** A PUBLISH packet with a given first byte; packet id and payload as they are. */
  static byte[] publish(int first, byte[] topic, int packetId, String payload) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.write(topic.length >> 8);
    body.write(topic.length);
    body.writeBytes(topic);
    if (packetId >= 0) {
      body.write(packetId >> 8);
      body.write(packetId);
    }
    body.writeBytes(payload.getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    packet.write(first);
    int left = body.size();
    do {
      packet.write(left > 127 ? (left & 127) | 128 : left);
      left >>= 7;
    } while (left > 0);
    packet.writeBytes(body.toByteArray());
    return packet.toByteArray();
  }

  static byte[] publish(int first, String topic, int packetId, String payload) {
    return publish(first, topic.getBytes(StandardCharsets.UTF_8), packetId, payload);
  }
}
