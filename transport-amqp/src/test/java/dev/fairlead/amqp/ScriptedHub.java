package dev.fairlead.amqp;

import dev.fairlead.Trust;
import dev.fairlead.localhub.ServerCertificate.Flaw;
import dev.fairlead.localhub.tls.CertificateAuthority;
import dev.fairlead.localhub.tls.KeyedCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** A TLS server; what it does with each connection is up to who makes it. */
final class ScriptedHub implements AutoCloseable {
  private static final CertificateAuthority CA = CertificateAuthority.create();

  /** The hub's side of one connection. */
  interface Script {
    void run(Socket socket) throws Exception;
  }

  private final SSLServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<HubPeer> peers = new CopyOnWriteArrayList<>();

  ScriptedHub(Script script) throws IOException {
    this(script, Flaw.NONE);
  }

  ScriptedHub(Script script, Flaw flaw) throws IOException {
    listener =
        (SSLServerSocket)
            context(flaw)
                .getServerSocketFactory()
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
            start(() -> serve(socket, script));
          }
        });
  }

  /** A hub that speaks AMQP as a hub does, but for what the test changes. */
  static ScriptedHub speaking(Function<Socket, HubPeer> peer) throws IOException {
    HubHolder holder = new HubHolder();
    ScriptedHub hub =
        new ScriptedHub(
            socket -> {
              HubPeer made = peer.apply(socket);
              holder.hub().peers.add(made);
              InputStream in = socket.getInputStream();
              byte[] bytes = new byte[16 * 1024];
              for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                made.feed(bytes, count);
              }
            });
    holder.set(hub);
    return hub;
  }

  private static final class HubHolder {
    private ScriptedHub hub;

    synchronized void set(ScriptedHub value) {
      hub = value;
      notifyAll();
    }

    synchronized ScriptedHub hub() throws InterruptedException {
      while (hub == null) {
        wait();
      }
      return hub;
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "scripted-hub");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve(Socket socket, Script script) {
    try (socket) {
      script.run(socket);
    } catch (Exception e) {
      // The client went away, as most scripts make it.
    } finally {
      open.remove(socket);
    }
  }

  private static SSLContext context(Flaw flaw) {
    try {
      KeyedCertificate server = CA.issueServer(List.of("localhost"), flaw);
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

  /** The connections so far, in order. */
  List<HubPeer> peers() {
    return peers;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
