package dev.fairlead.net;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.fuzz.FixedRandom;
import dev.fairlead.fuzz.Pieces;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** Frames from a server. */
public final class WebSocketFramesFuzz {
  private WebSocketFramesFuzz() {}

  /** What was read, what was answered, and how it ended. */
  private record Outcome(byte[] payload, byte[] answers, String end) {}

  /** The first byte is the size of the pieces. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    Outcome one = read(new Pieces(input, 1, 1 + (input[0] & 0xff)), 64);
    Outcome other = read(new Pieces(input, 1, 8192), 8192);
    Expect.same(one.payload, other.payload, "in other pieces");
    Expect.same(one.answers, other.answers, "answers in other pieces");
    Expect.same(one.end, other.end, "the end in other pieces");
    Expect.that(one.payload.length <= input.length, "more than has arrived");
    Expect.that(one.answers.length <= 5 * input.length + 16, "answers larger than what arrived");
  }

  private static Outcome read(Pieces in, int most) {
    ByteArrayOutputStream answers = new ByteArrayOutputStream();
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    WebSocketInput socket = new WebSocketInput(in, new WebSocketOutput(answers, new FixedRandom()));
    byte[] buffer = new byte[most];
    String end;
    try {
      int count = socket.read(buffer, 0, most);
      while (count >= 0) {
        payload.write(buffer, 0, count);
        count = socket.read(buffer, 0, most);
      }
      end = "";
      Expect.that(socket.read() < 0, "It goes on after its end");
    } catch (IOException e) {
      end = String.valueOf(e.getMessage());
      Expect.readable(end);
    }
    return new Outcome(payload.toByteArray(), answers.toByteArray(), end);
  }
}
