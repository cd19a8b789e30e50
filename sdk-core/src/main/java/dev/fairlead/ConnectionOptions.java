package dev.fairlead;

import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.TransportProvider;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * How the hub is reached, and where code runs: what a {@link DeviceClient} sets for itself and a
 * {@link Gateway} for all of its devices.
 *
 * @param <B> the builder
 */
public sealed interface ConnectionOptions<B extends ConnectionOptions<B>>
    permits DeviceClientBuilder, GatewayBuilder {
  /**
   * Sets the hub's host name.
   *
   * @param name such as {@code name.azure-devices.net}; by default that of the connection string,
   *     for a gateway that of its first device
   * @return this
   */
  default B host(String name) {
    Objects.requireNonNull(name, "name");
    return ConnectionFields.set(this, fields -> fields.hubHost = name);
  }

  /**
   * Sets a parent (an IoT Edge gateway) to dial in place of the hub. The hub's name still goes into
   * user names and tokens.
   *
   * @param name the parent's host name; by default the {@code GatewayHostName} of the connection
   *     string, for a gateway that of its first device
   * @return this
   */
  default B parentHost(String name) {
    Objects.requireNonNull(name, "name");
    return ConnectionFields.set(this, fields -> fields.parentHost = name);
  }

  /**
   * Sets where the routes of one protocol dial, in place of the hub's (or parent's) name and the
   * documented port.
   *
   * @param protocol the protocol
   * @param endpoint host, port and trust
   * @return this
   */
  default B endpoint(Protocol protocol, Endpoint endpoint) {
    Objects.requireNonNull(protocol, "protocol");
    Objects.requireNonNull(endpoint, "endpoint");
    return ConnectionFields.set(this, fields -> fields.endpoints.put(protocol, endpoint));
  }

  /**
   * Sets which certificates the server may have, on every route without an endpoint of its own.
   *
   * @param trust the trust; the platform's by default
   * @return this
   */
  default B trust(Trust trust) {
    Objects.requireNonNull(trust, "trust");
    return ConnectionFields.set(this, fields -> fields.trust = trust);
  }

  /**
   * Sets the proxy that every connection goes through, to the hub or to an endpoint given here. An
   * HTTP proxy makes {@link TransportPolicy.Builder#proxyRequired} a fact of the policy: routes
   * that it does not let through are not tried.
   *
   * @param proxy the proxy; none by default
   * @return this
   */
  default B proxy(Proxy proxy) {
    Objects.requireNonNull(proxy, "proxy");
    return ConnectionFields.set(this, fields -> fields.proxy = proxy);
  }

  /**
   * Sets what the application wants of its transport and what its network allows.
   *
   * @param policy the policy; {@link TransportPolicy#singleDevice()} by default, for a gateway
   *     {@link TransportPolicy#gateway}
   * @return this
   */
  default B policy(TransportPolicy policy) {
    Objects.requireNonNull(policy, "policy");
    return ConnectionFields.set(this, fields -> fields.policy = policy);
  }

  /**
   * Adds a transport with options of its own. It takes precedence over one of the same routes that
   * is found on the class path or module path; only {@linkplain #policy the policy} leaves routes
   * out.
   *
   * @param transport the transport
   * @return this
   */
  default B transport(TransportProvider transport) {
    Objects.requireNonNull(transport, "transport");
    return ConnectionFields.set(this, fields -> fields.transports.add(transport));
  }

  /**
   * Adds the product's name to the client's user agent; the hub logs it.
   *
   * @param name such as {@code boiler-firmware/2.1}
   * @return this
   */
  default B product(String name) {
    Objects.requireNonNull(name, "name");
    return ConnectionFields.set(this, fields -> fields.product = name);
  }

  /**
   * Sets where handlers run; for handlers that block for long, or share state with the application.
   * The executor is called on a thread of the client; an executor that runs tasks on its caller's
   * thread runs them there. If the executor refuses, throws or drops a task, the client retries
   * until the task has run. One device never has more than four handlers running at a time.
   *
   * @param executor the executor, which is never shut down; by default daemon threads that end when
   *     idle, for a gateway at most 8
   * @return this
   */
  default B executor(Executor executor) {
    Objects.requireNonNull(executor, "executor");
    return ConnectionFields.set(this, fields -> fields.executor = executor);
  }

  /**
   * Sets whether the threads let the JVM exit.
   *
   * @param daemon true by default
   * @return this
   */
  default B daemonThreads(boolean daemon) {
    return ConnectionFields.set(this, fields -> fields.daemonThreads = daemon);
  }

  /**
   * Sets the source of the time; for tests.
   *
   * @param time the source; the system's by default
   * @return this
   */
  default B time(TimeSource time) {
    Objects.requireNonNull(time, "time");
    return ConnectionFields.set(this, fields -> fields.time = time);
  }
}
