package dev.fairlead.localhub.method;

/** A connection whose device has subscribed to direct methods. */
public interface MethodReceiver {

  /**
   * Sends a call to the device. Called with a monitor held: it may only post the call to its own
   * thread.
   */
  void deliver(MethodCall call);
}
