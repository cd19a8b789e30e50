package dev.fairlead.integration;

import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Trust;
import dev.fairlead.amqp.AmqpOptions;
import dev.fairlead.amqp.AmqpTransport;
import dev.fairlead.https.HttpsOptions;
import dev.fairlead.https.HttpsTransport;
import dev.fairlead.https.PollSchedule;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.mqtt.MqttOptions;
import dev.fairlead.mqtt.MqttTransport;
import dev.fairlead.net.Dialer;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.TransportProvider;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** The transports that must pass the same tests; a new one needs one entry here. */
enum TransportUnderTest {
  MQTT(Protocol.MQTT, LocalHub::mqttPort, TransportUnderTest::mqtt),
  MQTT_WS(Protocol.MQTT_WS, LocalHub::httpsPort, TransportUnderTest::mqtt),
  AMQP(Protocol.AMQP, LocalHub::amqpPort, TransportUnderTest::amqp),
  AMQP_WS(Protocol.AMQP_WS, LocalHub::httpsPort, TransportUnderTest::amqp),
  HTTPS(Protocol.HTTPS, LocalHub::httpsPort, TransportUnderTest::https);

  /** With short time-outs, because the network is the loopback interface. */
  static final Dialer DIALER =
      new Dialer().connectTimeout(Duration.ofSeconds(1)).handshakeTimeout(Duration.ofSeconds(3));

  private final Protocol protocol;
  private final ToIntFunction<LocalHub> port;
  private final Function<Dialer, TransportProvider> transport;

  TransportUnderTest(
      Protocol protocol,
      ToIntFunction<LocalHub> port,
      Function<Dialer, TransportProvider> transport) {
    this.protocol = protocol;
    this.port = port;
    this.transport = transport;
  }

  private static TransportProvider mqtt(Dialer dialer) {
    Duration second = Duration.ofSeconds(1);
    return new MqttTransport(MqttOptions.builder().dialer(dialer).ping(second, second).build());
  }

  private static TransportProvider amqp(Dialer dialer) {
    Duration second = Duration.ofSeconds(1);
    return new AmqpTransport(AmqpOptions.builder().dialer(dialer).ping(second, second).build());
  }

  private static TransportProvider https(Dialer dialer) {
    return new HttpsTransport(
        HttpsOptions.builder()
            .dialer(dialer)
            .answerTimeout(Duration.ofSeconds(3))
            .polls(PollSchedule.development(Duration.ofSeconds(1)))
            .build());
  }

  Protocol protocol() {
    return protocol;
  }

  int port(LocalHub hub) {
    return port.applyAsInt(hub);
  }

  /** The endpoint of a hub for this transport. */
  Endpoint endpoint(LocalHub hub) {
    return endpoint(hub, port(hub));
  }

  /** The same, on another port of this machine. */
  static Endpoint endpoint(LocalHub hub, int port) {
    return new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate())));
  }

  TransportProvider transport(Dialer dialer) {
    return transport.apply(dialer);
  }

  /** A client with this transport only that retries soon. */
  DeviceClientBuilder builder(String connectionString, Endpoint endpoint) {
    return builder(connectionString, endpoint, DIALER);
  }

  /** The same, with its own way to reach hosts. */
  DeviceClientBuilder builder(String connectionString, Endpoint endpoint, Dialer dialer) {
    return DeviceClient.builder(connectionString)
        .policy(TransportPolicy.builder().only(protocol).developmentMode().build())
        .transport(transport(dialer))
        .endpoint(protocol, endpoint)
        .openTimeout(Duration.ofSeconds(5))
        .retry(RetryPolicy.eager());
  }
}
