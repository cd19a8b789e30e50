package dev.fairlead.amqp;

import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Modified;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.jspecify.annotations.Nullable;

/** The states of a delivery that are final. [AMQP 3.4] */
final class Outcomes {
  private Outcomes() {}

  /** False for {@code received}, which only says how far a transfer has come, and for none. */
  static boolean isTerminal(@Nullable DeliveryState state) {
    return state instanceof Accepted
        || state instanceof Rejected
        || state instanceof Released
        || state instanceof Modified;
  }
}
