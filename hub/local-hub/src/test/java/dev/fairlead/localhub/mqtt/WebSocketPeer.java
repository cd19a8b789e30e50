package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.LocalHub;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A WebSocket client that writes its request and its frames byte by byte. */
public final class WebSocketPeer implements AutoCloseable {

  static final String PATH = "/$iothub/websocket";
  public static final int FIN = 0x80;
  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  public static final int BINARY = 2;
  public static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;
  private static final byte[] MASK = {1, 2, 3, 4};

  private final SSLSocket socket;
  private final DataInputStream wire;

  public record Frame(int head, byte[] payload) {
    int code() {
      return (payload[0] & 0xff) << 8 | (payload[1] & 0xff);
    }
  }

  public record Answer(int status, Map<String, String> headers, String body) {}

  /** A builder of a request, changed line by line. */
  public static final class Request {
    private String line = "GET " + PATH + " HTTP/1.1";
    private final Map<String, String> headers = new LinkedHashMap<>();

    /** A handshake by RFC 6455, for MQTT. */
    public Request() {
      with("Host", "localhost")
          .with("Upgrade", "websocket")
          .with("Connection", "keep-alive, Upgrade")
          .with("Sec-WebSocket-Version", "13")
          .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
          .with("Sec-WebSocket-Protocol", "mqtt");
    }

    Request line(String value) {
      line = value;
      return this;
    }

    Request path(String value) {
      return line("GET " + value + " HTTP/1.1");
    }

    /** With one more header, or another value of it. */
    public Request with(String name, String value) {
      headers.put(name, value);
      return this;
    }

    Request without(String name) {
      headers.remove(name);
      return this;
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(line).append("\r\n");
      headers.forEach((name, value) -> text.append(name + ": " + value + "\r\n"));
      return text.append("\r\n").toString();
    }
  }

  private WebSocketPeer(SSLSocket socket) throws IOException {
    this.socket = socket;
    this.wire = new DataInputStream(socket.getInputStream());
  }

  /** Opens TLS, and sends nothing. */
  public static WebSocketPeer dial(LocalHub hub, @Nullable ClientIdentity identity)
      throws IOException {
    return new WebSocketPeer(RawPeer.dial(hub, identity, hub.httpsPort()));
  }

  static WebSocketPeer open(LocalHub hub) throws IOException {
    return open(hub, null, new Request());
  }

  /** Opens a WebSocket by RFC 6455. */
  static WebSocketPeer open(LocalHub hub, @Nullable ClientIdentity identity, Request request)
      throws IOException {
    WebSocketPeer peer = dial(hub, identity);
    Answer answer = peer.ask(request);
    // The accept value that RFC 6455, 1.3 gives for this key.
    if (answer.status() != 101
        || !"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".equals(answer.headers().get("sec-websocket-accept"))
        || !"mqtt".equals(answer.headers().get("sec-websocket-protocol"))) {
      throw new AssertionError("not upgraded: " + answer);
    }
    return peer;
  }

  static Answer answerTo(LocalHub hub, Request request) throws IOException {
    try (WebSocketPeer peer = dial(hub, null)) {
      Answer answer = peer.ask(request);
      if (peer.wire.read() != -1) {
        throw new AssertionError("the connection should have ended after " + answer);
      }
      return answer;
    }
  }

  public Answer ask(Request request) throws IOException {
    write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
    return readAnswer();
  }

  Answer readAnswer() throws IOException {
    int status = Integer.parseInt(line().split(" ", 3)[1]);
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      String[] parts = line.split(":", 2);
      headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1].trim());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    return new Answer(status, headers, new String(wire.readNBytes(length), StandardCharsets.UTF_8));
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = wire.readUnsignedByte(); c != '\n'; c = wire.readUnsignedByte()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** A frame with a mask. */
  static byte[] frame(int head, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.writeBytes(frameHead(head, payload.length));
    frame.writeBytes(MASK);
    for (int i = 0; i < payload.length; i++) {
      frame.write(payload[i] ^ MASK[i % 4]);
    }
    return frame.toByteArray();
  }

  static byte[] frameHead(int head, int length) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(head);
    if (length < 126) {
      frame.write(0x80 | length);
    } else if (length < 65_536) {
      frame.writeBytes(new byte[] {(byte) (0x80 | 126), (byte) (length >> 8), (byte) length});
    } else {
      frame.write(0x80 | 127);
      for (int shift = 56; shift >= 0; shift -= 8) {
        frame.write((byte) ((long) length >> shift));
      }
    }
    return frame.toByteArray();
  }

  public void send(int head, byte[] payload) throws IOException {
    write(frame(head, payload));
  }

  public Frame read() throws IOException {
    int head = wire.readUnsignedByte();
    int length = wire.readUnsignedByte(); // A server must not set the top bit (mask).
    if (length == 126) {
      length = wire.readUnsignedShort();
    } else if (length > 126) {
      throw new AssertionError("a frame too long for these tests, or one with a mask: " + length);
    }
    byte[] payload = new byte[length];
    wire.readFully(payload);
    return new Frame(head, payload);
  }

  /** Expects Close with this code, and the end. */
  void expectClose(int code) throws IOException {
    Frame close = read();
    if (close.head() != (FIN | CLOSE) || close.code() != code) {
      throw new AssertionError(
          "expected Close " + code + ", got a frame " + close.head() + ", code " + close.code());
    }
    expectEnd();
  }

  void expectEnd() throws IOException {
    int next;
    try {
      next = wire.read();
    } catch (java.net.SocketException reset) {
      return; // The hub does not read what comes after Close.
    }
    if (next != -1) {
      throw new AssertionError("expected the end of the connection");
    }
  }

  public SSLSocket socket() {
    return socket;
  }

  /** The bytes of the binary frames; Close and the end of the connection end it. */
  InputStream in() {
    return new InputStream() {
      private byte[] current = new byte[0];
      private int at;

      @Override
      public int read() throws IOException {
        while (at == current.length) {
          Frame frame;
          try {
            frame = WebSocketPeer.this.read();
          } catch (EOFException end) {
            return -1;
          }
          if (frame.head() == (FIN | CLOSE)) {
            return -1;
          }
          if (frame.head() != (FIN | BINARY)) {
            throw new AssertionError("a frame of MQTT must be binary, not " + frame.head());
          }
          current = frame.payload();
          at = 0;
        }
        return current[at++] & 0xff;
      }
    };
  }

  /** Each write is a frame. */
  OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        send(FIN | BINARY, new byte[] {(byte) b});
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        send(FIN | BINARY, java.util.Arrays.copyOfRange(bytes, offset, offset + length));
      }
    };
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
