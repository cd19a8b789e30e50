package dev.fairlead.https.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Counts what follows the head of an answer. OkHttp reads ahead, so an excess answer is in its
 * buffer before it can be detected; only the count shows it. Confined to the reading thread.
 */
final class AnswerInput extends FilterInputStream {
  /** Line ends in a row; the head ends with two. */
  private int lineEnds;

  private boolean headRead;
  private long behindHead;

  AnswerInput(InputStream in) {
    super(in);
  }

  /** The next byte that is read is part of the head of an answer. */
  void begin() {
    lineEnds = 0;
    headRead = false;
    behindHead = 0;
  }

  /** How many bytes behind the head were read so far. */
  long behindHead() {
    return behindHead;
  }

  @Override
  public int read() throws IOException {
    int next = super.read();
    if (next >= 0) {
      count((byte) next);
    }
    return next;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    int got = super.read(into, from, length);
    int at = from;
    while (at < from + got && !headRead) {
      count(into[at++]);
    }
    behindHead += Math.max(0, from + got - at);
    return got;
  }

  private void count(byte next) {
    if (headRead) {
      behindHead++;
    } else if (next == '\n') {
      headRead = ++lineEnds == 2;
    } else if (next != '\r') {
      lineEnds = 0;
    }
  }
}
