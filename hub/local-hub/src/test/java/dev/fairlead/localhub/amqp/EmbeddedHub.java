package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.auth.Authenticator;
import dev.fairlead.localhub.cloud.CloudQueue;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultPlan;
import dev.fairlead.localhub.mqtt.RawPeer;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.registry.Registry;
import dev.fairlead.localhub.telemetry.TelemetryLog;
import dev.fairlead.localhub.tls.CertificateAuthority;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** The AMQP front end without sockets, threads and TLS, for thousands of conversations. */
final class EmbeddedHub {

  private static final CertificateAuthority CA = CertificateAuthority.create();

  final ManualHubTime time = new ManualHubTime(Instant.parse("2030-01-01T00:00:00Z"));
  final HubCore core;
  final Device device;
  private final AmqpFrontEnd frontEnd;

  EmbeddedHub() throws IOException {
    LocalHubOptions options = LocalHubOptions.defaults().time(time);
    Registry registry =
        new Registry("localhost", time, new CloudQueue.Rules(10, Duration.ofHours(1), true));
    Authenticator authenticator =
        new Authenticator(
            "localhost", registry, Map.of(), CA.certificate(), time, options.undocumented());
    TelemetryLog telemetry = new TelemetryLog(time, 10, null);
    core = new HubCore(options, time, registry, authenticator, telemetry, new FaultPlan());
    frontEnd = new AmqpFrontEnd(core);
    device = registry.create(IdentityId.ofDevice("dev-1"), DeviceAuth.randomKeys());
  }

  String token() {
    return RawPeer.token(
        "localhost/devices/dev-1", device.primaryKey(), time.now().plusSeconds(3600));
  }

  /** A connection in memory. */
  final class Line implements AmqpPeer.Wire {
    final EmbeddedChannel channel = new EmbeddedChannel();
    final ByteArrayOutputStream said = new ByteArrayOutputStream();

    Line() {
      frontEnd.install(channel.pipeline());
      channel.pipeline().fireChannelActive();
    }

    @Override
    public byte[] read() {
      channel.runPendingTasks();
      ByteBuf out = channel.readOutbound();
      if (out == null) {
        return new byte[0]; // No more input arrives by itself.
      }
      byte[] bytes = ByteBufUtil.getBytes(out);
      out.release();
      return bytes;
    }

    @Override
    public void write(byte[] bytes) {
      said.writeBytes(bytes);
      if (channel.isOpen()) {
        channel.writeInbound(Unpooled.wrappedBuffer(bytes.clone()));
      }
    }

    @Override
    public void patience(int millis) {}

    /** All output of the hub. */
    byte[] drain() {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (byte[] some = read(); some.length > 0; some = read()) {
        all.writeBytes(some);
      }
      return all.toByteArray();
    }

    @Override
    public void close() {
      channel.finishAndReleaseAll();
      channel.checkException();
    }
  }
}
