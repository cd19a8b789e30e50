package dev.fairlead.mqtt;

import dev.fairlead.peers.PeerConnection;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The server's end of a WebSocket, RFC 6455: just enough for a script, which decides the rest. */
final class ScriptedWebSocket {
  private static final int BINARY = 2;
  private static final int CLOSE = 8;

  private final PeerConnection connection;
  private final DataInputStream in;

  /** The opcodes of the frames that have come. */
  private final List<Integer> opcodes = new ArrayList<>();

  /** Answers the upgrade. */
  ScriptedWebSocket(PeerConnection connection) throws IOException {
    this.connection = connection;
    in = connection.input();
    String key =
        connection
            .readUntil("\r\n\r\n")
            .lines()
            .filter(field -> field.startsWith("Sec-WebSocket-Key: "))
            .findFirst()
            .orElseThrow(() -> new ProtocolException("no key"))
            .substring("Sec-WebSocket-Key: ".length());
    connection.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: "
            + accept(key)
            + "\r\n\r\n");
  }

  private static String accept(String key) {
    try {
      return Base64.getEncoder()
          .encodeToString(
              MessageDigest.getInstance("SHA-1")
                  .digest(
                      (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                          .getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The payload of the client's frames; its end is the client's close frame, or its silence. */
  InputStream input() {
    return new InputStream() {
      private byte[] frame = {};
      private int at;

      @Override
      public int read() throws IOException {
        while (at == frame.length) {
          if (opcodes.contains(CLOSE)) {
            return -1;
          }
          frame = nextFrame();
          at = 0;
        }
        return frame[at++] & 0xff;
      }
    };
  }

  private byte[] nextFrame() throws IOException {
    opcodes.add(in.readUnsignedByte() & 15);
    int second = in.readUnsignedByte();
    if ((second & 0x80) == 0) {
      throw new ProtocolException("a frame without a mask");
    }
    int length = second & 0x7f;
    length = length == 126 ? in.readUnsignedShort() : length;
    byte[] mask = in.readNBytes(4);
    byte[] payload = in.readNBytes(length);
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= mask[i % 4];
    }
    return opcodes.get(opcodes.size() - 1) == BINARY ? payload : new byte[0];
  }

  /** Whether the client has sent a close frame. */
  boolean closeHasCome() {
    return opcodes.contains(CLOSE);
  }

  void send(byte[] payload) throws IOException {
    send(BINARY, payload);
  }

  /** Sends a close frame, or answers one. */
  void close() throws IOException {
    send(CLOSE, new byte[] {3, (byte) 0xe8});
  }

  private void send(int opcode, byte[] payload) throws IOException {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(0x80 | opcode);
    if (payload.length < 126) {
      frame.write(payload.length);
    } else {
      frame.write(126);
      frame.write(payload.length >> 8);
      frame.write(payload.length);
    }
    frame.writeBytes(payload);
    connection.write(frame.toByteArray());
  }
}
