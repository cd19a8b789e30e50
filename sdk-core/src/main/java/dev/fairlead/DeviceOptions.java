package dev.fairlead;

import dev.fairlead.auth.ConnectionString;
import dev.fairlead.auth.Credentials;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.settings.DeviceSettings;
import dev.fairlead.settings.SessionSettings;
import dev.fairlead.spi.OutboxStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One device: its identity, its handlers and its outbox. Handlers are given here, before
 * connecting, so that every session subscribes what they need and the planner takes it into
 * account.
 *
 * @param <B> the builder
 */
public abstract sealed class DeviceOptions<B extends DeviceOptions<B>> extends SessionOptions<B>
    permits DeviceClientBuilder, GatewayDeviceBuilder {
  private @Nullable String hubHost;
  private @Nullable String parentHost;
  private @Nullable DeviceIdentity identity;
  private @Nullable Credentials credentials;
  private OutboxLimits outbox = OutboxLimits.defaults();
  private @Nullable OutboxStore outboxStore;
  private @Nullable RateLimit rate;
  private boolean strictOrder;
  private Duration methodQueueTime = Duration.ofSeconds(30);
  private @Nullable String modelId;
  private @Nullable CloudMessageHandler cloudMessages;
  private final Map<String, AsyncMethodHandler> methods = new HashMap<>();
  private @Nullable AsyncMethodHandler otherMethods;
  private @Nullable DesiredPropertiesHandler desiredProperties;
  private @Nullable StoredOutcomeListener storedOutcomes;
  private final List<ConnectionStateListener> stateListeners = new ArrayList<>();
  private final List<Consumer<DeviceClient>> builtListeners = new ArrayList<>();

  DeviceOptions(SessionSettings defaults) {
    super(defaults);
  }

  /**
   * Takes the hub's host, the parent's host, identity and credentials from a device connection
   * string.
   *
   * @param text as the hub's portal shows it
   * @return this
   * @throws IllegalArgumentException if it is not a device connection string; the message names the
   *     mistake and no secret
   */
  public B connectionString(String text) {
    ConnectionString parsed = ConnectionString.parse(text);
    hubHost = parsed.hostName();
    parentHost = parsed.gatewayHost().orElse(null);
    identity = parsed.identity();
    parsed.credentials().ifPresent(this::credentials);
    return self();
  }

  /**
   * Sets who connects.
   *
   * @param value the identity
   * @return this
   */
  public B identity(DeviceIdentity value) {
    identity = Objects.requireNonNull(value, "value");
    return self();
  }

  /**
   * Sets how the identity proves itself.
   *
   * @param value the credentials
   * @return this
   */
  public B credentials(Credentials value) {
    credentials = Objects.requireNonNull(value, "value");
    return self();
  }

  /**
   * Sets how much telemetry may wait.
   *
   * @param limits the limits; {@link OutboxLimits#defaults()} by default
   * @return this
   */
  public B outbox(OutboxLimits limits) {
    outbox = Objects.requireNonNull(limits, "limits");
    return self();
  }

  /**
   * Makes the outbox durable: messages are kept on the disk until the hub has acknowledged them,
   * and the next run of the process sends what this one left. Without a store, queued messages are
   * lost with the process. {@link #build()} opens the queue of the identity, which waits for the
   * disk.
   *
   * @param store one for all clients of the process; the application closes it after them
   * @return this
   */
  public B outboxStore(OutboxStore store) {
    outboxStore = Objects.requireNonNull(store, "store");
    return self();
  }

  /**
   * Receives what becomes of the messages of a durable outbox that have no future: those that an
   * earlier run left, and those passed to {@link DeviceClient#store}. Without a listener, failures
   * are logged.
   *
   * @param listener the listener
   * @return this
   */
  public B onStoredOutcome(StoredOutcomeListener listener) {
    storedOutcomes = Objects.requireNonNull(listener, "listener");
    return self();
  }

  /**
   * Limits how fast this device sends telemetry. What exceeds it waits in the outbox; that also
   * holds for the drain time of {@code close()}.
   *
   * @param limit the limit; there is none by default
   * @return this
   */
  public B rateLimit(RateLimit limit) {
    rate = Objects.requireNonNull(limit, "limit");
    return self();
  }

  /**
   * Lets at most one message be unacknowledged, so that the hub can never accept a later message
   * before an earlier one. Costs a round trip for each message.
   *
   * @return this
   */
  public B strictOrder() {
    strictOrder = true;
    return self();
  }

  /**
   * Names the Plug and Play model that the device follows.
   *
   * @param dtmi such as {@code dtmi:com:example:Thermostat;1}
   * @return this
   */
  public B modelId(String dtmi) {
    modelId = Objects.requireNonNull(dtmi, "dtmi");
    return self();
  }

  /**
   * Receives cloud-to-device messages.
   *
   * @param handler the handler
   * @return this
   */
  public B onCloudMessage(CloudMessageHandler handler) {
    cloudMessages = Objects.requireNonNull(handler, "handler");
    return self();
  }

  /**
   * Answers a direct method. A method without a handler is answered with status 501.
   *
   * @param name the method's name, exactly
   * @param handler the handler
   * @return this
   */
  public B onMethod(String name, MethodHandler handler) {
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
  public B onMethodAsync(String name, AsyncMethodHandler handler) {
    methods.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(handler, "handler"));
    return self();
  }

  /**
   * Answers every direct method that has no handler of its own, in place of status 501.
   *
   * @param handler the handler
   * @return this
   */
  public B onOtherMethods(AsyncMethodHandler handler) {
    otherMethods = Objects.requireNonNull(handler, "handler");
    return self();
  }

  /**
   * Sets how long a direct method may wait for its handler, behind slow ones or for a thread of the
   * executor. One that has waited longer is answered with status 504 and never executed, because
   * its caller has stopped waiting.
   *
   * @param limit positive; 30 s by default, which is the service's default for a caller
   * @return this
   */
  public B methodQueueTime(Duration limit) {
    methodQueueTime = positive("methodQueueTime", limit);
    return self();
  }

  /**
   * Receives the desired properties: all of them after the first connection, then each change.
   *
   * @param handler the handler
   * @return this
   */
  public B onDesiredProperties(DesiredPropertiesHandler handler) {
    desiredProperties = Objects.requireNonNull(handler, "handler");
    return self();
  }

  /**
   * Receives each change of the connection's state.
   *
   * @param listener the listener; several may be given
   * @return this
   */
  public B onConnectionState(ConnectionStateListener listener) {
    stateListeners.add(Objects.requireNonNull(listener, "listener"));
    return self();
  }

  /**
   * Receives each client that {@link #build()} makes, before its caller does: for code that hands
   * out builders and closes their clients in the end, such as a test fixture or a container.
   *
   * @param listener must not throw; several may be given
   * @return this
   */
  public B onBuilt(Consumer<DeviceClient> listener) {
    builtListeners.add(Objects.requireNonNull(listener, "listener"));
    return self();
  }

  /**
   * Plans the routes and builds the client. No I/O is done before {@link DeviceClient#open()},
   * except that of a durable outbox.
   *
   * @return the client
   * @throws IllegalStateException if the hub's host, identity or credentials are missing; behind a
   *     gateway also if that is closed, connects to another hub, or has a client of this identity
   *     already; the message says which
   * @throws dev.fairlead.policy.NoRouteException if no route is left; it names the facts in
   *     conflict
   * @throws OutboxStoreException if the durable outbox cannot be opened; the message says why
   */
  public DeviceClient build() {
    if (identity == null) {
      throw new IllegalStateException(
          "The device's identity is missing. Call connectionString(…) or identity(…).");
    }
    if (credentials == null) {
      throw new IllegalStateException(
          "The credentials of "
              + identity
              + " are missing. Use a connection string with a SharedAccessKey, or call credentials(…); with x509=true"
              + " these are the client certificate.");
    }
    DeviceClient client =
        built(
            new DeviceSettings(
                Optional.ofNullable(hubHost),
                Optional.ofNullable(parentHost),
                identity,
                credentials,
                session(),
                outbox,
                Optional.ofNullable(outboxStore),
                Optional.ofNullable(rate),
                strictOrder,
                Optional.ofNullable(modelId)),
            new Handlers(
                Optional.ofNullable(cloudMessages),
                Map.copyOf(methods),
                Optional.ofNullable(otherMethods),
                Optional.ofNullable(desiredProperties),
                List.copyOf(stateListeners),
                Optional.ofNullable(storedOutcomes),
                methodQueueTime));
    builtListeners.forEach(listener -> listener.accept(client));
    return client;
  }

  abstract DeviceClient built(DeviceSettings device, Handlers handlers);
}
