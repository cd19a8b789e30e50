package dev.fairlead.spi;

import dev.fairlead.CloudMessage;
import dev.fairlead.MethodRequest;

/**
 * Takes what arrives and hands it to the application's handlers on the callback executor. Never
 * blocks and never throws. Called on the session's loop, from the moment the wire carries
 * something, which may be before {@link SessionOpening#session()} completes. After the session has
 * ended, calls have no effect.
 */
public interface Inbox {
  /**
   * A cloud-to-device message has come.
   *
   * @param message the message with its settlement
   */
  void cloudMessage(CloudMessage message);

  /**
   * A direct method is called.
   *
   * @param request the call
   * @param reply answers it
   */
  void methodCall(MethodRequest request, MethodReply reply);

  /**
   * The desired properties have changed.
   *
   * @param patch the changed part as the hub sent it, {@code {"a":1,"b":null,"$version":7}}
   */
  void desiredChange(String patch);
}
