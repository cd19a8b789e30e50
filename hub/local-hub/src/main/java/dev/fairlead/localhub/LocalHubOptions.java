package dev.fairlead.localhub;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The options of a local hub. Immutable: each method with an argument returns a changed copy, each
 * method without returns the value.
 *
 * <pre>{@code
 * LocalHub.start(LocalHubOptions.defaults().hostName("hub.example.net").mqttPort(8883))
 * }</pre>
 */
public final class LocalHubOptions {

  private static final LocalHubOptions DEFAULTS = new LocalHubOptions();

  private String hostName = "localhost";
  private InetAddress bindAddress = InetAddress.getLoopbackAddress();
  private int mqttPort;
  private int amqpPort;
  private int httpsPort;
  private List<String> extraServerNames = List.of();
  private ServerCertificate serverCertificate = ServerCertificate.good();
  private @Nullable Path stateDirectory;
  private @Nullable Path telemetryFile;
  private int telemetryRetention = 100_000;
  private @Nullable HubTime time;
  private UndocumentedBehavior undocumented = UndocumentedBehavior.defaults();
  private boolean faultMessages = true;
  private int maxConnections = 10_000;
  private Duration idleBeforeConnect = Duration.ofSeconds(60);
  private int ioThreads = 2;
  private int amqpIdentities = 1000;
  private int amqpWebSocketIdentities = 500;
  private Duration amqpIdleTimeout = Duration.ofMinutes(4);
  private int maxDeliveryCount = 10;
  private Duration defaultTimeToLive = Duration.ofHours(1);
  private int cloudReceivesPerMinute = 1000;
  private Duration uploadLifetime = Duration.ofHours(1);
  private int uploadCapacity = 64 * 1024 * 1024;
  private @Nullable String storageHostName;

  private LocalHubOptions() {}

  /** Loopback, ephemeral ports, host name {@code localhost}, real time. */
  public static LocalHubOptions defaults() {
    return DEFAULTS;
  }

  private LocalHubOptions copy() {
    LocalHubOptions copy = new LocalHubOptions();
    copy.hostName = hostName;
    copy.bindAddress = bindAddress;
    copy.mqttPort = mqttPort;
    copy.amqpPort = amqpPort;
    copy.httpsPort = httpsPort;
    copy.extraServerNames = extraServerNames;
    copy.serverCertificate = serverCertificate;
    copy.stateDirectory = stateDirectory;
    copy.telemetryFile = telemetryFile;
    copy.telemetryRetention = telemetryRetention;
    copy.time = time;
    copy.undocumented = undocumented;
    copy.faultMessages = faultMessages;
    copy.maxConnections = maxConnections;
    copy.idleBeforeConnect = idleBeforeConnect;
    copy.ioThreads = ioThreads;
    copy.amqpIdentities = amqpIdentities;
    copy.amqpWebSocketIdentities = amqpWebSocketIdentities;
    copy.amqpIdleTimeout = amqpIdleTimeout;
    copy.maxDeliveryCount = maxDeliveryCount;
    copy.defaultTimeToLive = defaultTimeToLive;
    copy.cloudReceivesPerMinute = cloudReceivesPerMinute;
    copy.uploadLifetime = uploadLifetime;
    copy.uploadCapacity = uploadCapacity;
    copy.storageHostName = storageHostName;
    return copy;
  }

  /**
   * The hub's host name in connection strings, user names and token scopes. Some clients require a
   * dot in it.
   */
  public LocalHubOptions hostName(String name) {
    if (name.isBlank() || name.contains("/") || name.contains(";")) {
      throw new IllegalArgumentException("'" + name + "' is not a host name.");
    }
    LocalHubOptions copy = copy();
    copy.hostName = name;
    return copy;
  }

  /** The hub's host name. Default {@code localhost}. */
  public String hostName() {
    return hostName;
  }

  /**
   * The address to listen on; another loopback address lets several hubs use the same fixed ports.
   */
  public LocalHubOptions bindAddress(InetAddress address) {
    LocalHubOptions copy = copy();
    copy.bindAddress = address;
    return copy;
  }

  /** The address to listen on. Default 127.0.0.1. */
  public InetAddress bindAddress() {
    return bindAddress;
  }

  /** The port for MQTT over TLS, 0 to 65535; 0 takes a free one. */
  public LocalHubOptions mqttPort(int port) {
    LocalHubOptions copy = copy();
    copy.mqttPort = inRange(port);
    return copy;
  }

  /** The port for MQTT over TLS. Default 0: a free one. */
  public int mqttPort() {
    return mqttPort;
  }

  /** The port for AMQP over TLS, 0 to 65535; 0 takes a free one. */
  public LocalHubOptions amqpPort(int port) {
    LocalHubOptions copy = copy();
    copy.amqpPort = inRange(port);
    return copy;
  }

  /** The port for AMQP over TLS. Default 0: a free one. */
  public int amqpPort() {
    return amqpPort;
  }

  /** The port for HTTPS and what runs over WebSockets, 0 to 65535; 0 takes a free one. */
  public LocalHubOptions httpsPort(int port) {
    LocalHubOptions copy = copy();
    copy.httpsPort = inRange(port);
    return copy;
  }

