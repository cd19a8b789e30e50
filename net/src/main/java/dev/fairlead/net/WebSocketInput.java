package dev.fairlead.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.Objects;

/**
 * Reads frames from a server, RFC 6455, section 5, and passes on the payload of binary messages as
 * it arrives: a frame's length is only counted down, however large it claims to be. Pings and the
 * closing handshake are answered on the way. One reader thread.
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

  /** The longest head: two bytes and eight of length. */
  private static final int MAX_HEAD = 10;

  private final InputStream in;
  private final WebSocketOutput answers;

  /**
   * Read ahead: a head or a control frame is processed only when it has arrived completely, so that
   * a read which times out loses nothing, and many small frames are read together.
   */
  private final byte[] ahead = new byte[512];

  private int from;
  private int to;

  /** Of the data frame being read. */
  private long left;

  /** Whether the message continues in another frame. */
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
    int wanted = (int) Math.min(length, left);
    int count = Math.min(wanted, to - from);
    if (count > 0) {
      System.arraycopy(ahead, from, target, offset, count);
      from += count;
    } else {
      count = in.read(target, offset, wanted);
      if (count < 0) {
        throw new EOFException("The connection ended inside a WebSocket frame.");
      }
    }
    left -= count;
    return count;
  }

  @Override
  public int available() throws IOException {
    return (int) Math.min(left, (long) (to - from) + in.available());
  }

  /**
   * Reads until {@code count} bytes are buffered; can be repeated after a failure. False at the
   * end.
   */
  private boolean fill(int count) throws IOException {
    if (ahead.length - from < count) {
      System.arraycopy(ahead, from, ahead, 0, to - from);
      to -= from;
      from = 0;
    }
    while (to - from < count) {
      int read = in.read(ahead, to, ahead.length - to);
      if (read < 0) {
        return false;
      }
      to += read;
    }
    return true;
  }

  private void need(int count) throws IOException {
    if (!fill(count)) {
      throw new EOFException("The connection ended inside a WebSocket frame.");
    }
  }

  private int peek(int index) {
    return ahead[from + index] & 0xff;
  }

  /** False at the end of the stream. */
  private boolean nextFrame() throws IOException {
    if (!fill(1)) {
      if (fragmented) {
        throw new EOFException("The connection ended inside a WebSocket message.");
      }
      return false;
    }
    need(2);
    int first = peek(0);
    int second = peek(1);
    int opcode = first & OPCODE;
    boolean last = (first & FINAL) != 0;
    if ((first & RESERVED) != 0) {
      throw breach(
          PROTOCOL_ERROR, "a frame with reserved bits set, of an extension that was not offered");
    }
    // RFC 6455, section 5.1: a client closes the connection on a masked frame.
    if ((second & MASKED) != 0) {
      throw breach(PROTOCOL_ERROR, "a masked frame, which only a client sends");
    }
    if (opcode >= CLOSE) {
      return control(opcode, last, second & LENGTH);
    }
    checkOrder(opcode);
    left = length(second & LENGTH);
    fragmented = !last;
    return true;
  }

  /** RFC 6455, section 5.4. */
  private void checkOrder(int opcode) throws IOException {
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
  }

  /** Takes the head. RFC 6455, section 5.2; it requires the shortest form. */
  private long length(int brief) throws IOException {
    if (brief < 126) {
      from += 2;
      return brief;
    }
    int head = brief == 126 ? 4 : MAX_HEAD;
    need(head);
    long length = 0;
    for (int i = 2; i < head; i++) {
      length = (length << 8) | peek(i);
    }
    from += head;
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
    need(2 + length);
    byte[] body = Arrays.copyOfRange(ahead, from + 2, from + 2 + length);
    from += 2 + length;
    if (opcode == PING) {
      answers.pong(body);
    } else if (opcode == CLOSE) {
      closed(body);
      return false;
    }
    // RFC 6455, section 5.5.3: an unsolicited pong is no error.
    return true;
  }

  /** RFC 6455, sections 5.5.1 and 7.4: the same status is sent back, then the stream ends. */
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

  /** RFC 6455, section 7.4.1: these are never sent in a close frame. */
  private static boolean reserved(int status) {
    return status == 1004 || status == NO_STATUS || status == 1006 || status == 1015;
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
