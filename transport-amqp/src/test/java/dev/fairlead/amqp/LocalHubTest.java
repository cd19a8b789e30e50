package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Capability;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.Target;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ways to open that the contract does not take. */
@Timeout(60)
class LocalHubTest {
  private static final String HOST = "layers.hub.test";

  private final LocalHub hub = LocalHub.start(LocalHubOptions.defaults().hostName(HOST));
  private final ScriptedOutbox outbox = new ScriptedOutbox();
  private RecordingContext context;
  private TransportSession session;

  @AfterEach
  void nothingIsLeft() {
    if (session != null) {
      context.onLoop(session::abort);
    }
    await().pollInterval(Duration.ofMillis(2)).until(() -> ScriptedCase.threads() == 0);
    assertThat(context.serialLoop().thrown()).isEmpty();
    context.close();
    hub.close();
  }

  private Opening<TransportSession> opening(
      AmqpOptions options, Device device, String key, Feed... feeds) {
    Target target =
        new Target(
            HOST,
            DeviceIdentity.device(device.deviceId()),
            Secret.of(key),
            new Endpoint("localhost", hub.amqpPort(), Trust.only(List.of(hub.caCertificate()))));
    context = new RecordingContext(target, Set.of(feeds), outbox, false);
    AmqpTransport transport = new AmqpTransport(options);
    return transport.open(transport.offer().routes().get(0).route(), context);
  }

  private void assertTelemetryArrives(Opening<TransportSession> opening, String device)
      throws Exception {
    session = ScriptedCase.done(context.follow(opening));
    outbox.add(TelemetryMessage.of(new byte[] {1}));
    await().pollInterval(Duration.ofMillis(2)).until(() -> outbox.accepted().size() == 1);
    assertThat(hub.telemetry().receivedFrom(device)).hasSize(1);
  }

  @Test
  void opensOverAnonymousSasl() throws Exception {
    Device device = hub.createDevice("dev-a", DeviceAuth.randomKeys());
    AmqpOptions options = AmqpOptions.builder().sasl(Sasl.anonymous()).build();
    assertTelemetryArrives(opening(options, device, device.primaryKey()), "dev-a");
  }

  /** To a client that has its addresses, and a token as password, a hub is a plain broker. */
  @Test
  void opensTowardsAPlainBroker() throws Exception {
    Device device = hub.createDevice("dev-p", DeviceAuth.randomKeys());
    AmqpOptions options =
        plain(
            ((Credential.Token)
                    RecordingContext.tokenFor(
                        new Target(
                            HOST,
                            DeviceIdentity.device("dev-p"),
                            Secret.of(device.primaryKey()),
                            new Endpoint("localhost", hub.amqpPort(), Trust.platform())),
                        Duration.ofHours(1)))
                .text());
    assertThat(new AmqpTransport(options).offer().routes().get(0).capabilities())
        .doesNotContain(Capability.TWIN, Capability.DIRECT_METHODS);
    device.sendCloudMessage(CloudToDeviceMessage.of("hello"));
    assertTelemetryArrives(
        opening(options, device, device.primaryKey(), Feed.CLOUD_MESSAGES), "dev-p");
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(() -> context.inbox().cloudMessages().size() == 1);
    ScriptedCase.done(context.inbox().cloudMessages().get(0).complete());
    await().pollInterval(Duration.ofMillis(2)).until(() -> device.queuedCloudMessages() == 0);
    assertThat(session.twin()).isEmpty();
  }

  private static AmqpOptions plain(Secret password) {
    return AmqpOptions.builder()
        .sasl(Sasl.plain("dev-p@sas.layers", password))
        .broker(
            new PlainBroker("/devices/{id}/messages/events", "/devices/{id}/messages/devicebound"))
        .build();
  }

  @Test
  void aWrongPasswordIsRefusedAndNotTold() throws Exception {
    Device device = hub.createDevice("dev-p", DeviceAuth.randomKeys());
    Opening<TransportSession> opening =
        opening(plain(Secret.of("no-such-password")), device, device.primaryKey());
    assertThat(ScriptedCase.failure(opening.outcome()))
        .isInstanceOf(UnauthorizedException.class)
        .hasMessageContaining("PLAIN")
        .hasMessageNotContaining("no-such-password");
  }

  @Test
  void aWrongKeyIsRefused() throws Exception {
    Device device = hub.createDevice("dev-w", DeviceAuth.randomKeys());
    Opening<TransportSession> opening =
        opening(AmqpOptions.defaults(), device, "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
    assertThat(ScriptedCase.failure(opening.outcome())).isInstanceOf(UnauthorizedException.class);
  }

  @Test
  void opensWithACertificateAndWithoutTokens() throws Exception {
    ClientIdentity client = hub.issueClientCertificate("dev-x");
    Device device = hub.createDevice("dev-x", DeviceAuth.thumbprintOf(client.chain().get(0)));
    Target target =
        new Target(
            HOST,
            DeviceIdentity.device(device.deviceId()),
            Secret.of("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
            new Endpoint("localhost", hub.amqpPort(), Trust.only(List.of(hub.caCertificate()))));
    context =
        RecordingContext.builder(target)
            .outbox(outbox)
            .credential(new Credential.Certificate(client.chain(), client.key()))
            .build();
    AmqpTransport transport = new AmqpTransport();
    Opening<TransportSession> opening =
        transport.open(transport.offer().routes().get(0).route(), context);
    assertTelemetryArrives(opening, "dev-x");
  }
}
