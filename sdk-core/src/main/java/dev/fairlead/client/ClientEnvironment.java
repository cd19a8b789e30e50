package dev.fairlead.client;

import dev.fairlead.outbox.RateGate;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.session.Transports;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.ClientThreads;
import java.time.Duration;
import java.util.Optional;

/**
 * What a client uses: threads and transports of its own, or those that the devices of a gateway
 * share.
 */
interface ClientEnvironment {
  ClientLoop loop();

  ClientThreads threads();

  Transports transports();

  /**
   * The routes that are tried last for now: those that failed for this client, and those that
   * failed for all.
   */
  RouteMemory.Snapshot remembered(RouteMemory own);

  /** How fast all clients of this environment may send telemetry together. */
  Optional<RateGate> rate();

  /** The client has ended. Called once, on the executor that completes futures. */
  void ended(RealDeviceClient client);

  /**
   * Waits until everything that ended with the client has stopped; false if the limit came first.
   */
  boolean awaitEnd(Duration limit) throws InterruptedException;
}
