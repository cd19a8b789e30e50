package dev.fairlead.localhub.method;

/** A connection whose device listens for direct methods. */
public interface MethodReceiver {

  /**
   * Takes a call to bring to the device. Called with a monitor held: it may only hand the call to
   * its own thread.
   */
  void deliver(MethodCall call);
}
