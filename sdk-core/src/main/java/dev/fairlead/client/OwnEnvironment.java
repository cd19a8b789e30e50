package dev.fairlead.client;

import dev.fairlead.outbox.RateGate;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.session.Transports;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.settings.ConnectionSettings;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.ClientThreads;
import java.time.Duration;
import java.util.Optional;

/** The loop, the threads and the transports of a client that does not share them. */
final class OwnEnvironment implements ClientEnvironment {
  private final ClientLoop loop;
  private final ClientThreads threads;
  private final Transports transports;

  OwnEnvironment(ClientSettings settings) {
    String name = "fairlead-" + settings.identity();
    ConnectionSettings given = settings.connection();
    loop = new ClientLoop(name, given.daemonThreads(), given.time());
    threads = new ClientThreads(name, given.daemonThreads(), given.executor(), loop);
    transports = Transports.of(given.transports());
  }

  @Override
  public ClientLoop loop() {
    return loop;
  }

  @Override
  public ClientThreads threads() {
    return threads;
  }

  @Override
  public Transports transports() {
    return transports;
  }

  @Override
  public RouteMemory.Snapshot remembered(RouteMemory own) {
    return own.snapshot();
  }

  @Override
  public Optional<RateGate> rate() {
    return Optional.empty();
  }

  @Override
  public void ended(RealDeviceClient client) {
    loop.shutdown();
    threads.shutdown();
  }

  @Override
  public boolean awaitEnd(Duration limit) throws InterruptedException {
    return loop.awaitTermination(limit);
  }
}
