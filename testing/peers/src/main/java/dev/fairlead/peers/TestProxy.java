package dev.fairlead.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Proxies for tests, written from the RFCs and without the client's code. */
public final class TestProxy {
  public static final String USER = "jo \"the\" café";
  public static final String PASSWORD = "canary-secret:\\ü";

  private TestProxy() {}

  /** An HTTP proxy; decides by the Proxy-Authorization value. */
  public interface Gate {
    /** Null to permit the request, else the head of the answer. */
    @Nullable String check(@Nullable String authorization) throws Exception;
  }

  /**
   * Records each request's head in {@code heads} and tunnels to a port of the loopback interface.
   */
  public static ScriptedPeer http(int target, List<String> heads, Gate gate) {
    return ScriptedPeer.plain(
        connection -> {
          String head = head(connection.input());
          heads.add(head);
          String authorization = null;
          for (String line : head.split("\r\n", -1)) {
            if (line.startsWith("Proxy-Authorization: ")) {
              authorization = line.substring("Proxy-Authorization: ".length());
            }
          }
          String refusal = gate.check(authorization);
          if (refusal != null) {
            connection.output().write((refusal + "\r\n").getBytes(ISO_8859_1));
            return;
          }
          connection
              .output()
              .write(
                  "HTTP/1.0 200 Connection established\r\nVia: test\r\n\r\n".getBytes(ISO_8859_1));
          relay(connection, target);
        });
  }

  /** Refuses every request with these bytes. */
  public static ScriptedPeer saying(String answer) {
    return ScriptedPeer.plain(
        connection -> {
          head(connection.input());
          connection.output().write(answer.getBytes(ISO_8859_1));
        });
  }

  /** A SOCKS5 proxy that requires {@link #USER} if configured; it records the requested targets. */
  public static ScriptedPeer socks(
      int target, boolean authenticates, int reply, List<String> asked) {
    return ScriptedPeer.plain(
        connection -> {
          DataInputStream in = connection.input();
          in.readByte();
          byte[] methods = new byte[in.readUnsignedByte()];
          in.readFully(methods);
          boolean offered = new String(methods, ISO_8859_1).indexOf(2) >= 0;
          if (authenticates && !offered) {
            connection.output().write(new byte[] {5, (byte) 0xff});
            return;
          }
          connection.output().write(new byte[] {5, (byte) (authenticates ? 2 : 0)});
          if (authenticates) {
            in.readByte();
            String user = text(in);
            String password = text(in);
            boolean right = user.equals(USER) && password.equals(PASSWORD);
            connection.output().write(new byte[] {1, (byte) (right ? 0 : 1)});
            if (!right) {
              return;
            }
          }
          in.skipNBytes(3);
          int kind = in.readByte();
          byte[] address = new byte[kind == 1 ? 4 : kind == 4 ? 16 : in.readUnsignedByte()];
          in.readFully(address);
          String host =
              kind == 3
                  ? new String(address, ISO_8859_1)
                  : InetAddress.getByAddress(address).getHostAddress();
          asked.add(kind + " " + host + ":" + in.readUnsignedShort());
          // The bound address may also be a name.
          byte[] bound = {5, (byte) reply, 0, 3, 2, 'x', 'y', 1, 2};
          connection.output().write(bound);
          if (reply == 0) {
            relay(connection, target);
          }
        });
  }

  private static String text(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readUnsignedByte()];
    in.readFully(bytes);
    return new String(bytes, UTF_8);
  }

  private static void relay(PeerConnection client, int target) throws Exception {
    Thread back;
    try (Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
      back =
          new Thread(
              () -> {
                try (client) {
                  server.getInputStream().transferTo(client.output());
                } catch (IOException e) {
                  // One side has closed the connection.
                }
              },
              "test-proxy-back");
      back.setDaemon(true);
      back.start();
      client.input().transferTo(server.getOutputStream());
    }
    back.join();
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  public static Gate basic() {
    String right =
        "Basic " + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(UTF_8));
    return authorization ->
        right.equals(authorization)
            ? null
            : "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"a, b\"\r\n";
  }

  /**
   * RFC 7616, with the right password.
   *
   * @param algorithms those offered, in this order, one field each
   * @param stales how many right answers are first declared stale
   */
  public static Gate digest(List<String> algorithms, int stales, List<String> used) {
    List<String> nonces = new CopyOnWriteArrayList<>();
    return authorization -> {
      boolean right = false;
      if (authorization != null) {
        String algorithm = field(authorization, "algorithm");
        used.add(algorithm);
        MessageDigest hash = MessageDigest.getInstance(algorithm);
        String nonce = field(authorization, "nonce");
        String uri = field(authorization, "uri");
        String a1 = hex(hash, (USER + ":the \"realm\":" + PASSWORD).getBytes(UTF_8));
        String a2 = hex(hash, ("CONNECT:" + uri).getBytes(UTF_8));
        String expected =
            hex(
                hash,
                String.join(
                        ":",
                        a1,
                        nonce,
                        field(authorization, "nc"),
                        field(authorization, "cnonce"),
                        field(authorization, "qop"),
                        a2)
                    .getBytes(UTF_8));
        right =
            expected.equals(field(authorization, "response"))
                && nonce.equals(nonces.get(nonces.size() - 1))
                && field(authorization, "opaque").equals("op=aq,ue")
                && new String(field(authorization, "username").getBytes(ISO_8859_1), UTF_8)
                    .equals(USER);
      }
      if (right && used.size() > stales) {
        return null;
      }
      nonces.add("nonce-" + nonces.size());
      StringBuilder answer = new StringBuilder("HTTP/1.1 407 Who are you\r\n");
      for (String algorithm : algorithms) {
        answer
            .append(
                "Proxy-Authenticate: Digest realm=\"the \\\"realm\\\"\", qop=\"auth-int, auth\",")
            .append(" nonce=\"" + nonces.get(nonces.size() - 1) + "\", algorithm=" + algorithm)
            .append(", opaque=\"op=aq,ue\"" + (right ? ", stale=TRUE" : "") + "\r\n");
      }
      return answer.append("Proxy-Authenticate: Basic realm=x\r\n").toString();
    };
  }

  private static String hex(MessageDigest hash, byte[] bytes) {
    return HexFormat.of().formatHex(hash.digest(bytes));
  }

  private static String field(String authorization, String name) {
    Matcher found =
        Pattern.compile("[ ,]" + name + "=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^,\"]+))")
            .matcher(authorization);
    if (!found.find()) {
      return "";
    }
    return found.group(1) == null ? found.group(2) : found.group(1).replaceAll("\\\\(.)", "$1");
  }
}
