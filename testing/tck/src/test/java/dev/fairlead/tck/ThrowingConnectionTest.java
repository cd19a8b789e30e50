package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.HubException;
import dev.fairlead.Route;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a shared connection throws, its devices move to another one, and the gateway closes. */
class ThrowingConnectionTest extends GatewayCase {
  /** A method of the transport. */
  enum Verb {
    CONNECT,
    OUTCOME,
    OPENING_ABORT,
    STEP,
    ATTACH,
    CAPACITY,
    ENDED,
    CLOSE,
    ABORT
  }

  private final Throwing transport = new Throwing(like(AMQP));

  /** The in-memory transport, with connections that throw in one method. */
  private static final class Throwing implements MultiplexingProvider {
    private final InMemoryTransport inner;
    volatile @Nullable Verb bad;

    Throwing(InMemoryTransport inner) {
      this.inner = inner;
    }

    void check(Verb verb) {
      if (bad == verb) {
        throw new StackOverflowError("scripted " + verb);
      }
    }

    @Override
    public TransportOffer offer() {
      return inner.offer();
    }

    @Override
    public Opening<TransportSession> open(Route route, SessionContext context) {
      return inner.open(route, context);
    }

    @Override
    public Opening<SharedConnection> connect(Route route, ConnectionContext context) {
      check(Verb.CONNECT);
      Opening<SharedConnection> opening = inner.connect(route, context);
      return new Opening<>() {
        @Override
        public CompletionStage<SharedConnection> outcome() {
          check(Verb.OUTCOME);
          return opening.outcome().thenApply(open -> around(open));
        }

        @Override
        public void abort() {
          opening.abort();
          check(Verb.OPENING_ABORT);
        }

        @Override
        public String step() {
          check(Verb.STEP);
          return opening.step();
        }
      };
    }

    private SharedConnection around(SharedConnection open) {
      return new SharedConnection() {
        @Override
        public Opening<TransportSession> attach(SessionContext context) {
          check(Verb.ATTACH);
          return open.attach(context);
        }

        @Override
        public int capacity() {
          check(Verb.CAPACITY);
          return open.capacity();
        }

        @Override
        public CompletionStage<Optional<HubException>> ended() {
          check(Verb.ENDED);
          return open.ended();
        }

        @Override
        public void close() {
          check(Verb.CLOSE);
          open.close();
        }

        @Override
        public void abort() {
          open.abort();
          check(Verb.ABORT);
        }
      };
    }
  }

  @ParameterizedTest
  @EnumSource(Verb.class)
  void aConnectionThatThrowsIsReplaced(Verb verb) {
    Gateway gateway = built(gatewayOver(transport).openTimeout(Duration.ofSeconds(30)));
    transport.bad = verb;
    List<DeviceClient> devices = opening(gateway, 3);
    tickUntil(
        "the devices have tried",
        () ->
            devices.stream()
                .allMatch(
                    each ->
                        each.state() instanceof Connected
                            || each.state() instanceof ConnectionState.Waiting));
    transport.bad = null;
    tickUntil("all are connected", () -> areConnected(devices));
    transport.bad = verb; // GatewayCase closes it, and finds no alarm left.
  }

  @Test
  void aConnectionIsOpenWithinTheLimitOrSaysWhatItWaitedFor() {
    hub.faults().add(InMemoryFault.silence(InMemoryFault.Point.TLS));
    transport.bad = Verb.OPENING_ABORT;
    Gateway gateway = built(gatewayOver(transport).openTimeout(Duration.ofSeconds(30)));
    DeviceClient one = opening(gateway, 1).get(0);
    tickUntil("given up", () -> one.state() instanceof ConnectionState.Waiting);
    assertThat(one.state().cause().orElseThrow())
        .hasMessageContaining(
            "was not open within 30 s; it waited for a shared connection, which waits for the"
                + " TLS handshake with the in-memory hub.");
    tickUntil("connected", () -> one.state() instanceof Connected);
  }
}
