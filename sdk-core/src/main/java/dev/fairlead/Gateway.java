package dev.fairlead;

import dev.fairlead.policy.TransportPlan;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Many devices over few connections: each device is a {@link DeviceClient} with credentials,
 * outbox, twin, handlers and futures of its own, and can be opened and closed while the others
 * work.
 *
 * <pre>{@code
 * try (Gateway gateway = Gateway.builder().policy(TransportPolicy.gateway(200)).build()) {
 *   DeviceClient boiler = gateway.device(connectionString).onMethod("restart", …).build();
 *   boiler.open();
 *   …
 *   boiler.close(); // leaves; the connection stays
 * }
 * }</pre>
 *
 * <p><b>Connections.</b> On a transport that carries several identities, devices share connections:
 * as many as they need at the transport's limit (1000 devices on AMQP, 500 over WebSockets, or what
 * {@link dev.fairlead.policy.TransportPolicy.Builder#multiplexLimits} says), evenly loaded. An
 * unused connection is closed after 30 s. When a connection is lost, each of its devices reconnects
 * by its own {@link RetryPolicy}, so they are spread over time; when one device is refused or loses
 * its link, only that device is affected. One connection of a route is opened at a time, however
 * many devices wait for it.
 *
 * <p><b>One connection for each device.</b> A policy of several identities without {@code
 * sharedConnection(true)} also admits transports that carry one identity, and devices with
 * certificates, which are tied to their TLS connection: each of these has a connection of its own,
 * and {@link DeviceClient#plan()} shows what that costs. Where sharing is required, both are
 * refused when the device is built.
 *
 * <p><b>Threads.</b> All devices share one loop and one thread that completes futures; handlers run
 * on the gateway's executor, or else on at most 8 threads. Code attached to a future of any device
 * must not block: it delays the futures of all devices for a second, and then they complete on
 * another thread. Waiting there for a future of any device of the gateway fails with {@link
 * IllegalStateException}. Where handlers block for long, give an {@linkplain
 * GatewayBuilder#executor executor} with enough threads. Every method may be called from any
 * thread.
 */
public interface Gateway extends AutoCloseable {
  /**
   * Starts building a gateway.
   *
   * @return an empty builder
   */
  static GatewayBuilder builder() {
    return new GatewayBuilder();
  }

  /**
   * Starts building a device behind this gateway. The device is part of the gateway from {@link
   * GatewayDeviceBuilder#build()} until it is closed; it is attached while it is open. All devices
   * of a gateway are registered at one hub.
   *
   * @return a builder that lacks identity and credentials
   */
  GatewayDeviceBuilder device();

  /**
   * Starts building a device behind this gateway from its connection string.
   *
   * @param connectionString as the hub's portal shows it; its host must be this gateway's
   * @return a builder that holds identity and credentials
   * @throws IllegalArgumentException if the text is not a device connection string; the message
   *     names the mistake
   */
  GatewayDeviceBuilder device(String connectionString);

  /**
   * How many devices and connections there are, and in which state.
   *
   * @return the counts, now
   */
  GatewayStatus status();

  /**
   * The routes in the order in which a device with a shared access key and without handlers would
   * try them now, for as many identities as the policy says, or as there are if they are more.
   * {@link DeviceClient#plan()} is the plan of one device.
   *
   * @return the plan
   */
  TransportPlan plan();

  /**
   * Waits until the gateway is closed: for a {@code main} that has nothing else to do.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   */
  void awaitClosed() throws InterruptedException;

  /**
   * Closes every device as by {@link DeviceClient#close(Duration)}, all at the same time, then the
   * connections, then stops every thread. From now on no device can be built. Called again with
   * less time left it ends sooner.
   *
   * @param drain how long each device goes on sending; zero to stop immediately
   * @return completes when everything has stopped; a separate future for each call
   */
  CompletableFuture<Void> close(Duration drain);

  /**
   * Closes the gateway with the builder's drain time, and waits for it: at most that time and 30 s
   * more, even if code that the gateway has called does not return. Does not wait where it is
   * called in the continuation of a future of a device.
   */
  @Override
  void close();
}
