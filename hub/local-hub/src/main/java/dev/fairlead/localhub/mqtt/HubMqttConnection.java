package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.UndocumentedBehavior.Reaction;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.method.MethodCall;
import dev.fairlead.localhub.method.MethodReceiver;
import dev.fairlead.localhub.registry.DeviceSession;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.telemetry.TelemetryOrigin;
import dev.fairlead.localhub.twin.Twin.DesiredChange;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import io.netty.handler.codec.mqtt.MqttUnsubscribeMessage;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One MQTT connection of one identity, from CONNACK to its end.
 *
 * <p>Everything runs on the connection's thread except the methods of {@link DeviceSession} and
 * {@link MethodReceiver}, which post to that thread.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class HubMqttConnection extends ChannelInboundHandlerAdapter
    implements DeviceSession, MethodReceiver {

  private static final Logger LOG = LoggerFactory.getLogger(HubMqttConnection.class);

  private final HubCore hub;
  private final UndocumentedBehavior undocumented;
  private final Channel channel;
  private final FaultyConnection faulty;
  private final Access.Granted access;
  private final HubDevice device;
  private final ConnectTerms terms;
  // Without an API version in the user name, a connection has neither twin nor methods.
  private final boolean versioned;
  private final Subscriptions subscriptions;
  private final InFlight inFlight = new InFlight();
  private final Outbound out;
  private final FaultCommands commands;
  private final TelemetryIntake telemetry;
  private final CloudDelivery cloud;
  private final TwinExchange twin;
  private final MethodExchange methods;

  private ConnectTerms.@Nullable Will will;
  private HubTime.@Nullable Scheduled tokenTimer;
  // The version of the desired properties when the client subscribed to them: it has to read
  // earlier changes.
  private long subscribedVersion;
  private boolean closing;

  HubMqttConnection(
      HubCore hub,
      StoredSessions sessions,
      Channel channel,
      FaultyConnection faulty,
      Access.Granted access,
      UserName userName,
      ConnectTerms terms) {
    this.hub = hub;
    this.undocumented = hub.options().undocumented();
    this.channel = channel;
    this.faulty = faulty;
    this.access = access;
    this.device = access.device();
    this.terms = terms;
    this.versioned = userName.apiVersion() != null;
    this.will = terms.will();
    this.subscriptions = new Subscriptions(device, undocumented, sessions, !terms.cleanSession());
    this.out = new Outbound(channel);
    TelemetryOrigin origin =
        TelemetryOrigin.of(device.id(), device.generationId(), access.method(), userName.modelId());
    this.commands = new FaultCommands(hub, device.id(), faulty, channel.eventLoop());
    this.telemetry =
        new TelemetryIntake(hub, origin, faulty, out, channel.eventLoop(), commands::run);
    this.cloud = new CloudDelivery(device, this, out, inFlight);
    this.twin = new TwinExchange(device, hub.time(), out, versioned, this::answerTwin);
    this.methods = new MethodExchange(out, inFlight);
  }

  /**
   * Becomes the connection of its identity; false if the credentials are no longer valid. Calls of
   * other threads from now on wait until {@link #handlerAdded} has returned.
   */
  boolean claim() {
    return device.attach(this, access.generation());
  }

  // --- opening and closing

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    out.beginBatch(); // CONNECT is being read.
    boolean resumed = subscriptions.resume();
    subscribedVersion = device.properties().desiredVersion();
    if (terms.cleanSession() && undocumented.cleanSessionPurges()) {
      device.cloudQueue().purge();
    }
    LOG.info("{}: connected, {} session.", device.id(), resumed ? "stored" : "new");
    ctx.write(MqttGreeting.connack((byte) 0, resumed));
    IdleStateHandler keepAlive =
        new IdleStateHandler(terms.idleLimitMillis(), 0, 0, TimeUnit.MILLISECONDS);
    ctx.pipeline().addBefore(ctx.name(), "keep-alive", keepAlive);
    access.expiry().ifPresent(this::watchToken);
    listenAsSubscribed();
  }

  private void watchToken(Instant expiry) {
    Duration left = Duration.between(hub.time().now(), expiry.plus(undocumented.expiryGrace()));
    tokenTimer = hub.time().schedule(left, () -> cut(CutReason.TOKEN_EXPIRED));
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof IdleStateEvent && !faulty.isStalled()) {
      close(
          "the client was silent for " + terms.idleLimitMillis() + " ms, 1.5 times its keep-alive");
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closing = true;
    if (tokenTimer != null) {
      tokenTimer.cancel();
    }
    device.methods().detach(this);
    device.detach(this);
    if (will != null) {
      telemetry.takeWill(will);
    }
    LOG.info("{}: connection ended.", device.id());
    ctx.fireChannelInactive();
  }

  /** Closes; valid telemetry that arrived before is acknowledged. */
  private void close(String reason) {
    if (!closing) {
      closing = true;
      LOG.info("{}: closed: {}.", device.id(), reason);
      if (telemetry.storeAndAcknowledge()) {
        out.flush();
      }
      channel.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      close(cause.toString());
    } else {
      LOG.warn("{}: closed after an unexpected error.", device.id(), cause);
      ctx.close();
    }
  }

  // --- input

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (closing || faulty.isStalled()) {
        return;
      }
      out.beginBatch();
      MqttMessage packet = (MqttMessage) message;
      if (packet.decoderResult().isFailure()) {
        close("a packet cannot be read: " + packet.decoderResult().cause().getMessage());
      } else {
        dispatch(packet);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void dispatch(MqttMessage packet) {
    switch (packet.fixedHeader().messageType()) {
      case PUBLISH -> publish((MqttPublishMessage) packet);
      case PUBACK ->
          acknowledged(((MqttMessageIdVariableHeader) packet.variableHeader()).messageId());
      case SUBSCRIBE -> subscribe((MqttSubscribeMessage) packet);
      case UNSUBSCRIBE -> unsubscribe((MqttUnsubscribeMessage) packet);
      case PINGREQ -> out.write(MqttMessage.PINGRESP);
      case DISCONNECT -> {
        will = null; // [MQTT-3.1.2-10]
        close("the client sent DISCONNECT");
      }
      // [MQTT-3.1.0-2] for CONNECT
      default ->
          close(
              "the client sent "
                  + packet.fixedHeader().messageType()
                  + ", which a client must not send here");
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (!faulty.isStalled()) {
      if (!telemetry.storeAndAcknowledge()) {
        close("the telemetry could not be stored");
      }
      out.endBatch();
    }
    ctx.fireChannelReadComplete();
  }

  /** The hub stops reading from a client that does not read. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (!faulty.isStalled()) {
      channel.config().setAutoRead(channel.isWritable());
    }
    ctx.fireChannelWritabilityChanged();
  }

  private void publish(MqttPublishMessage packet) {
    String topic = packet.variableHeader().topicName();
    MqttQoS qos = packet.fixedHeader().qosLevel();
    if (qos == MqttQoS.EXACTLY_ONCE) {
      close("the client published with QoS 2, which the hub does not support");
      return;
    }
    int packetId = qos == MqttQoS.AT_LEAST_ONCE ? packet.variableHeader().packetId() : 0;
    switch (telemetry.take(topic, packet.fixedHeader().isRetain(), packet.payload(), packetId)) {
      case TAKEN -> {}
      case TOO_LARGE -> close("the client sent a message of more than 256 KB");
      case NOT_STORED -> close("the telemetry could not be stored");
      case FAULT -> {
        out.dropAcknowledgements();
        closing = !faulty.isStalled();
      }
      case NOT_TELEMETRY -> {
        if (!understands(topic, packet.payload())
            && (Topics.isForeign(topic, device.id())
                || undocumented.unknownTopic() == Reaction.CLOSE)) {
          close("the client published to '" + topic + "', which is not a topic of this identity");
        } else if (packetId != 0) {
          out.acknowledge(packetId);
        }
      }
    }
  }

  private boolean understands(String topic, ByteBuf payload) {
    if (topic.startsWith(Topics.TWIN_GET)) {
      return twin.read(topic);
    }
    if (topic.startsWith(Topics.TWIN_REPORT)) {
      return twin.report(topic, payload.toString(StandardCharsets.UTF_8));
    }
    return topic.startsWith(Topics.METHOD_ANSWER)
        && methods.answer(topic, payload.toString(StandardCharsets.UTF_8));
  }

  private void acknowledged(int packetId) {
    boolean overtaking = inFlight.acknowledged(packetId) == InFlight.Acknowledgement.OUT_OF_ORDER;
    if (overtaking && undocumented.acknowledgementOutOfOrder() == Reaction.CLOSE) {
      close("the client acknowledged packet " + packetId + " before older ones"); // [MQTT-4.6.0-2]
    } else {
      cloud.acknowledged(packetId);
    }
  }

  private void subscribe(MqttSubscribeMessage packet) {
    if (!subscriptions.has(Feed.DESIRED_PROPERTIES)) {
      subscribedVersion = device.properties().desiredVersion();
    }
    Optional<List<Integer>> granted = subscriptions.add(packet.payload().topicSubscriptions());
    if (granted.isEmpty() || granted.get().isEmpty()) { // [MQTT-3.8.3-3] for no filter at all
      close("the client sent no filter, one that is not this identity's, or more than five");
      return;
    }
    out.suback(packet.variableHeader().messageId(), granted.get());
    listenAsSubscribed();
  }

  private void unsubscribe(MqttUnsubscribeMessage packet) {
    List<String> filters = packet.payload().topics();
    if (filters.isEmpty()) {
      close("UNSUBSCRIBE without a topic filter"); // [MQTT-3.10.3-2]
      return;
    }
    subscriptions.remove(filters);
    if (!subscriptions.has(Feed.METHODS)) {
      device.methods().detach(this);
    }
    out.unsuback(packet.variableHeader().messageId());
  }

  // --- output

  private void listenAsSubscribed() {
    if (versioned && subscriptions.has(Feed.METHODS)) {
      device.methods().attach(this);
    }
    sendCloudMessages();
  }

  private void sendCloudMessages() {
    OptionalInt qos = subscriptions.qosOf(Feed.CLOUD_MESSAGES);
    if (qos.isPresent() && !closing && !faulty.isStalled()) {
      cloud.sendWaiting(qos.getAsInt());
    }
  }

  private void answerTwin(String topic, String payload) {
    publishTwin(Feed.TWIN_ANSWERS, topic, payload);
  }

  private void publishTwin(Feed feed, String topic, String payload) {
    OptionalInt subscribed = subscriptions.qosOf(feed);
    if (subscribed.isEmpty()) {
      return; // The client is not subscribed: the message is lost, as in MQTT.
    }
    byte[] body = payload.getBytes(StandardCharsets.UTF_8);
    if (!undocumented.twinAtSubscribedQos() || subscribed.getAsInt() == 0) {
      out.publish(topic, body, 0, 0, false);
      return;
    }
    int packetId = inFlight.nextCallId();
    if (packetId == 0) {
      close("the client left more than a thousand messages unacknowledged");
      return;
    }
    inFlight.sent(packetId);
    out.publish(topic, body, 1, packetId, false);
  }

  private void call(MethodCall call) {
    OptionalInt qos = subscriptions.qosOf(Feed.METHODS);
    if (qos.isEmpty() || !call.isPending()) {
      return; // The client has unsubscribed: the call times out.
    }
    Optional<String> requestId = methods.send(call, qos.getAsInt());
    if (requestId.isEmpty()) {
      close("the client left more than a thousand messages unacknowledged");
    } else {
      call.whenOver(() -> onLoop(() -> methods.forget(requestId.get())));
    }
  }

  // --- calls of other threads

  @Override
  public void cut(CutReason reason) {
    onLoop(() -> close(reason.toString()));
  }

  @Override
  public void inject(FaultMessage command) {
    commands.run(command); // This only schedules it.
  }

  @Override
  public void cloudMessagesWaiting() {
    onLoop(this::sendCloudMessages);
  }

  @Override
  public void desiredChanged(DesiredChange change) {
    if (versioned) {
      String topic = Topics.desiredChange(change.version());
      onLoop(
          () -> {
            if (change.version() > subscribedVersion) {
              publishTwin(Feed.DESIRED_PROPERTIES, topic, change.json());
            }
          });
    }
  }

  @Override
  public void deliver(MethodCall call) {
    onLoop(() -> call(call));
  }

  /**
   * Runs an action on the connection's thread, in the order of calls, unless the connection has
   * ended by then.
   */
  private void onLoop(Runnable action) {
    try {
      channel
          .eventLoop()
          .execute(
              () -> {
                if (!closing) {
                  action.run();
                }
              });
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: the hub is closing.", device.id());
    }
  }
}
