package dev.fairlead.junit;

import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.GatewayBuilder;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Runs a local hub for JUnit Jupiter tests, which ask for what they need by parameter:
 *
 * <ul>
 *   <li>{@link LocalHub}: the hub, started when it is first asked for;
 *   <li>{@link Device}: a device with random keys, created for this test;
 *   <li>{@link DeviceConnectionString @DeviceConnectionString} {@link String}: its connection
 *       string;
 *   <li>{@link DeviceClientBuilder}: a builder that holds this connection string, and for each
 *       protocol the hub's address and its CA; each parameter gets a new one, all for the same
 *       device;
 *   <li>{@link GatewayBuilder}: a builder that holds the hub's name, and the same addresses; the
 *       gateway makes its devices from their connection strings.
 * </ul>
 *
 * <p>{@link NamedDevice @NamedDevice} at a device, connection string or client builder makes it
 * that of another device.
 *
 * <pre>{@code
 * @LocalHubTest
 * class ThermostatTest {
 *   @Test
 *   void sendsItsTemperature(LocalHub hub, DeviceClientBuilder builder) {
 *     DeviceClient client = builder.build();
 *     client.open();
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p><b>Lifetime.</b> Each test has a hub and a device of its own, so no test sees what another one
 * did, and tests may run in parallel. Everything a test was given it has until it ends, its
 * {@code @BeforeEach} and {@code @AfterEach} methods included; a test class may also take it in its
 * constructor and keep it in fields. Only where a class asks for the {@link LocalHub} in a
 * {@code @BeforeAll} method (or in the constructor, with one instance for the class), that hub
 * lives as long as the class and all its tests share it; devices are still one per test.
 *
 * <p>When a test ends, clients and gateways that were built by its builders and not closed are
 * closed without draining their outboxes, and then its hub. Hubs listen on the loopback interface
 * only.
 *
 * <p>Options go into a static field: {@code @RegisterExtension static final LocalHubExtension HUB =
 * new LocalHubExtension(LocalHubOptions.defaults()...)}. The extension itself has no state and is
 * safe for use by several threads.
 */
public final class LocalHubExtension implements ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(LocalHubExtension.class);

  private final LocalHubOptions options;

  /** Hubs with default options. */
  public LocalHubExtension() {
    this(LocalHubOptions.defaults());
  }

  /**
   * Hubs with given options. A fixed port serves one test at a time.
   *
   * @param options the options of each hub
   */
  public LocalHubExtension(LocalHubOptions options) {
    this.options = options;
  }

  /** What a constructor takes belongs to the test that it is called for. */
  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(
      ExtensionContext rootContext) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == LocalHub.class
        || type == Device.class
        || type == DeviceClientBuilder.class
        || type == GatewayBuilder.class
        || (type == String.class && parameter.isAnnotated(DeviceConnectionString.class));
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    if (type == LocalHub.class) {
      return runningHub(context).hub();
    }
    if (context.getTestMethod().isEmpty()) {
      throw new ParameterResolutionException(
          "A "
              + type.getSimpleName()
              + " belongs to one test, and this is for the whole class. Take it in the test method"
              + " or in @BeforeEach, or take the LocalHub here and create devices with it.");
    }
    TestDevices devices = devices(context);
    if (type == GatewayBuilder.class) {
      return devices.gateway();
    }
    String name =
        parameter.findAnnotation(NamedDevice.class).map(NamedDevice::value).orElse("device");
    if (type == DeviceClientBuilder.class) {
      return devices.client(name);
    }
    Device device = devices.device(name);
    return type == String.class ? device.connectionString() : device;
  }

  /** The hub of this test or, if there is one already, of its class. */
  private RunningHub runningHub(ExtensionContext context) {
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(RunningHub.class, key -> RunningHub.start(options), RunningHub.class);
  }

  /** A store closes what came last first: the clients, and then the hub they are connected to. */
  private TestDevices devices(ExtensionContext context) {
    RunningHub hub = runningHub(context);
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(TestDevices.class, key -> new TestDevices(hub), TestDevices.class);
  }
}
