package dev.fairlead.amqp;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The peer broke the rules of AMQP, or the bounds that this client sets. */
final class ProtocolBreach extends IOException {
  private static final long serialVersionUID = 1;

  /** What it sent, as in "it sent …". */
  ProtocolBreach(String what) {
    this(what, null);
  }

  ProtocolBreach(String what, @Nullable Throwable cause) {
    super(what, cause);
  }
}
