package dev.fairlead.amqp;

import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.SessionContext;
import java.time.Duration;
import java.util.Optional;

/** What the connection of one identity is given: the same as its session. */
record OfOne(SessionContext session) implements ConnectionContext {
  @Override
  public String hubHost() {
    return session.hubHost();
  }

  @Override
  public Endpoint endpoint() {
    return session.endpoint();
  }

  @Override
  public Optional<Proxy> proxy() {
    return session.proxy();
  }

  @Override
  public Loop loop() {
    return session.loop();
  }

  @Override
  public Duration openTimeout() {
    return session.openTimeout();
  }

  @Override
  public String userAgent() {
    return session.userAgent();
  }
}
