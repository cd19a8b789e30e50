package dev.fairlead.spi;

import dev.fairlead.MethodRequest;
import dev.fairlead.SystemProperty;
import java.util.Map;

/**
 * Takes what arrives and hands it to the application's handlers on the callback executor. Never
 * blocks and never throws. Called on the session's loop, from the first message on the connection,
 * which may be before {@link Opening#outcome()} completes. After the session has ended, calls have
 * no effect.
 */
public interface Inbox {
  /**
   * A cloud-to-device message has arrived. The client makes a {@link dev.fairlead.CloudMessage} of
   * it and ensures that it is settled only once.
   *
   * @param body the bytes; handed over, not copied
   * @param properties application properties in their order; one without a value has the empty text
   * @param systemProperties what the protocol carried of them
   * @param settlement settles this message
   */
  void cloudMessage(
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement);

  /**
   * How many more cloud-to-device messages would reach the handler well within half the hub's lock
   * time, at the pace of the last one. A transport that fetches messages from the hub fetches no
   * more than this; one to which the hub pushes them may exceed it, and the surplus is queued in
   * the client.
   *
   * @return 0 to 10; at least 1 while the handler is idle and nothing is queued
   */
  int cloudMessageRoom();

  /**
   * Sets what to call when {@link #cloudMessageRoom()} has grown. May be set once.
   *
   * @param wakeup called on the loop, also spuriously; returns immediately
   */
  void whenCloudMessageRoom(Runnable wakeup);

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
