package dev.fairlead.localhub.amqp;

import java.util.Map;
import java.util.Optional;
import org.apache.qpid.protonj2.types.messaging.Properties;

/** The hub's own reading of messages, on the codec of protonj2, for the comparison. */
public final class HubMessages {
  /** The first and the last kind of a body. [AMQP 3.2.6, 3.2.8] */
  private static final int DATA = 0x75;

  private static final int VALUE = 0x77;

  private HubMessages() {}

  /**
   * What the hub reads.
   *
   * @param properties all that protonj2 knows of them
   * @param annotations by symbol
   * @param application the application properties
   * @param data whether the body has only data sections
   * @param body the bytes
   */
  public record Read(
      Properties properties,
      Map<?, ?> annotations,
      Map<?, ?> application,
      boolean data,
      byte[] body) {}

  /** Empty if the hub refuses the bytes. */
  public static Optional<Read> read(byte[] bytes) {
    try {
      Message message = new MessageCodec().read(bytes);
      return Optional.of(
          new Read(
              message.properties(),
              message.annotations(),
              message.application(),
              message.value() == null,
              message.body()));
    } catch (MalformedException e) {
      return Optional.empty();
    }
  }

  /** Whether each section is there at most once, and in the order of the standard. */
  public static boolean inOrder(byte[] bytes) {
    try {
      int last = 0;
      int at = 0;
      while (at < bytes.length) {
        boolean brief = bytes.length - at > 3 && bytes[at] == 0 && bytes[at + 1] == 0x53;
        int code = brief ? bytes[at + 2] : -1;
        boolean secondBody = code <= VALUE && last >= DATA; // Of another kind. [AMQP 3.2]
        if (code <= last || secondBody) {
          return false;
        }
        last = code;
        at = ValueShape.check(bytes, at, bytes.length);
      }
      return true;
    } catch (MalformedException e) {
      return false;
    }
  }
}
