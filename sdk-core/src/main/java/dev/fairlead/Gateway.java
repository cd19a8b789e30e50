package dev.fairlead;

import dev.fairlead.policy.TransportPlan;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Many devices over few connections: each device is a {@link DeviceClient} with credentials,
 * outbox, twin, handlers and futures of its own, and comes and goes while the others work.
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
 * <p><b>Connections.</b> On a wire that carries several identities, devices share connections: as
 * many as they need at the limit of the wire (1000 devices on AMQP, 500 over WebSockets, or what
 * {@link dev.fairlead.policy.TransportPolicy.Builder#multiplexLimits} says), evenly loaded. A
 * connection that nobody uses is closed after 30 s. When a connection is lost, each of its devices
 * comes back by its own {@link RetryPolicy}, and so spread; when one device is refused or loses its
 * link, only that one is concerned. One connection of a route is opened at a time, whoever waits
 * for it.
 *
 * <p><b>One connection for each device.</b> A policy of several identities without {@code
 * sharedConnection(true)} also admits wires that carry one identity, and devices with certificates,
 * which belong to their TLS connection: each of these has a connection of its own, and {@link
 * DeviceClient#plan()} tells what that costs. Where sharing is required, both are refused when the
 * device is built.
 *
 * <p><b>Threads.</b> All devices share one loop and one thread that completes futures; handlers run
 * on the gateway's executor, or else on at most 8 threads. Code attached to a future of any device
 * must not block: it holds up the futures of all for a second, and then they complete on another
 * thread. Waiting there for a future of any device of the gateway fails with {@link
 * IllegalStateException}. Where handlers block for long, give an {@linkplain
 * GatewayBuilder#executor executor} with threads enough. Every method may be called from any
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
   * Starts building a device behind this gateway. The device belongs to the gateway from {@link
   * GatewayDeviceBuilder#build()} until it is closed; it is attached while it is open. All devices
   * of a gateway belong to one hub.
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
   * How things stand with all devices and connections.
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
   * @param drain how long each device goes on sending; zero to stop at once
   * @return completes when all is down; a future of its own for each call
   */
  CompletableFuture<Void> close(Duration drain);

  /**
   * Closes the gateway with the builder's drain time, and waits for it: at most that time and 30 s
   * more, whatever the code does that the gateway has called. Does not wait where it is called in
   * the continuation of a future of a device.
   */
  @Override
  void close();
}
