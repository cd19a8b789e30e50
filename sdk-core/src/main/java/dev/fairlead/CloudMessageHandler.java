package dev.fairlead;

/**
 * Receives cloud-to-device messages, one at a time, in the order of arrival, on the client's
 * callback executor.
 *
 * <p>The handler settles each message through its handles, now or later, from any thread. If it
 * throws before settling, the message is abandoned where the route can do that, and otherwise left
 * for the hub to deliver again.
 */
@FunctionalInterface
public interface CloudMessageHandler {
  /**
   * Takes a message.
   *
   * @param message the message, not settled yet
   * @throws Exception any; it is logged, and the message is not completed
   */
  void onCloudMessage(CloudMessage message) throws Exception;
}
