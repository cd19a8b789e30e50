package dev.fairlead.localhub.amqp;

import org.apache.qpid.protonj2.types.Symbol;

/** Bytes from a client that are not AMQP 1.0, or exceed a limit of the hub. */
final class MalformedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final String condition;

  MalformedException(Symbol condition, String message) {
    super(message);
    this.condition = condition.toString();
  }

  /** The error condition of the standard. */
  Symbol condition() {
    return Symbol.valueOf(condition);
  }
}
