package dev.fairlead.localhub;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import dev.fairlead.localhub.auth.Authenticator;
import dev.fairlead.localhub.cloud.CloudQueue;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultPlan;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.registry.Registry;
import dev.fairlead.localhub.telemetry.TelemetryLog;
import dev.fairlead.localhub.tls.CertificateAuthority;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * The hub without sockets, threads and TLS. It has one device, whose messages wait for it. Errors
 * that its front ends catch and log count as finds, unless the engine below them threw them.
 */
public final class EmbeddedHub {
  /** The hub's clock stands at this time, so that tokens of the corpus stay valid. */
  public static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

  /** The key of the only device, {@code dev-1}. */
  public static final String KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

  private static final CertificateAuthority CA = CertificateAuthority.create();
  private static final AtomicReference<Throwable> LOGGED = new AtomicReference<>();

  static {
    Logger logger = (Logger) LoggerFactory.getLogger("dev.fairlead.localhub");
    logger.setAdditive(false);
    ((Logger) LoggerFactory.getLogger("dev.fairlead.localhub.amqp")).setLevel(Level.DEBUG);
    Errors errors = new Errors();
    errors.start();
    logger.addAppender(errors);
  }

  private final HubCore core;

  /** A hub with its device. */
  public EmbeddedHub() {
    ManualHubTime time = new ManualHubTime(NOW);
    LocalHubOptions options = LocalHubOptions.defaults().time(time);
    Registry registry =
        new Registry("localhost", time, new CloudQueue.Rules(10, Duration.ofHours(1), true));
    Authenticator authenticator =
        new Authenticator(
            "localhost", registry, Map.of(), CA.certificate(), time, options.undocumented());
    try {
      TelemetryLog telemetry = new TelemetryLog(time, 10, null);
      core = new HubCore(options, time, registry, authenticator, telemetry, new FaultPlan());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    Device device = registry.create(IdentityId.ofDevice("dev-1"), DeviceAuth.keys(KEY, KEY));
    device.sendCloudMessage(CloudToDeviceMessage.of("first"));
    device.sendCloudMessage(CloudToDeviceMessage.of("second"));
  }

  /** What all front ends share. */
  public HubCore core() {
    return core;
  }

  /**
   * One connection, from its start to its end.
   *
   * @param install adds the front end
   * @param pieces what the client sends
   * @return what the hub sends
   */
  public static byte[] talk(Consumer<ChannelPipeline> install, Iterable<byte[]> pieces) {
    LOGGED.set(null);
    EmbeddedChannel channel = new Line();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      install.accept(channel.pipeline());
      channel.pipeline().fireChannelActive();
      for (byte[] piece : pieces) {
        if (channel.isOpen()) {
          channel.writeInbound(Unpooled.wrappedBuffer(piece));
          channel.runPendingTasks();
        }
        drain(channel, out);
      }
    } finally {
      channel.finishAndReleaseAll();
    }
    channel.checkException();
    Throwable logged = LOGGED.get();
    if (logged != null) {
      throw new AssertionError("An error that was logged", logged);
    }
    return out.toByteArray();
  }

  private static void drain(EmbeddedChannel channel, ByteArrayOutputStream out) {
    for (Object sent = channel.readOutbound(); sent != null; sent = channel.readOutbound()) {
      if (sent instanceof ByteBuf bytes) {
        out.writeBytes(ByteBufUtil.getBytes(bytes));
      }
      ReferenceCountUtil.release(sent);
    }
  }

  /** It has addresses, as a socket has. */
  private static final class Line extends EmbeddedChannel {
    private static final InetSocketAddress ADDRESS =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 443);

    @Override
    public SocketAddress localAddress() {
      return ADDRESS;
    }

    @Override
    public SocketAddress remoteAddress() {
      return ADDRESS;
    }
  }

  /** Keeps the first error that is ours. */
  private static final class Errors extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      if (event.getThrowableProxy() instanceof ThrowableProxy proxy
          && (event.getLevel().isGreaterOrEqual(Level.WARN) || isOurs(proxy.getThrowable()))) {
        LOGGED.compareAndSet(null, proxy.getThrowable());
      }
    }

    /** Whether it was thrown by this project, directly or by a call into the platform. */
    private static boolean isOurs(Throwable error) {
      for (StackTraceElement frame : error.getStackTrace()) {
        if (!frame.getClassName().startsWith("java.")) {
          return frame.getClassName().startsWith("dev.fairlead.");
        }
      }
      return false;
    }
  }
}
