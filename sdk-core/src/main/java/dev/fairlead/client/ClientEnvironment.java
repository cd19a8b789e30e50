package dev.fairlead.client;

import dev.fairlead.policy.RouteMemory;
import dev.fairlead.session.Transports;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.ClientThreads;
import java.time.Duration;

/** What a client stands on: its own, or what the devices of a gateway share. */
interface ClientEnvironment {
  ClientLoop loop();

  ClientThreads threads();

  Transports transports();

  /** The routes that go last now: those that failed this client, and those that failed all. */
  RouteMemory.Snapshot remembered(RouteMemory own);

  /** The client has ended. Called once, on the lane that completes futures. */
  void ended(RealDeviceClient client);

  /** Waits until what ended with the client is down; false if the limit came first. */
  boolean awaitEnd(Duration limit) throws InterruptedException;
}
