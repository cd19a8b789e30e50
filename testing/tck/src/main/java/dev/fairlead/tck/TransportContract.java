package dev.fairlead.tck;

import org.junit.jupiter.api.Nested;

/**
 * The whole contract of a transport in one class to extend:
 *
 * <pre>{@code
 * class MyTransportTest extends TransportContract {
 *   @Override
 *   protected TransportHarness newHarness() {
 *     return LocalHubHarness.start(new MyTransport(), MY_ROUTE);
 *   }
 * }
 * }</pre>
 *
 * <p>Each part can also be extended alone. A part is skipped if the route does not declare its
 * subject; {@link CapabilityContract} checks that the route does not have what it does not declare.
 */
public abstract class TransportContract {
  /** Called by subclasses. */
  protected TransportContract() {}

  /**
   * Creates the transport under test and a hub for it; called before each test.
   *
   * @return a harness, which the test closes
   */
  protected abstract TransportHarness newHarness();

  @Nested
  class Capability extends CapabilityContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Telemetry extends TelemetryContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class SessionLoss extends SessionLossContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Opening extends OpeningContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class CloudMessage extends CloudMessageContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Method extends MethodContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Twin extends TwinContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Failure extends FailureContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Callback extends CallbackContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Renewal extends RenewalContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }

  @Nested
  class Leak extends LeakContract {
    @Override
    protected TransportHarness newHarness() {
      return TransportContract.this.newHarness();
    }
  }
}
