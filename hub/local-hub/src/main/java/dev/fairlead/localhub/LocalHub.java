package dev.fairlead.localhub;

import dev.fairlead.localhub.ServerCertificate.Given;
import dev.fairlead.localhub.ServerCertificate.Issued;
import dev.fairlead.localhub.amqp.AmqpFrontEnd;
import dev.fairlead.localhub.auth.Authenticator;
import dev.fairlead.localhub.auth.SharedAccessPolicy;
import dev.fairlead.localhub.auth.SharedAccessPolicy.Right;
import dev.fairlead.localhub.cloud.CloudQueue;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.core.Listener;
import dev.fairlead.localhub.core.LoopTime;
import dev.fairlead.localhub.fault.FaultPlan;
import dev.fairlead.localhub.https.HttpsFrontEnd;
import dev.fairlead.localhub.mqtt.MqttFrontEnd;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.registry.Registry;
import dev.fairlead.localhub.telemetry.TelemetryLog;
import dev.fairlead.localhub.tls.CertificateAuthority;
import dev.fairlead.localhub.tls.KeyedCertificate;
import dev.fairlead.localhub.tls.Pem;
import dev.fairlead.localhub.tls.ServerNames;
import dev.fairlead.localhub.tls.ServerTls;
import dev.fairlead.localhub.web.WebFrontEnd;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A hub in this JVM that device clients can connect to, with no cloud and no account.
 *
 * <pre>{@code
 * try (LocalHub hub = LocalHub.start()) {
 *   Device device = hub.createDevice("dev-1");
 *   // point a client at hub.mqttPort() with device.connectionString(), trusting hub.caCertificate()
 *   hub.telemetry().await(1, Duration.ofSeconds(10));
 * }
 * }</pre>
 *
 * <p>It speaks MQTT 3.1.1 and AMQP 1.0, over TLS and over WebSockets, and HTTPS. Safe for use by
 * several threads. Its threads are daemons named {@code local-hub-*}; methods that wait for these
 * threads ({@link #close}, {@link #goOffline}, {@link #goOnline}) must not be called on them: not
 * from a telemetry listener, and not from a stage that depends on a future of the hub.
 */
public final class LocalHub implements AutoCloseable {

  private final LocalHubOptions options;
  private final CertificateAuthority ca;
  private final Map<String, SharedAccessPolicy> policies;
  private final EventLoopGroup loops;
  private final HubCore core;
  private final HttpsFrontEnd https;
  private final ChannelGroup connections = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
  private final Map<HubPort, Listener> listeners = new EnumMap<>(HubPort.class);
  private @Nullable Path temporaryCaFile;
  private boolean closed;

  private LocalHub(LocalHubOptions options) throws IOException {
    this.options = options;
    Thread loader = new Thread(ServerTls::load, "local-hub-start");
    loader.setDaemon(true);
    loader.start();
    this.ca =
        options.stateDirectory().isPresent()
            ? CertificateAuthority.keptIn(options.stateDirectory().get())
            : CertificateAuthority.create();
    this.policies = newPolicies();
    this.loops =
        new NioEventLoopGroup(options.ioThreads(), new DefaultThreadFactory("local-hub-io", true));
    try {
      HubTime time = options.time().orElseGet(() -> new LoopTime(loops.next()));
      CloudQueue.Rules rules =
          new CloudQueue.Rules(
              options.maxDeliveryCount(),
              options.defaultTimeToLive(),
              options.undocumented().everyReturnCounts());
      Registry registry = new Registry(options.hostName(), time, rules);
      Authenticator authenticator =
          new Authenticator(
              options.hostName(),
              registry,
              policies,
              ca.certificate(),
              time,
              options.undocumented());
      TelemetryLog telemetry =
          new TelemetryLog(
              time, options.telemetryRetention(), options.telemetryFile().orElse(null));
      this.core = new HubCore(options, time, registry, authenticator, telemetry, new FaultPlan());
      SslContext tls = ServerTls.of(serverCertificate());
      MqttFrontEnd mqtt = new MqttFrontEnd(core);
      https = new HttpsFrontEnd(core);
      AmqpFrontEnd amqp = new AmqpFrontEnd(core);
      WebFrontEnd web = new WebFrontEnd(core, mqtt, amqp, https);
      listeners.put(
          HubPort.MQTT,
          new Listener(core, loops, tls, connections, options.mqttPort(), mqtt::install));
      listeners.put(
          HubPort.AMQP,
          new Listener(core, loops, tls, connections, options.amqpPort(), amqp::install));
      listeners.put(
          HubPort.HTTPS,
          new Listener(core, loops, tls, connections, options.httpsPort(), web::install));
      for (Listener listener : listeners.values()) {
        listener.listen();
      }
    } catch (IOException | RuntimeException e) {
      listeners.values().forEach(Listener::stop);
      stopThreads();
      throw e;
    }
  }

  /** Starts a hub on 127.0.0.1 and a free port. */
  public static LocalHub start() {
    return start(LocalHubOptions.defaults());
  }

  /**
   * Starts a hub.
   *
   * @throws UncheckedIOException if a port is taken or a file cannot be used; the message names it
   */
  public static LocalHub start(LocalHubOptions options) {
    try {
      return new LocalHub(options);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private KeyedCertificate serverCertificate() {
    ServerCertificate wanted = options.serverCertificate();
    if (wanted instanceof Given given) {
      return new KeyedCertificate(given.chain(), given.key());
    }
    return ca.issueServer(List.copyOf(ServerNames.of(options)), ((Issued) wanted).flaw());
  }

  /** The policies that a new hub has, with random keys. */
  private static Map<String, SharedAccessPolicy> newPolicies() {
    Map<String, SharedAccessPolicy> policies = new LinkedHashMap<>();
    addPolicy(policies, "iothubowner", EnumSet.allOf(Right.class));
    addPolicy(policies, "service", EnumSet.of(Right.SERVICE_CONNECT));
    addPolicy(policies, "device", EnumSet.of(Right.DEVICE_CONNECT));
    addPolicy(policies, "registryRead", EnumSet.of(Right.REGISTRY_READ));
    addPolicy(policies, "registryReadWrite", EnumSet.of(Right.REGISTRY_READ, Right.REGISTRY_WRITE));
    return policies;
  }

  private static void addPolicy(
      Map<String, SharedAccessPolicy> policies, String name, Set<Right> rights) {
    DeviceAuth.SymmetricKeys keys = (DeviceAuth.SymmetricKeys) DeviceAuth.randomKeys();
    policies.put(name, new SharedAccessPolicy(name, keys.primary(), Set.copyOf(rights)));
  }

  // --- addresses

  /** The host name in connection strings, user names and token scopes. */
  public String hostName() {
    return options.hostName();
  }

  /** The port of MQTT over TLS; it stays the same while the hub is offline. */
  public int mqttPort() {
    return listener(HubPort.MQTT).port();
  }

  /** The port of AMQP over TLS; it stays the same while the hub is offline. */
  public int amqpPort() {
    return listener(HubPort.AMQP).port();
  }

  /**
   * The port of HTTPS, and of WebSockets at {@code /$iothub/websocket}: MQTT with the sub-protocol
   * {@code mqtt}, AMQP with {@code AMQPWSB10}. It stays the same while the hub is offline.
   */
  public int httpsPort() {
    return listener(HubPort.HTTPS).port();
  }

  private Listener listener(HubPort port) {
    return Objects.requireNonNull(listeners.get(port), "every port has a listener");
  }

  /** The certificate of the hub's CA, which clients must trust. */
  public X509Certificate caCertificate() {
    return ca.certificate();
  }

  /** The certificate of the hub's CA as PEM text. */
  public String caPem() {
    return Pem.certificates(List.of(ca.certificate()));
  }

  /**
   * A PEM file with the certificate of the hub's CA: in the state directory, else a temporary file
   * that is deleted with the hub.
   */
  public synchronized Path caFile() {
    try {
      if (options.stateDirectory().isPresent()) {
        return options.stateDirectory().get().resolve("ca.pem");
      }
      Path file = temporaryCaFile;
      if (file == null) {
        file = Files.createTempFile("local-hub-ca", ".pem");
        file.toFile().deleteOnExit();
        Files.writeString(file, caPem());
        temporaryCaFile = file;
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException("The CA file cannot be written: " + e.getMessage(), e);
    }
  }

  // --- devices

  /** Creates a device with random keys; code 409001 if it exists. */
  public Device createDevice(String deviceId) {
    return createDevice(deviceId, DeviceAuth.randomKeys());
  }

  /** Creates a device; code 409001 if it exists. */
  public Device createDevice(String deviceId, DeviceAuth auth) {
    return core.registry().create(IdentityId.ofDevice(deviceId), auth);
  }

  /** A device; empty if it does not exist. */
  public Optional<Device> device(String deviceId) {
    return core.registry().find(IdentityId.ofDevice(deviceId)).map(Device.class::cast);
  }

  /** A module; empty if it does not exist. */
  public Optional<Device> module(String deviceId, String moduleId) {
    return core.registry().find(new IdentityId(deviceId, moduleId)).map(Device.class::cast);
  }

  /**
   * Deletes a device with its modules and cuts their connections; does nothing if it does not
   * exist.
   */
  public void deleteDevice(String deviceId) {
    core.registry().delete(IdentityId.ofDevice(deviceId));
  }

  /** Deletes a module and cuts its connection; does nothing if it does not exist. */
  public void deleteModule(String deviceId, String moduleId) {
    core.registry().delete(new IdentityId(deviceId, moduleId));
  }

  /**
   * The key of a hub policy, base64, for tokens with {@code skn}. The policies are those of a new
   * hub: {@code iothubowner, service, device, registryRead, registryReadWrite}.
   *
   * @throws IllegalArgumentException if there is no such policy
   */
  public String policyKey(String policyName) {
    SharedAccessPolicy policy = policies.get(policyName);
    if (policy == null) {
      throw new IllegalArgumentException(
          "The hub has no policy '" + policyName + "'; it has " + policies.keySet() + ".");
    }
    return policy.key();
  }

  /**
   * A client certificate signed by the hub's CA, for {@link DeviceAuth#signedByCa} or {@link
   * DeviceAuth#thumbprintOf}.
   */
  public ClientIdentity issueClientCertificate(String commonName) {
    return clientIdentity(ca.issueClient(commonName, false));
  }

  /** A client certificate signed by itself, for {@link DeviceAuth#thumbprintOf}. */
  public ClientIdentity selfSignedClientCertificate(String commonName) {
    return clientIdentity(ca.issueClient(commonName, true));
  }

  private static ClientIdentity clientIdentity(KeyedCertificate issued) {
    return new ClientIdentity(
        issued.chain(),
        issued.key(),
        Pem.certificates(issued.chain()),
        Pem.privateKey(issued.key()));
  }

  // --- records and faults

  /** The telemetry that the hub has received. */
  public Telemetry telemetry() {
    return core.telemetry();
  }

  /** The requests that arrived over HTTPS. */
  public HttpsTraffic https() {
    return https.traffic();
  }

  /** The files that devices have uploaded. */
  public Uploads uploads() {
    return https.uploads();
  }

  /** The faults of this hub. */
  public Faults faults() {
    return core.faults();
  }

  /** Stops listening and cuts every connection; all state is kept. Returns when all are closed. */
  public void goOffline() {
    listeners.values().forEach(Listener::stop);
  }

  /**
   * Stops listening on one port and cuts its connections; the other ports are unaffected. Returns
   * when its connections are closed.
   */
  public void goOffline(HubPort port) {
    listener(port).stop();
  }

  /**
   * Listens again, on all ports, with the same numbers.
   *
   * @throws UncheckedIOException if another process has taken a port; other ports may be online
   *     then
   */
  public void goOnline() {
    for (HubPort port : HubPort.values()) {
      goOnline(port);
    }
  }

  /**
   * Listens again on one port, with the same number.
   *
   * @throws UncheckedIOException if another process has taken the port
   */
  public void goOnline(HubPort port) {
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("The hub is closed. Start another one.");
      }
    }
    try {
      listener(port).listen();
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /** Whether the hub listens on all its ports. */
  public boolean isOnline() {
    return listeners.values().stream().allMatch(Listener::isListening);
  }

  /** Whether the hub listens on this port. */
  public boolean isOnline(HubPort port) {
    return listener(port).isListening();
  }

  /** Cuts every connection; new ones are accepted. */
  @SuppressWarnings("FutureReturnValueIgnored")
  public void dropConnections() {
    connections.close();
  }

  /** How many TCP connections there are on all ports, authenticated or not. */
  public int connectionCount() {
    return connections.size();
  }

  /** The hub's state as one line of JSON: no secrets, no device names. */
  public String healthSummary() {
    return "{\"status\":\""
        + (isOnline() ? "online" : "offline")
        + "\",\"mqttPort\":"
        + mqttPort()
        + ",\"amqpPort\":"
        + amqpPort()
        + ",\"httpsPort\":"
        + httpsPort()
        + ",\"connections\":"
        + connectionCount()
        + ",\"identities\":"
        + core.registry().size()
        + ",\"connectedIdentities\":"
        + core.registry().all().stream().filter(Device::isConnected).count()
        + ",\"telemetryReceived\":"
        + core.telemetry().total()
        + "}";
  }

  /**
   * Ends all connections, threads and timers and frees the ports. Returns when that is done; a
   * second call does nothing.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    goOffline();
    stopThreads();
    try {
      core.telemetry().close();
      if (temporaryCaFile != null) {
        Files.deleteIfExists(temporaryCaFile);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The hub is closed, but a file could not be closed or deleted: " + e.getMessage(), e);
    }
  }

  private void stopThreads() {
    Future<?> stopped = loops.shutdownGracefully(0, 5, TimeUnit.SECONDS);
    stopped.awaitUninterruptibly();
  }

  @Override
  public String toString() {
    return "LocalHub["
        + hostName()
        + ", MQTT port "
        + mqttPort()
        + ", AMQP port "
        + amqpPort()
        + ", HTTPS port "
        + httpsPort()
        + "]";
  }
}
