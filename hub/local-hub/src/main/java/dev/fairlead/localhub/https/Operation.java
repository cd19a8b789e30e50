package dev.fairlead.localhub.https;

import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.registry.HubDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operation of a request, once its head is read and its sender authenticated. Used on the
 * connection's thread only.
 */
interface Operation {

  /** The authenticated sender; null if none is required. */
  default @Nullable HubDevice sender() {
    return null;
  }

  /** The largest body, in bytes; a longer one is refused before it is read. */
  int bodyLimit();

  /**
   * Carries out the operation.
   *
   * @param body the whole body; not copied
   * @param occasions for faults while it is carried out
   * @throws dev.fairlead.localhub.LocalHubException with the hub's error code for the answer
   */
  Answer run(byte[] body, Occasions occasions);

  /** The occasion for a fault after the answer is sent; null if there is none. */
  default @Nullable Moment afterwards() {
    return null;
  }

  /** Occasions for faults on one connection. */
  interface Occasions {
    /**
     * Applies a fault that is armed for this moment.
     *
     * @return what is to be answered instead; null to go on
     */
    default @Nullable Answer at(Moment moment) {
      return at(moment, List.of());
    }

    /** The same for telemetry whose bodies are available. */
    @Nullable Answer at(Moment moment, List<byte[]> bodies);
  }
}
