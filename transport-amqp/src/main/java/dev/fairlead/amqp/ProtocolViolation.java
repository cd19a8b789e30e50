package dev.fairlead.amqp;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The peer broke the rules of AMQP, or the bounds that this client sets. */
final class ProtocolViolation extends IOException {
  private static final long serialVersionUID = 1;

  private final String what;

  /** What it sent, as in "it sent …". */
  ProtocolViolation(String what) {
    this(what, null);
  }

  ProtocolViolation(String what, @Nullable Throwable cause) {
    super(what, cause);
    this.what = what;
  }

  String what() {
    return what;
  }
}
