package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A client leaves no secret in any log at any level, and no thread. */
class NothingLeaksTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Queue<String> logged = new ConcurrentLinkedQueue<>();
  private final Logger root =
      ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(Logger.ROOT_LOGGER_NAME);
  private final java.util.logging.Logger julRoot = java.util.logging.Logger.getLogger("");
  private final Level levelBefore = root.getLevel();
  private final java.util.logging.Level julLevelBefore = julRoot.getLevel();

  private final AppenderBase<ILoggingEvent> everything =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          logged.add(event.getFormattedMessage());
          logged.add(Arrays.toString(event.getArgumentArray()));
          if (event.getThrowableProxy() != null) {
            logged.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
          }
        }
      };

  /** The MQTT library logs here. */
  private final Handler everythingOfJul =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          logged.add(event.getMessage() + Arrays.toString(event.getParameters()));
          if (event.getThrown() != null) {
            logged.add(event.getThrown().toString());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    everything.setContext(root.getLoggerContext());
    everything.start();
    root.addAppender(everything);
    root.setLevel(Level.TRACE);
    everythingOfJul.setLevel(java.util.logging.Level.ALL);
    julRoot.addHandler(everythingOfJul);
    julRoot.setLevel(java.util.logging.Level.ALL);
  }

  @AfterEach
  void stopListening() {
    julRoot.removeHandler(everythingOfJul);
    julRoot.setLevel(julLevelBefore);
    root.detachAppender(everything);
    root.setLevel(levelBefore);
  }

  @Test
  void noLogShowsTheKeyOrATokenAndNoThreadStays() {
    byte[] canary = "canary-device-key-of-32-bytes-!!".getBytes(StandardCharsets.US_ASCII);
    String key = Base64.getEncoder().encodeToString(canary);
    String deviceId = "leaky";
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice(deviceId, DeviceAuth.keys(key, key));
      DeviceClient client =
          DeviceClient.builder(device.connectionString())
              .policy(TransportPolicy.builder().only(Protocol.MQTT).build())
              .endpoint(
                  Protocol.MQTT,
                  new Endpoint(
                      "localhost", hub.mqttPort(), Trust.only(List.of(hub.caCertificate()))))
              .retry(RetryPolicy.eager())
              .onCloudMessage(message -> message.complete())
              .build();
      try (client) {
        client.blocking(SOON).open();
        client.blocking(SOON).send(TelemetryMessage.json("{}"));
        client.blocking(SOON).getTwin();
        List<Thread> idle = threadsOf(deviceId);
        System.out.println(
            idle.size() + " threads: " + idle.stream().map(Thread::getName).toList());
        assertThat(idle).isNotEmpty().allMatch(Thread::isDaemon);
        logged.add(client.state() + " " + client + " " + client.plan().explain());

        device.dropConnection();
        device.regenerateKeys(); // The client's key is refused from now on.
        Awaitility.await()
            .atMost(SOON)
            .until(() -> client.state() instanceof ConnectionState.Unauthorized);
        logged.add(client.state().toString() + client.state().cause());
      }
      Awaitility.await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(threadsOf(deviceId)).isEmpty());
    }
    assertThat(logged).as("logged at all levels").hasSizeGreaterThan(20);
    assertThat(logged)
        .noneMatch(line -> line.contains(key))
        .noneMatch(line -> line.contains(new String(canary, StandardCharsets.US_ASCII)))
        .noneMatch(line -> line.contains(HexFormat.of().formatHex(canary)))
        .noneMatch(line -> line.contains(Arrays.toString(canary)))
        .noneMatch(line -> line.matches("(?s).*\\bsig=[A-Za-z0-9%+/].*"));
  }

  private static List<Thread> threadsOf(String deviceId) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains(deviceId))
        .toList();
  }
}