  /** The port for HTTPS and what runs over WebSockets. Default 0: a free one. */
  public int httpsPort() {
    return httpsPort;
  }

  private static int inRange(int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("The port " + port + " is outside 0 to 65535.");
    }
    return port;
  }

  /**
   * More names or addresses for the server certificate, besides the host name, localhost, 127.0.0.1
   * and ::1.
   */
  public LocalHubOptions extraServerNames(List<String> names) {
    LocalHubOptions copy = copy();
    copy.extraServerNames = List.copyOf(names);
    return copy;
  }

  /** More names for the server certificate. Default none. */
  public List<String> extraServerNames() {
    return extraServerNames;
  }

  /** The server certificate. */
  public LocalHubOptions serverCertificate(ServerCertificate certificate) {
    LocalHubOptions copy = copy();
    copy.serverCertificate = certificate;
    return copy;
  }

  /** The server certificate. Default a good one. */
  public ServerCertificate serverCertificate() {
    return serverCertificate;
  }

  /**
   * A directory for the CA, so that clients may trust it across restarts. Its key is readable by
   * the owner only.
   */
  public LocalHubOptions stateDirectory(Path directory) {
    LocalHubOptions copy = copy();
    copy.stateDirectory = directory;
    return copy;
  }

  /** The state directory. Default none: each hub creates a new CA. */
  public Optional<Path> stateDirectory() {
    return Optional.ofNullable(stateDirectory);
  }

  /**
   * A file to which each telemetry message is appended as one line of JSON before it is
   * acknowledged. Its content survives a crash of the process, but not of the machine (it is
   * written, not forced to disk). Sequence numbers continue from its last line.
   */
  public LocalHubOptions telemetryFile(Path file) {
    LocalHubOptions copy = copy();
    copy.telemetryFile = file;
    return copy;
  }

  /** The telemetry file. Default none. */
  public Optional<Path> telemetryFile() {
    return Optional.ofNullable(telemetryFile);
  }

  /** How many telemetry records stay in memory, at least 1. */
  public LocalHubOptions telemetryRetention(int records) {
    LocalHubOptions copy = copy();
    copy.telemetryRetention = atLeastOne(records, "telemetryRetention");
    return copy;
  }

  /** How many telemetry records stay in memory. Default 100,000. */
  public int telemetryRetention() {
    return telemetryRetention;
  }

  /** The hub's clock. */
  public LocalHubOptions time(HubTime clock) {
    LocalHubOptions copy = copy();
    copy.time = clock;
    return copy;
  }

  /** The hub's clock. Default none: real time. */
  public Optional<HubTime> time() {
    return Optional.ofNullable(time);
  }

  /** How the hub behaves where the documentation leaves it open. */
  public LocalHubOptions undocumented(UndocumentedBehavior points) {
    LocalHubOptions copy = copy();
    copy.undocumented = points;
    return copy;
  }

  /**
   * How the hub behaves where the documentation leaves it open. Default {@link
   * UndocumentedBehavior#defaults}.
   */
  public UndocumentedBehavior undocumented() {
    return undocumented;
  }

  /**
   * Whether telemetry with the property {@code AzIoTHub_FaultOperationType} injects a fault, as SDK
   * tests do.
   */
  public LocalHubOptions faultMessages(boolean obeyed) {
    LocalHubOptions copy = copy();
    copy.faultMessages = obeyed;
    return copy;
  }

  /** Whether fault messages are obeyed. Default true. */
  public boolean faultMessages() {
    return faultMessages;
  }

  /**
   * The maximum number of simultaneous connections, at least 1; any further one is closed when it
   * is accepted.
   */
  public LocalHubOptions maxConnections(int connections) {
    LocalHubOptions copy = copy();
    copy.maxConnections = atLeastOne(connections, "maxConnections");
    return copy;
  }

  /** The maximum number of simultaneous connections. Default 10,000. */
  public int maxConnections() {
    return maxConnections;
  }

  /**
   * How long, in real time, a client may take from the TCP connect to CONNECT. On the HTTPS port
   * the limit applies to the upgrade, then again to CONNECT; without an upgrade it applies from
   * byte to byte, also between requests.
   */
  public LocalHubOptions idleBeforeConnect(Duration time) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException(
          "The time to send CONNECT must be more than zero, not " + time + ".");
    }
    LocalHubOptions copy = copy();
    copy.idleBeforeConnect = time;
    return copy;
  }

  /** How long a client may take to send CONNECT. Default 60 s. */
  public Duration idleBeforeConnect() {
    return idleBeforeConnect;
  }

  /** How many threads serve connections, at least 1. */
  public LocalHubOptions ioThreads(int threads) {
    LocalHubOptions copy = copy();
    copy.ioThreads = atLeastOne(threads, "ioThreads");
    return copy;
  }

  /** How many threads serve connections. Default 2. */
  public int ioThreads() {
    return ioThreads;
  }

  /** How many identities one AMQP connection may carry, at least 1. */
  public LocalHubOptions amqpIdentities(int identities) {
    LocalHubOptions copy = copy();
    copy.amqpIdentities = atLeastOne(identities, "amqpIdentities");
    return copy;
  }

  /** How many identities one AMQP connection may carry. Default 1000. */
  public int amqpIdentities() {
    return amqpIdentities;
  }

  /** How many identities one AMQP connection over WebSockets may carry, at least 1. */
  public LocalHubOptions amqpWebSocketIdentities(int identities) {
    LocalHubOptions copy = copy();
    copy.amqpWebSocketIdentities = atLeastOne(identities, "amqpWebSocketIdentities");
    return copy;
  }

  /** How many identities one AMQP connection over WebSockets may carry. Default 500. */
  public int amqpWebSocketIdentities() {
    return amqpWebSocketIdentities;
  }

  /**
   * How long, in real time, an AMQP connection may be silent, as the hub announces it; at least one
   * millisecond.
   */
  public LocalHubOptions amqpIdleTimeout(Duration time) {
    if (time.toMillis() < 1) {
      throw new IllegalArgumentException(
          "The AMQP idle time-out must be at least 1 ms, not " + time + ".");
    }
    LocalHubOptions copy = copy();
    copy.amqpIdleTimeout = time;
    return copy;
  }

  /** How long an AMQP connection may be silent. Default four minutes. */
  public Duration amqpIdleTimeout() {
    return amqpIdleTimeout;
  }

  /** How often a C2D message may return to the queue before it is dead-lettered, 1 to 100. */
  public LocalHubOptions maxDeliveryCount(int count) {
    if (count < 1 || count > 100) {
      throw new IllegalArgumentException(
          "The maximum delivery count " + count + " is outside 1 to 100.");
    }
    LocalHubOptions copy = copy();
    copy.maxDeliveryCount = count;
    return copy;
  }

  /** The maximum delivery count. Default 10. */
  public int maxDeliveryCount() {
    return maxDeliveryCount;
  }

  /** The time to live of C2D messages that set none, one minute to two days. */
  public LocalHubOptions defaultTimeToLive(Duration time) {
    if (time.compareTo(Duration.ofMinutes(1)) < 0 || time.compareTo(Duration.ofDays(2)) > 0) {
      throw new IllegalArgumentException(
          "The default time to live " + time + " is outside one minute to two days.");
    }
    LocalHubOptions copy = copy();
    copy.defaultTimeToLive = time;
    return copy;
  }

  /** The default time to live. Default one hour. */
  public Duration defaultTimeToLive() {
    return defaultTimeToLive;
  }

  /**
   * How many C2D receives over HTTPS the hub allows in a minute, all devices together; 0 for no
   * limit. Receives above the limit are answered with 429 and {@code Retry-After}. The count
   * follows the hub's clock.
   */
  public LocalHubOptions cloudReceivesPerMinute(int receives) {
    if (receives < 0) {
      throw new IllegalArgumentException(
          "cloudReceivesPerMinute must be 0 or more, not " + receives + ".");
    }
    LocalHubOptions copy = copy();
    copy.cloudReceivesPerMinute = receives;
    return copy;
  }

  /**
   * How many C2D receives a minute are allowed. Default 1000, as with one unit of the standard tier
   * (page "IoT Hub quotas and throttling").
   */
  public int cloudReceivesPerMinute() {
    return cloudReceivesPerMinute;
  }

  /** How long a device may take for an upload, more than zero up to 24 hours. */
  public LocalHubOptions uploadLifetime(Duration time) {
    if (time.isNegative() || time.isZero() || time.compareTo(Duration.ofHours(24)) > 0) {
      throw new IllegalArgumentException(
          "The upload lifetime " + time + " is outside zero to 24 hours.");
    }
    LocalHubOptions copy = copy();
    copy.uploadLifetime = time;
    return copy;
  }

  /** How long a device may take for an upload. Default one hour. */
  public Duration uploadLifetime() {
    return uploadLifetime;
  }

  /** How many bytes of uploads the hub keeps, all in memory, at least 1; more are refused. */
  public LocalHubOptions uploadCapacity(int bytes) {
    LocalHubOptions copy = copy();
    copy.uploadCapacity = atLeastOne(bytes, "uploadCapacity");
    return copy;
  }

  /** How many bytes of uploads the hub keeps. Default 64 MiB. */
  public int uploadCapacity() {
    return uploadCapacity;
  }

  /**
   * The host that the hub names to devices for uploads; with {@code :port} if its port is not the
   * hub's HTTPS port. Clients must reach the hub under this name, and the certificate must be valid
   * for it: see {@link #extraServerNames(List)}.
   */
  public LocalHubOptions storageHostName(String name) {
    LocalHubOptions copy = copy();
    copy.storageHostName = name;
    return copy;
  }

  /**
   * The host that the hub names to devices for uploads. Default none: {@code localhost}, or the
   * address the hub listens on if that is another than 127.0.0.1.
   */
  public Optional<String> storageHostName() {
    return Optional.ofNullable(storageHostName);
  }

  private static int atLeastOne(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, not " + value + ".");
    }
    return value;
  }
}
