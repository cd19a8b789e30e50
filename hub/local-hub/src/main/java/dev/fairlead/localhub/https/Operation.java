package dev.fairlead.localhub.https;

import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.registry.HubDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks for, once its head was read and its sender is known. Used on the connection's
 * thread only.
 */
interface Operation {

  /** Who has shown a credential for it; null if nobody had to. */
  default @Nullable HubDevice sender() {
    return null;
  }

  /** The largest body, in bytes; a longer one is refused before it is read. */
  int bodyLimit();

  /**
   * Does it.
   *
   * @param body the whole body; taken over
   * @param occasions for faults while it is done
   * @throws dev.fairlead.localhub.LocalHubException with the hub's error code, to be answered
   */
  Answer run(byte[] body, Occasions occasions);

  /** The occasion for a fault once the answer was sent; null if there is none. */
  default @Nullable Moment afterwards() {
    return null;
  }

  /** Occasions for faults on one connection. */
  interface Occasions {
    /**
     * Lets the fault strike that is armed for this moment.
     *
     * @return what is to be answered instead; null to go on
     */
    default @Nullable Answer at(Moment moment) {
      return at(moment, List.of());
    }

    /** The same for telemetry, where it is known what that says. */
    @Nullable Answer at(Moment moment, List<byte[]> bodies);
  }
}
