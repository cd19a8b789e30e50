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
 * Runs a local hub for JUnit Jupiter tests and injects these parameters:
 *
 * <ul>
 *   <li>{@link LocalHub}: the hub, started at its first use;
 *   <li>{@link Device}: a device with random keys, created for this test;
 *   <li>{@link DeviceConnectionString @DeviceConnectionString} {@link String}: its connection
 *       string;
 *   <li>{@link DeviceClientBuilder}: a builder with this connection string, and for each protocol
 *       the hub's address and its CA; each parameter gets a new builder, all for the same device;
 *   <li>{@link GatewayBuilder}: a builder with the hub's name and the same addresses; the gateway
 *       creates its devices from their connection strings.
 * </ul>
 *
 * <p>{@link NamedDevice @NamedDevice} on a device, connection string or client builder selects
 * another device.
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
 * <p><b>Lifetime.</b> Each test has its own hub and device, so tests do not affect each other and
 * may run in parallel. Injected objects remain valid until the test ends, including its
 * {@code @BeforeEach} and {@code @AfterEach} methods; a test class may also take them in its
 * constructor and keep them in fields. If a {@code @BeforeAll} method (or the constructor, with one
 * instance for the class) takes the {@link LocalHub}, all tests of the class share that hub until
 * the class ends; each test still has its own device.
 *
 * <p>When a test ends, the clients and gateways that its builders built are closed without draining
 * their outboxes, unless they are closed already. Then the hub is closed. Hubs listen on the
 * loopback interface only.
 *
 * <p>To set options, declare a static field: {@code @RegisterExtension static final
 * LocalHubExtension HUB = new LocalHubExtension(LocalHubOptions.defaults()...)}. The extension
 * itself has no state and is safe for use by several threads.
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

  /** Objects injected into a constructor are those of the test for which it is called. */
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
              + " is created for one test, but here it would serve the whole class."
              + " Inject it into the test method"
              + " or @BeforeEach, or inject the LocalHub here and create devices with it.");
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

  /** The hub of this test or, if its class has one already, that of the class. */
  private RunningHub runningHub(ExtensionContext context) {
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(RunningHub.class, key -> RunningHub.start(options), RunningHub.class);
  }

  /** A store closes its last entry first: the clients, and then the hub they are connected to. */
  private TestDevices devices(ExtensionContext context) {
    RunningHub hub = runningHub(context);
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(TestDevices.class, key -> new TestDevices(hub), TestDevices.class);
  }
}
