package dev.fairlead.https.http;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.localhub.ServerCertificate.Flaw;
import dev.fairlead.localhub.tls.CertificateAuthority;
import dev.fairlead.localhub.tls.KeyedCertificate;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** A TLS server that follows a script with each connection, down to the single byte. */
public final class ScriptedServer implements AutoCloseable {
  private static final CertificateAuthority CA = CertificateAuthority.create();
  private static final SSLContext TLS = context();

  /** What to do with one connection. */
  public interface Script {
    void run(Peer peer) throws Exception;
  }

  /** What to answer to one request; null to close the connection instead. */
  public interface Answers {
    String to(Asked request) throws Exception;
  }

  /** A request as it came. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Asked(String line, List<String> fields, byte[] body) {
    /** The first field of that name, or the empty text. */
    public String field(String name) {
      String prefix = name.toLowerCase(Locale.ROOT) + ":";
      return fields.stream()
          .filter(field -> field.toLowerCase(Locale.ROOT).startsWith(prefix))
          .map(field -> field.substring(prefix.length()).strip())
          .findFirst()
          .orElse("");
    }

    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  private final SSLServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();

  private ScriptedServer(Script script) throws IOException {
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
            accepted.incrementAndGet();
            open.add(socket);
            start(() -> serve(socket, script));
          }
        });
  }

  /** A server that does what a script says. */
  public static ScriptedServer running(Script script) throws IOException {
    return new ScriptedServer(script);
  }

  /** A server of ordinary HTTP/1.1 that keeps its connections. */
  public static ScriptedServer answering(Answers answers) throws IOException {
    ScriptedServer[] self = new ScriptedServer[1];
    ScriptedServer server =
        new ScriptedServer(
            peer -> {
              while (true) {
                Asked request = peer.readRequest();
                self[0].asked.add(request);
                String answer = answers.to(request);
                if (answer == null) {
                  return;
                }
                peer.write(answer);
              }
            });
    self[0] = server;
    return server;
  }

  /** An answer with a body. */
  public static String answer(int status, String fields, String body) {
    return "HTTP/1.1 "
        + status
        + " X\r\nContent-Length: "
        + body.getBytes(StandardCharsets.UTF_8).length
        + "\r\n"
        + fields
        + "\r\n"
        + body;
  }

  /** The answer 204. */
  public static String noContent() {
    return "HTTP/1.1 204 No Content\r\n\r\n";
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "scripted-server");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve(Socket socket, Script script) {
    try (socket) {
      script.run(new Peer(socket));
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

  public Endpoint endpoint() {
    return new Endpoint(
        "localhost", listener.getLocalPort(), Trust.only(List.of(CA.certificate())));
  }

  /** How many connections there have been. */
  public int accepted() {
    return accepted.get();
  }

  /** How many connections stand. */
  public int standing() {
    return open.size();
  }

  /** What {@link #answering} servers were asked. */
  public List<Asked> asked() {
    return List.copyOf(asked);
  }

  /** Ends the connections that stand. */
  public void cut() throws IOException {
    for (Socket socket : open) {
      socket.close();
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut();
  }

  /** The server's end of one connection. */
  public static final class Peer {
    private final Socket socket;
    private final InputStream in;

    Peer(Socket socket) throws IOException {
      this.socket = socket;
      in = new BufferedInputStream(socket.getInputStream());
    }

    public Asked readRequest() throws IOException {
      String line = readLine();
      List<String> fields = new ArrayList<>();
      for (String field = readLine(); !field.isEmpty(); field = readLine()) {
        fields.add(field);
      }
      Asked head = new Asked(line, fields, new byte[0]);
      String length = head.field("Content-Length");
      byte[] body = in.readNBytes(length.isEmpty() ? 0 : Integer.parseInt(length));
      return new Asked(line, fields, body);
    }

    private String readLine() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next != '\n'; next = in.read()) {
        if (next < 0) {
          throw new EOFException();
        }
        line.write(next);
      }
      return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }

    public void write(String text) throws IOException {
      write(text.getBytes(StandardCharsets.UTF_8));
    }

    public void write(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
    }

    /** Waits until the other side closes. */
    public void awaitEnd() throws IOException {
      while (in.read() >= 0) {
        // What still comes does not count.
      }
    }
  }
}
