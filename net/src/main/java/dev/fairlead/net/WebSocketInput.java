package dev.fairlead.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.Objects;

/**
 * Reads frames from a server, RFC 6455, section 5, and passes on the payload of binary messages as
 * it comes: a frame's length is only counted down, whatever it claims. Pings and the closing
 * handshake are answered on the way. One reader thread.
 */
final class WebSocketInput extends InputStream {
  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int BINARY = 2;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  /** RFC 6455, section 5.5. */
  static final int MAX_CONTROL = 125;

  private static final int FINAL = 0x80;
  private static final int RESERVED = 0x70;
  private static final int OPCODE = 0x0f;
  private static final int MASKED = 0x80;
  private static final int LENGTH = 0x7f;

  // RFC 6455, section 7.4.1.
  static final int NORMAL = 1000;
  private static final int GOING_AWAY = 1001;
  private static final int PROTOCOL_ERROR = 1002;
  private static final int UNSUPPORTED_DATA = 1003;
  private static final int NO_STATUS = 1005;

  private final InputStream in;
  private final WebSocketOutput answers;

  /** Of the data frame being read. */
  private long left;

  /** Whether the message goes on in another frame. */
  private boolean fragmented;

  private boolean ended;

  WebSocketInput(InputStream in, WebSocketOutput answers) {
    this.in = in;
    this.answers = answers;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    while (left == 0) {
      if (ended || !nextFrame()) {
        ended = true;
        return -1;
      }
    }
    int count = in.read(target, offset, (int) Math.min(length, left));
    if (count < 0) {
      throw new EOFException("The connection ended inside a WebSocket frame.");
    }
    left -= count;
    return count;
  }

  @Override
  public int available() throws IOException {
    return (int) Math.min(left, in.available());
  }

  /** False at the end of the stream. */
  private boolean nextFrame() throws IOException {
    int first = in.read();
    if (first < 0) {
      if (fragmented) {
        throw new EOFException("The connection ended inside a WebSocket message.");
      }
      return false;
    }
    int second = next();
    int opcode = first & OPCODE;
    boolean last = (first & FINAL) != 0;
    if ((first & RESERVED) != 0) {
      throw breach(
          PROTOCOL_ERROR, "a frame with reserved bits set, of an extension nobody offered");
    }
    // RFC 6455, section 5.1: a client closes the connection on a masked frame.
    if ((second & MASKED) != 0) {
      throw breach(PROTOCOL_ERROR, "a masked frame, which only a client sends");
    }
    if (opcode >= CLOSE) {
      return control(opcode, last, second & LENGTH);
    }
    data(opcode, last);
    left = length(second & LENGTH);
    return true;
  }

  /** RFC 6455, section 5.4. */
  private void data(int opcode, boolean last) throws IOException {
    switch (opcode) {
      case CONTINUATION -> {
        if (!fragmented) {
          throw breach(PROTOCOL_ERROR, "a continuation of no message");
        }
      }
      case BINARY -> {
        if (fragmented) {
          throw breach(PROTOCOL_ERROR, "a new message inside another");
        }
      }
      case TEXT -> throw breach(UNSUPPORTED_DATA, "a text message where only binary ones belong");
      default -> throw breach(PROTOCOL_ERROR, "a frame of the unknown kind " + opcode);
    }
    fragmented = !last;
  }

  /** RFC 6455, section 5.2; it asks for the shortest form. */
  private long length(int brief) throws IOException {
    if (brief < 126) {
      return brief;
    }
    int bytes = brief == 126 ? 2 : 8;
    long length = 0;
    for (int i = 0; i < bytes; i++) {
      length = (length << 8) | next();
    }
    if (length < 0) {
      throw breach(PROTOCOL_ERROR, "a length with its highest bit set");
    }
    if (length < (brief == 126 ? 126 : 0x10000)) {
      throw breach(PROTOCOL_ERROR, "a length in a longer form than it needs");
    }
    return length;
  }

  private boolean control(int opcode, boolean last, int length) throws IOException {
    if (!last) {
      throw breach(PROTOCOL_ERROR, "a control frame in fragments");
    }
    if (length > MAX_CONTROL) {
      throw breach(PROTOCOL_ERROR, "a control frame of more than 125 bytes");
    }
    if (opcode > PONG) {
      throw breach(PROTOCOL_ERROR, "a control frame of the unknown kind " + opcode);
    }
    byte[] body = new byte[length];
    for (int i = 0; i < length; i++) {
      body[i] = (byte) next();
    }
    if (opcode == PING) {
      answers.pong(body);
    } else if (opcode == CLOSE) {
      closed(body);
      return false;
    }
    // RFC 6455, section 5.5.3: a pong that nobody asked for is no error.
    return true;
  }

  /** RFC 6455, sections 5.5.1 and 7.4: the same status goes back, then the stream ends. */
  private void closed(byte[] body) throws IOException {
    ended = true;
    if (body.length == 1) {
      throw breach(PROTOCOL_ERROR, "half a status in its close frame");
    }
    int status = body.length == 0 ? NO_STATUS : ((body[0] & 0xff) << 8) | (body[1] & 0xff);
    boolean wellFormed = status == NO_STATUS && body.length == 0;
    if (!wellFormed && (status < NORMAL || status > 4999 || reserved(status))) {
      throw breach(PROTOCOL_ERROR, "the close status " + status + ", which is never sent");
    }
    answers.close(body.length == 0 ? NORMAL : status);
    if (body.length != 0 && status != NORMAL && status != GOING_AWAY) {
      throw new EOFException("The server closed the WebSocket with status " + status + ".");
    }
  }

  /** RFC 6455, section 7.4.1: these never stand in a close frame. */
  private static boolean reserved(int status) {
    return status == 1004 || status == NO_STATUS || status == 1006 || status == 1015;
  }

  private int next() throws IOException {
    int next = in.read();
    if (next < 0) {
      throw new EOFException("The connection ended inside a WebSocket frame.");
    }
    return next;
  }

  private ProtocolException breach(int status, String what) {
    ended = true;
    ProtocolException failure =
        new ProtocolException(
            "The server broke the rules of WebSocket (RFC 6455): it sent " + what + ".");
    try {
      answers.close(status);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }
}
