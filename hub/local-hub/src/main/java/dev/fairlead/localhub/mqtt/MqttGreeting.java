package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.auth.Credentials;
import dev.fairlead.localhub.auth.Credentials.Carrier;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.registry.IdentityId;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttConnAckVariableHeader;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttConnectPayload;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttUnacceptableProtocolVersionException;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start of a connection: waits for CONNECT, decides on it, and is replaced by {@link
 * HubMqttConnection}.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class MqttGreeting extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(MqttGreeting.class);
  private static final int PROTOCOL_LEVEL = 4;
  private static final byte WRONG_VERSION = 1;
  private static final byte NOT_AUTHORIZED = 5;

  private final HubCore hub;
  private final StoredSessions sessions;
  private final FaultyConnection faulty;
  private final Supplier<List<X509Certificate>> certificates;
  private final Carrier carrier;
  private @Nullable Future<?> idleTimer;
  private boolean over;

  MqttGreeting(
      HubCore hub,
      StoredSessions sessions,
      FaultyConnection faulty,
      Supplier<List<X509Certificate>> certificates,
      Carrier carrier) {
    this.hub = hub;
    this.sessions = sessions;
    this.faulty = faulty;
    this.certificates = certificates;
    this.carrier = carrier;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    long limit = hub.options().idleBeforeConnect().toNanos();
    idleTimer =
        ctx.executor()
            .schedule(
                () -> {
                  if (!faulty.isStalled()) {
                    LOG.info(
                        "{}: no CONNECT within {}; closed.",
                        ctx.channel().remoteAddress(),
                        hub.options().idleBeforeConnect());
                    ctx.close();
                  }
                },
                limit,
                TimeUnit.NANOSECONDS);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (idleTimer != null) {
      idleTimer.cancel(false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (over) {
        return; // Input after a refused CONNECT is ignored.
      }
      over = true;
      MqttMessage packet = (MqttMessage) message;
      if (packet.decoderResult().isFailure()) {
        Throwable cause = packet.decoderResult().cause();
        if (cause instanceof MqttUnacceptableProtocolVersionException) {
          refuse(ctx, WRONG_VERSION, "the protocol is not MQTT 3.1.1");
        } else {
          LOG.info(
              "{}: the first packet cannot be read ({}); closed.",
              ctx.channel().remoteAddress(),
              cause.getMessage());
          ctx.close();
        }
      } else if (packet instanceof MqttConnectMessage connect) {
        decide(ctx, connect);
      } else {
        // [MQTT-3.1.0-1]
        LOG.info(
            "{}: the first packet is {}, not CONNECT; closed.",
            ctx.channel().remoteAddress(),
            packet.fixedHeader().messageType());
        ctx.close();
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void decide(ChannelHandlerContext ctx, MqttConnectMessage connect) {
    if (connect.variableHeader().version() != PROTOCOL_LEVEL) {
      refuse(ctx, WRONG_VERSION, "the protocol is not MQTT 3.1.1"); // [MQTT-3.1.2-2]
      return;
    }
    MqttConnectPayload payload = connect.payload();
    String clientId = payload.clientIdentifier();
    Optional<IdentityId> id = IdentityId.parse(clientId);
    Optional<UserName> userName =
        Optional.ofNullable(payload.userName()).flatMap(text -> UserName.parse(text, clientId));
    if (id.isEmpty() || userName.isEmpty()) {
      refuse(
          ctx,
          NOT_AUTHORIZED,
          "the user name is not {host}/" + clientId + "/?api-version=yyyy-mm-dd");
      return;
    }
    byte[] password = payload.passwordInBytes();
    String token = password == null ? null : new String(password, StandardCharsets.UTF_8);
    Access access =
        hub.authenticator()
            .authenticate(
                userName.get().host(),
                id.get(),
                new Credentials(token, certificates.get(), carrier));
    if (access instanceof Access.Refused refused) {
      refuse(
          ctx,
          NOT_AUTHORIZED,
          "for '" + clientId + "' " + refused.reason() + " (" + refused.code() + ")");
    } else if (access instanceof Access.Granted granted) {
      welcome(ctx, connect, granted, userName.get());
    }
  }

  private void welcome(
      ChannelHandlerContext ctx,
      MqttConnectMessage connect,
      Access.Granted granted,
      UserName userName) {
    String deviceId = granted.device().deviceId();
    faulty.identify(deviceId);
    Effect effect = hub.faults().strike(Moment.ON_CONNECT, deviceId);
    if (effect instanceof Effect.Refuse refuse) {
      refuse(ctx, (byte) refuse.code(), "a fault was injected");
      return;
    }
    if (effect != null && faulty.apply(effect)) {
      return;
    }
    HubMqttConnection connection =
        new HubMqttConnection(
            hub, sessions, ctx.channel(), faulty, granted, userName, ConnectTerms.of(connect));
    if (!connection.claim()) {
      refuse(
          ctx,
          NOT_AUTHORIZED,
          "the credentials of '" + granted.device().id() + "' changed while it connected");
      return;
    }
    ctx.pipeline().replace(this, "connection", connection);
  }

  private void refuse(ChannelHandlerContext ctx, byte code, String reason) {
    LOG.info(
        "{}: refused with CONNACK {}: {}.", ctx.channel().remoteAddress(), code & 0xff, reason);
    ctx.writeAndFlush(connack(code, false))
        .addListener(ChannelFutureListener.CLOSE); // [MQTT-3.2.2-5]
  }

  /** Netty only has the CONNACK codes of the standard; faults may use others. */
  static Object connack(byte code, boolean sessionPresent) {
    MqttFixedHeader header =
        new MqttFixedHeader(MqttMessageType.CONNACK, false, MqttQoS.AT_MOST_ONCE, false, 2);
    if (code >= 0 && code <= NOT_AUTHORIZED) {
      return new MqttConnAckMessage(
          header,
          new MqttConnAckVariableHeader(MqttConnectReturnCode.valueOf(code), sessionPresent));
    }
    return Unpooled.wrappedBuffer(new byte[] {0x20, 2, 0, code});
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.info("{}: closed before CONNECT: {}", ctx.channel().remoteAddress(), cause.toString());
    ctx.close();
  }
}
