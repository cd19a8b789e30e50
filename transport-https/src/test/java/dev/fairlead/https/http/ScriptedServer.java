package dev.fairlead.https.http;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.peers.PeerConnection;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;

/** A {@link ScriptedPeer} that reads requests. */
public final class ScriptedServer implements AutoCloseable {
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

  private static final TestCa.Issued ROOT;
  private static final SSLContext TLS;

  static {
    try {
      ROOT = TestCa.root("Scripted servers");
      // For this name alone, so that a test can dial another one.
      TLS = TestCa.leaf(ROOT, "localhost").server(null);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private final ScriptedPeer server;
  private final List<Asked> asked;

  private ScriptedServer(Script script, List<Asked> asked) {
    this.asked = asked;
    server = ScriptedPeer.builder().tls(TLS).start(connection -> script.run(new Peer(connection)));
  }

  /** A server that does what a script says. */
  public static ScriptedServer running(Script script) {
    return new ScriptedServer(script, List.of());
  }

  /** A server of ordinary HTTP/1.1 that keeps its connections. */
  public static ScriptedServer answering(Answers answers) {
    List<Asked> asked = new CopyOnWriteArrayList<>();
    return new ScriptedServer(
        peer -> {
          while (true) {
            Asked request = peer.readRequest();
            asked.add(request);
            String answer = answers.to(request);
            if (answer == null) {
              return;
            }
            peer.write(answer);
          }
        },
        asked);
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

  public Endpoint endpoint() {
    return new Endpoint("localhost", server.port(), Trust.only(List.of(ROOT.certificate())));
  }

  /** How many connections there have been. */
  public int accepted() {
    return server.accepted();
  }

  /** How many connections are open. */
  public int open() {
    return server.open();
  }

  /** What {@link #answering} servers were asked. */
  public List<Asked> asked() {
    return List.copyOf(asked);
  }

  /** Ends the connections that are open. */
  public void cut() {
    server.cut();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /** The server's end of one connection. */
  public static final class Peer {
    private final PeerConnection connection;

    Peer(PeerConnection connection) {
      this.connection = connection;
    }

    public Asked readRequest() throws IOException {
      String line = connection.readLine();
      List<String> fields = new ArrayList<>();
      for (String field = connection.readLine(); !field.isEmpty(); field = connection.readLine()) {
        fields.add(field);
      }
      String length = new Asked(line, fields, new byte[0]).field("Content-Length");
      return new Asked(
          line, fields, connection.read(length.isEmpty() ? 0 : Integer.parseInt(length)));
    }

    public void write(String text) throws IOException {
      connection.write(text);
    }

    public void write(byte[] bytes) throws IOException {
      connection.write(bytes);
    }

    /** Waits until the other side closes. */
    public void awaitEnd() throws IOException {
      connection.awaitEnd();
    }
  }
}
