package dev.fairlead.benchmarks;

import dev.fairlead.Trust;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.ConnectionString;
import dev.fairlead.auth.SasToken;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.eclipse.paho.client.mqttv3.IMqttActionListener;
import org.eclipse.paho.client.mqttv3.IMqttToken;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/**
 * Telemetry through Paho alone: no outbox, no order across sessions, no reconnect. The baseline.
 */
final class BarePaho implements TelemetryPeer {
  /** Fairlead's window. */
  private static final int WINDOW = 256;

  private final MqttAsyncClient client;
  private final String topic;
  private final Semaphore window = new Semaphore(WINDOW);

  BarePaho(String connectionString, int port, Path caFile) throws Exception {
    ConnectionString parsed = ConnectionString.parse(connectionString);
    String device = parsed.identity().deviceId();
    topic = "devices/" + device + "/messages/events/";
    client = new MqttAsyncClient("ssl://localhost:" + port, device, new MemoryPersistence());
    MqttConnectOptions options = new MqttConnectOptions();
    options.setCleanSession(false);
    options.setMaxInflight(WINDOW);
    options.setUserName(parsed.hostName() + "/" + device + "/?api-version=2021-04-12");
    options.setPassword(token(connectionString, parsed).toCharArray());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    KeyStore anchors = Trust.pem(caFile).keyStore().orElseThrow();
    trust.init(anchors);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    options.setSocketFactory(tls.getSocketFactory());
    client.connect(options).waitForCompletion(30_000);
  }

  private static String token(String connectionString, ConnectionString parsed) {
    String key = connectionString.substring(connectionString.indexOf("SharedAccessKey=") + 16);
    return SasToken.sign(
            new Audience(parsed.hostName(), parsed.identity()),
            Optional.empty(),
            Instant.now().plus(Duration.ofHours(1)),
            dev.fairlead.Secret.of(key))
        .text()
        .reveal();
  }

  @Override
  public void send(int count, byte[] body) throws Exception {
    IMqttActionListener acknowledged =
        new IMqttActionListener() {
          @Override
          public void onSuccess(IMqttToken token) {
            window.release();
          }

          @Override
          public void onFailure(IMqttToken token, Throwable failure) {
            throw new IllegalStateException("A message was lost", failure);
          }
        };
    for (int i = 0; i < count; i++) {
      window.acquire();
      client.publish(topic, body, 1, false, null, acknowledged);
    }
    window.acquire(WINDOW);
    window.release(WINDOW);
  }

  @Override
  public void close() {
    try {
      client.disconnect().waitForCompletion(5_000);
      client.close();
    } catch (MqttException e) {
      throw new IllegalStateException("Paho did not close", e);
    }
  }
}
