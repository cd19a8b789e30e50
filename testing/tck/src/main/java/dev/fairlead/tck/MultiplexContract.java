package dev.fairlead.tck;

import org.junit.jupiter.api.Nested;

/**
 * The whole contract of a transport that carries several identities, beside {@link
 * TransportContract}: an event of one device does not affect another, an event of the connection
 * affects all, and in both cases nothing is lost or leaked.
 *
 * <pre>{@code
 * class MyMultiplexTest extends MultiplexContract {
 *   @Override
 *   protected MultiplexHarness newHarness() {
 *     return LocalHubFleet.start(new MyTransport(), MY_ROUTE);
 *   }
 * }
 * }</pre>
 *
 * <p>Each part can also be extended alone.
 */
public abstract class MultiplexContract {
  /** Called by subclasses. */
  protected MultiplexContract() {}

  /**
   * Creates the transport under test and a hub for it; called before each test.
   *
   * @return a harness, which the test closes
   */
  protected abstract MultiplexHarness newHarness();

  @Nested
  class Gateway extends GatewayContract {
    @Override
    protected MultiplexHarness newHarness() {
      return MultiplexContract.this.newHarness();
    }
  }

  @Nested
  class Isolation extends IsolationContract {
    @Override
    protected MultiplexHarness newHarness() {
      return MultiplexContract.this.newHarness();
    }
  }

  @Nested
  class SharedConnection extends SharedConnectionContract {
    @Override
    protected MultiplexHarness newHarness() {
      return MultiplexContract.this.newHarness();
    }
  }
}
