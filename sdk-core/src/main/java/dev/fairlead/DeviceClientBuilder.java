package dev.fairlead;

import dev.fairlead.auth.ConnectionString;
import dev.fairlead.auth.Credentials;
import dev.fairlead.client.RealDeviceClient;
import dev.fairlead.client.RealGateway;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.settings.GatewaySettings;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link DeviceClient}. Handlers are given here, before connecting, so that every session
 * subscribes what they need and the planner knows it. A builder of {@link Gateway#device()}
 * refuses, with {@link IllegalStateException}, what belongs to the connection. Not safe for several
 * threads.
 */
public final class DeviceClientBuilder {
  private @Nullable String hubHost;
  private @Nullable String gatewayHost;
  private @Nullable DeviceIdentity identity;
  private @Nullable Credentials credentials;
  private final Map<Protocol, Endpoint> endpoints = new EnumMap<>(Protocol.class);
  private Trust trust = Trust.platform();
  private @Nullable Proxy proxy;
  private TransportPolicy policy = TransportPolicy.singleDevice();
  private RetryPolicy retry = RetryPolicy.defaults();
  private @Nullable MaintenanceWindow failBack;
  private OutboxLimits outbox = OutboxLimits.defaults();
  private @Nullable OutboxStore outboxStore;
  private boolean strictOrder;
  private Duration openTimeout = Duration.ofSeconds(30);
  private Duration drain = Duration.ofSeconds(5);
  private Duration methodQueueTime = Duration.ofSeconds(30);
  private boolean daemonThreads = true;
  private String product = "";
  private @Nullable String modelId;
  private @Nullable Executor executor;
  private @Nullable TimeSource time;
  private final List<TransportProvider> transports = new ArrayList<>();
  private @Nullable UploadProvider uploads;
  private @Nullable CloudMessageHandler cloudMessages;
  private final Map<String, AsyncMethodHandler> methods = new HashMap<>();
  private @Nullable AsyncMethodHandler otherMethods;
  private @Nullable DesiredPropertiesHandler desiredProperties;
  private final List<ConnectionStateListener> stateListeners = new ArrayList<>();
  private final List<Consumer<DeviceClient>> builtListeners = new ArrayList<>();

  private final @Nullable RealGateway gateway;

  DeviceClientBuilder() {
    gateway = null;
  }

  /** A device behind a gateway begins with what belongs to the connection. */
  DeviceClientBuilder(RealGateway gateway) {
    this.gateway = gateway;
    GatewaySettings given = gateway.settings();
    hubHost = gateway.hubHost().orElse(null);
    gatewayHost = gateway.gatewayHost().orElse(null);
    endpoints.putAll(given.endpoints());
    trust = given.trust();
    proxy = given.proxy().orElse(null);
    policy = given.policy();
    retry = given.retry();
    failBack = given.failBack().orElse(null);
    openTimeout = given.openTimeout();
    drain = given.drain();
    daemonThreads = given.daemonThreads();
    product = given.product();
    executor = given.executor().orElse(null);
    time = given.time().orElse(null);
    transports.addAll(given.transports());
    uploads = gateway.uploads().orElse(null);
  }

  private void ofTheConnection(String setting) {
    if (gateway != null) {
      throw new IllegalStateException(
          setting
              + " belongs to the connection, which the devices of a gateway share: set it with Gateway.builder().");
    }
  }

  /**
   * Takes host, gateway host, identity and credentials from a device connection string.
   *
   * @param text as the hub's portal shows it
   * @return this
   * @throws IllegalArgumentException if it is not a device connection string; the message names the
   *     mistake and no secret
   */
  public DeviceClientBuilder connectionString(String text) {
    ConnectionString parsed = ConnectionString.parse(text);
    hubHost = parsed.hostName();
    identity = parsed.identity();
    parsed.gatewayHost().ifPresent(host -> gatewayHost = host);
    parsed.credentials().ifPresent(this::credentials);
    return this;
  }

  /**
   * Sets the hub's host name.
   *
   * @param host such as {@code name.azure-devices.net}
   * @return this
   */
  public DeviceClientBuilder host(String host) {
    hubHost = Objects.requireNonNull(host, "host");
    return this;
  }

  /**
   * Sets a gateway to dial in place of the hub; the hub's name still goes into user names and
   * tokens.
   *
   * @param host the gateway's host name
   * @return this
   */
  public DeviceClientBuilder gatewayHost(String host) {
    ofTheConnection("gatewayHost");
    gatewayHost = Objects.requireNonNull(host, "host");
    return this;
  }

  /**
   * Sets who connects.
   *
   * @param value the identity
   * @return this
   */
  public DeviceClientBuilder identity(DeviceIdentity value) {
    identity = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets how the identity proves itself.
   *
   * @param value the credentials
   * @return this
   */
  public DeviceClientBuilder credentials(Credentials value) {
    credentials = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets where the routes of one protocol dial, in place of the hub's (or gateway's) name and the
   * documented port.
   *
   * @param protocol the protocol
   * @param endpoint host, port and trust
   * @return this
   */
  public DeviceClientBuilder endpoint(Protocol protocol, Endpoint endpoint) {
    ofTheConnection("endpoint");
    endpoints.put(protocol, endpoint);
    return this;
  }

  /**
   * Sets who may vouch for the server, on every route without an endpoint of its own.
   *
   * @param value the trust; the platform's by default
   * @return this
   */
  public DeviceClientBuilder trust(Trust value) {
    ofTheConnection("trust");
    trust = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets the proxy that every connection goes through, to the hub or to an endpoint given here. An
   * HTTP proxy makes {@link TransportPolicy.Builder#proxyRequired} a fact of the policy: routes
   * that it does not let through are not tried.
   *
   * @param value the proxy; none by default
   * @return this
   */
  public DeviceClientBuilder proxy(Proxy value) {
    ofTheConnection("proxy");
    proxy = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets what the application wants of its transport and what its world allows.
   *
   * @param value the policy; {@link TransportPolicy#singleDevice()} by default
   * @return this
   */
  public DeviceClientBuilder policy(TransportPolicy value) {
    ofTheConnection("policy");
    policy = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets when to try again.
   *
   * @param value the policy; {@link RetryPolicy#defaults()} by default
   * @return this
   */
  public DeviceClientBuilder retry(RetryPolicy value) {
    retry = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets when the client may give up a session that works to come back to a better route. Without
   * it, better routes are tried when a session has ended anyway (over MQTT, each renewal of a token
   * ends one).
   *
   * <p>Once in each window, at a moment drawn evenly from it so that a fleet does not do it in
   * step, a client that sits on a less preferred route closes its session in good order, tries the
   * better routes whether or not they failed lately, and if none opens comes back to the one it
   * left at once. Telemetry waits meanwhile: on a route that swallows packets for up to the {@link
   * #openTimeout}, for each better route.
   *
   * @param window when
   * @return this
   */
  public DeviceClientBuilder failBack(MaintenanceWindow window) {
    failBack = Objects.requireNonNull(window, "window");
    return this;
  }

  /**
   * Sets how much telemetry may wait.
   *
   * @param value the limits; {@link OutboxLimits#defaults()} by default
   * @return this
   */
  public DeviceClientBuilder outbox(OutboxLimits value) {
    outbox = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets what keeps the outbox across a restart of the process. Without one, what waits is lost
   * with the process.
   *
   * @param store belongs to the client from now on, which closes it
   * @return this
   */
  public DeviceClientBuilder outboxStore(OutboxStore store) {
    outboxStore = Objects.requireNonNull(store, "store");
    return this;
  }

  /**
   * Lets at most one message be unacknowledged, so that the hub can never take a later message
   * before an earlier one. Costs a round trip for each message.
   *
   * @return this
   */
  public DeviceClientBuilder strictOrder() {
    strictOrder = true;
    return this;
  }

  /**
   * Sets how long opening one route may take in all, obtaining a credential included, before the
   * next is tried. It also limits each call of a token source or signer.
   *
   * @param value positive; 30 s by default
   * @return this
   */
  public DeviceClientBuilder openTimeout(Duration value) {
    openTimeout = positive("openTimeout", value);
    return this;
  }

  /**
   * Sets how long {@link DeviceClient#close()} goes on sending what waits.
   *
   * @param value not negative; 5 s by default
   * @return this
   */
  public DeviceClientBuilder drainTime(Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException("A drain time is not negative; it was " + value + ".");
    }
    drain = value;
    return this;
  }

  /**
   * Sets whether the client's threads let the JVM exit.
   *
   * @param daemon true by default
   * @return this
   */
  public DeviceClientBuilder daemonThreads(boolean daemon) {
    ofTheConnection("daemonThreads");
    daemonThreads = daemon;
    return this;
  }

  /**
   * Adds the product's name to what the client calls itself; the hub logs it.
   *
   * @param info such as {@code boiler-firmware/2.1}
   * @return this
   */
  public DeviceClientBuilder product(String info) {
    ofTheConnection("product");
    product = Objects.requireNonNull(info, "info");
    return this;
  }

  /**
   * Names the Plug and Play model that the device follows.
   *
   * @param dtmi such as {@code dtmi:com:example:Thermostat;1}
   * @return this
   */
  public DeviceClientBuilder modelId(String dtmi) {
    modelId = Objects.requireNonNull(dtmi, "dtmi");
    return this;
  }

  /**
   * Sets where handlers run; for handlers that block for long, or share state with the application.
   * The executor is itself called on a thread of the client, where one that runs tasks on its
   * caller's thread runs them. One that refuses, throws or drops a task is tried again until it
   * runs it.
   *
   * @param value the executor, which the client does not shut down; by default daemon threads of
   *     the client that end when idle
   * @return this
   */
  public DeviceClientBuilder executor(Executor value) {
    ofTheConnection("executor");
    executor = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets where the client takes the time from; for tests.
   *
   * @param value the source; the system's by default
   * @return this
   */
  public DeviceClientBuilder time(TimeSource value) {
    ofTheConnection("time");
    time = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Adds a transport with options of its own. It wins over one of the same routes that is found on
   * the class path or module path; only {@linkplain TransportPolicy the policy} leaves routes out.
   *
   * @param provider the transport
   * @return this
   */
  public DeviceClientBuilder transport(TransportProvider provider) {
    ofTheConnection("transport");
    transports.add(Objects.requireNonNull(provider, "provider"));
    return this;
  }

  /**
   * Sets what uploads files, with options of its own; by default what is found on the class path or
   * module path.
   *
   * @param provider the provider
   * @return this
   */
  public DeviceClientBuilder uploads(UploadProvider provider) {
    uploads = Objects.requireNonNull(provider, "provider");
    return this;
  }

  /**
   * Receives cloud-to-device messages.
   *
   * @param handler the handler
   * @return this
   */
  public DeviceClientBuilder onCloudMessage(CloudMessageHandler handler) {
    cloudMessages = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /**
   * Answers a direct method. A method without a handler is answered with status 501.
   *
   * @param name the method's name, exactly
   * @param handler the handler
   * @return this
   */
  public DeviceClientBuilder onMethod(String name, MethodHandler handler) {
    Objects.requireNonNull(handler, "handler");
    return onMethodAsync(
        name, request -> CompletableFuture.completedFuture(handler.onMethod(request)));
  }

  /**
   * Answers a direct method, perhaps later.
   *
   * @param name the method's name, exactly
   * @param handler the handler
   * @return this
   */
  public DeviceClientBuilder onMethodAsync(String name, AsyncMethodHandler handler) {
    methods.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(handler, "handler"));
    return this;
  }

  /**
   * Answers every direct method that has no handler of its own, in place of status 501.
   *
   * @param handler the handler
   * @return this
   */
  public DeviceClientBuilder onOtherMethods(AsyncMethodHandler handler) {
    otherMethods = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /**
   * Sets how long a direct method may wait for its handler, behind slow ones or for a thread of the
   * executor. One that has waited longer is answered with status 504 and never carried out, because
   * its caller has stopped waiting.
   *
   * @param value positive; 30 s by default, which is the service's default for a caller
   * @return this
   */
  public DeviceClientBuilder methodQueueTime(Duration value) {
    methodQueueTime = positive("methodQueueTime", value);
    return this;
  }

  /**
   * Hears of the desired properties: of all after the first connection, then of each change.
   *
   * @param handler the handler
   * @return this
   */
  public DeviceClientBuilder onDesiredProperties(DesiredPropertiesHandler handler) {
    desiredProperties = Objects.requireNonNull(handler, "handler");
    return this;
  }

  /**
   * Hears of the connection's state.
   *
   * @param listener the listener; several may be given
   * @return this
   */
  public DeviceClientBuilder onConnectionState(ConnectionStateListener listener) {
    stateListeners.add(Objects.requireNonNull(listener, "listener"));
    return this;
  }

  /**
   * Hears of each client that {@link #build()} makes, before its caller does: for what hands out
   * builders and has to close their clients in the end, such as a test fixture or a container.
   *
   * @param listener must not throw; several may be given
   * @return this
   */
  public DeviceClientBuilder onBuilt(Consumer<DeviceClient> listener) {
    builtListeners.add(Objects.requireNonNull(listener, "listener"));
    return this;
  }

  /**
   * Plans the routes and builds the client. No I/O is done before {@link DeviceClient#open()}.
   *
   * @return the client
   * @throws IllegalStateException if host, identity or credentials are missing; the message says
   *     which. Behind a {@link Gateway} also if that is closed, is another hub's, or has a client
   *     of this identity already
   * @throws dev.fairlead.policy.NoRouteException if no route is left; it names the facts in
   *     conflict
   */
  public DeviceClient build() {
    if (hubHost == null || identity == null) {
      throw new IllegalStateException(
          "The client needs to know the hub and the device: give connectionString(…), or host(…) and identity(…).");
    }
    if (credentials == null) {
      throw new IllegalStateException(
          "The client needs credentials for "
              + identity
              + ": give a connection string with a SharedAccessKey, or credentials(…); with x509=true that is the client"
              + " certificate.");
    }
    TransportPolicy.Builder facts = policy.toBuilder().credentialKind(credentials.kind());
    if (proxy != null && proxy.kind() == Proxy.Kind.HTTP) {
      facts.proxyRequired(true);
    }
    DeviceClient client =
        made(
            new ClientSettings(
                hubHost,
                gatewayHost == null ? hubHost : gatewayHost,
                identity,
                credentials,
                Map.copyOf(endpoints),
                trust,
                Optional.ofNullable(proxy),
                facts.build(),
                retry,
                Optional.ofNullable(failBack),
                outbox,
                Optional.ofNullable(outboxStore),
                strictOrder,
                openTimeout,
                drain,
                daemonThreads,
                product,
                Optional.ofNullable(modelId),
                Optional.ofNullable(executor),
                Optional.ofNullable(time),
                List.copyOf(transports),
                Optional.ofNullable(uploads)),
            new Handlers(
                Optional.ofNullable(cloudMessages),
                Map.copyOf(methods),
                Optional.ofNullable(otherMethods),
                Optional.ofNullable(desiredProperties),
                List.copyOf(stateListeners),
                methodQueueTime));
    builtListeners.forEach(listener -> listener.accept(client));
    return client;
  }

  private DeviceClient made(ClientSettings settings, Handlers handlers) {
    return gateway == null
        ? new RealDeviceClient(settings, handlers)
        : gateway.admit(settings, handlers);
  }

  private static Duration positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive; it was " + value + ".");
    }
    return value;
  }
}
