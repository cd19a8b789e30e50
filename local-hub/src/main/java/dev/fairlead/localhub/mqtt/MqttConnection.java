package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.UnsettledPoints.Reaction;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.fault.FaultyWire;
import dev.fairlead.localhub.method.MethodCall;
import dev.fairlead.localhub.method.MethodReceiver;
import dev.fairlead.localhub.registry.DeviceSession;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.telemetry.MessageProperties;
import dev.fairlead.localhub.telemetry.TelemetryOrigin;
import dev.fairlead.localhub.twin.Twin.DesiredChange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubAckMessage;
import io.netty.handler.codec.mqtt.MqttSubAckPayload;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import io.netty.handler.codec.mqtt.MqttTopicSubscription;
import io.netty.handler.codec.mqtt.MqttUnsubAckMessage;
import io.netty.handler.codec.mqtt.MqttUnsubscribeMessage;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
 * <p>Everything runs on the connection's thread but {@link #claim} and the methods of {@link
 * DeviceSession} and {@link MethodReceiver}, which hand over to it. Telemetry is acknowledged when
 * a whole batch of input is handled and the telemetry log is flushed: one write to the file, one to
 * the socket.
 */
// Netty closes a channel whose writes fail; there is nothing to do about their futures.
@SuppressWarnings("FutureReturnValueIgnored")
final class MqttConnection extends ChannelInboundHandlerAdapter
    implements DeviceSession, MethodReceiver {

  private static final Logger LOG = LoggerFactory.getLogger(MqttConnection.class);
  private static final int MAX_MESSAGE_SIZE = 256 * 1024;
  // 1.5 times the client's keep-alive, but the load balancer cuts idle connections after 29.45
  // minutes.
  private static final long LONGEST_IDLE_MILLIS = 1_767_000;
  private static final int REFUSED_FILTER = 0x80;

  private final HubCore hub;
  private final StoredSessions sessions;
  private final FaultyWire wire;
  private final Access.Granted access;
  private final HubDevice device;
  private final UserName userName;
  private final Terms terms;
  private final TelemetryOrigin origin;
  private final TelemetryIntake intake;
  private final Subscriptions subscriptions = new Subscriptions();
  private final InFlight inFlight = new InFlight();

  // Set in handlerAdded, on the connection's thread, before anything else runs there.
  private @Nullable Parts parts;
  private volatile @Nullable ChannelHandlerContext context;
  private volatile @Nullable CutReason cutReason;
  private @Nullable Will will;
  private HubTime.@Nullable Scheduled tokenTimer;
  private boolean closing;

  /** What needs the channel. */
  private record Parts(
      ChannelHandlerContext ctx,
      Outbound out,
      CloudDelivery cloud,
      TwinExchange twin,
      MethodExchange methods) {}

  private record Will(String topic, ByteBuffer payload, boolean retain) {}

  /**
   * What a client has asked for in CONNECT.
   *
   * @param cleanSession whether it wants no stored session
   * @param keepAliveSeconds its keep-alive interval; 0 for none
   * @param will what to send if it goes without DISCONNECT
   */
  record Terms(boolean cleanSession, int keepAliveSeconds, @Nullable Will will) {
    static Terms of(MqttConnectMessage connect) {
      Will will = null;
      byte[] message = connect.payload().willMessageInBytes();
      String topic = connect.payload().willTopic();
      if (connect.variableHeader().isWillFlag() && message != null && topic != null) {
        will = new Will(topic, ByteBuffer.wrap(message), connect.variableHeader().isWillRetain());
      }
      return new Terms(
          connect.variableHeader().isCleanSession(),
          connect.variableHeader().keepAliveTimeSeconds(),
          will);
    }
  }

  MqttConnection(
      HubCore hub,
      StoredSessions sessions,
      FaultyWire wire,
      Access.Granted access,
      UserName userName,
      Terms terms) {
    this.hub = hub;
    this.sessions = sessions;
    this.wire = wire;
    this.access = access;
    this.device = access.device();
    this.userName = userName;
    this.terms = terms;
    this.will = terms.will();
    this.origin =
        TelemetryOrigin.of(device.id(), device.generationId(), access.method(), userName.modelId());
    this.intake = new TelemetryIntake(device.id());
  }

  /** Becomes the connection of its identity; false if the credentials are not valid any more. */
  boolean claim() {
    return device.attach(this, access.generation());
  }

  // --- beginning and end

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    Outbound out = new Outbound(ctx);
    out.beginBatch(); // CONNECT is being read.
    parts =
        new Parts(
            ctx,
            out,
            new CloudDelivery(device, this, out, inFlight),
            new TwinExchange(
                device, hub.time(), out, userName.apiVersion() != null, this::answerTwin),
            new MethodExchange(out, inFlight));
    boolean sessionPresent = resumeSession();
    LOG.info("{}: connected, {} session.", device.id(), sessionPresent ? "stored" : "new");
    ctx.write(MqttGreeting.connack((byte) 0, sessionPresent));
    watchKeepAlive(ctx);
    access
        .expiry()
        .ifPresent(
            expiry -> {
              Duration left =
                  Duration.between(
                      hub.time().now(), expiry.plus(hub.options().unsettled().expiryGrace()));
              tokenTimer = hub.time().schedule(left, () -> cut(CutReason.TOKEN_EXPIRED));
            });
    context = ctx; // From here on other threads are heard.
    CutReason early = cutReason;
    if (early != null) {
      close(early.toString());
      return;
    }
    listenAsSubscribed();
  }

  private boolean resumeSession() {
    if (terms.cleanSession()) {
      sessions.forget(device); // [MQTT-3.1.2-6]
      if (hub.options().unsettled().cleanSessionPurges()) {
        device.cloudQueue().purge();
      }
      return false;
    }
    Optional<Map<String, Subscriptions.Subscription>> stored = sessions.find(device);
    stored.ifPresent(subscriptions::restore);
    if (stored.isEmpty()) {
      sessions.store(device, Map.of());
    }
    return stored.isPresent();
  }

  private void watchKeepAlive(ChannelHandlerContext ctx) {
    long asked = terms.keepAliveSeconds() * 1500L;
    long limit = asked == 0 ? LONGEST_IDLE_MILLIS : Math.min(asked, LONGEST_IDLE_MILLIS);
    ctx.pipeline()
        .addBefore(
            ctx.name(), "keep-alive", new IdleStateHandler(limit, 0, 0, TimeUnit.MILLISECONDS));
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof IdleStateEvent && !wire.isStalled()) {
      close(
          "the client was silent for more than 1.5 times its keep-alive of "
              + terms.keepAliveSeconds()
              + " s"); // [MQTT-3.1.2-24]
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
    publishWill();
    LOG.info("{}: connection ended.", device.id());
    ctx.fireChannelInactive();
  }

  private void publishWill() {
    if (will != null) {
      Will last = will;
      intake
          .propertiesOf(last.topic(), last.retain())
          .map(properties -> TelemetryIntake.with(properties, "iothub-MessageType", "Will"))
          .ifPresentOrElse(
              properties -> hub.telemetry().append(origin, last.payload().array(), properties),
              () ->
                  LOG.warn(
                      "{}: its will has the topic '{}', which is not its telemetry topic; dropped.",
                      device.id(),
                      last.topic()));
      try {
        hub.telemetry().flush();
      } catch (IOException e) {
        LOG.error("The telemetry file cannot be written: {}", e.toString());
      }
    }
  }

  private void close(String reason) {
    if (!closing) {
      closing = true;
      LOG.info("{}: closed: {}.", device.id(), reason);
      parts().ctx().close();
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

  private Parts parts() {
    Parts current = parts;
    if (current == null) {
      throw new IllegalStateException("The connection is in no pipeline.");
    }
    return current;
  }

  // --- what comes in

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (closing || wire.isStalled()) {
        return;
      }
      parts().out().beginBatch();
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
      case PINGREQ -> parts().out().write(MqttMessage.PINGRESP);
      case DISCONNECT -> {
        will = null; // [MQTT-3.1.2-10]
        close("the client disconnects");
      }
      default ->
          close(
              "it sent "
                  + packet.fixedHeader().messageType()
                  + ", which has no place here"); // [MQTT-3.1.0-2] for CONNECT
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    Outbound out = parts().out();
    if (!wire.isStalled()) {
      storeAndAcknowledge();
      out.endBatch();
    }
    ctx.fireChannelReadComplete();
  }

  /** Makes the log safe and acknowledges what is in it; false if it cannot be written. */
  private boolean storeAndAcknowledge() {
    Outbound out = parts().out();
    try {
      hub.telemetry().flush();
      out.writeAcknowledgements(!hub.faults().isIdle());
      return true;
    } catch (IOException e) {
      LOG.error(
          "The telemetry file cannot be written; messages stay without acknowledgement: {}",
          e.toString());
      out.dropAcknowledgements();
      close("its telemetry could not be stored");
      return false;
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (!wire.isStalled()) {
      ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    }
    ctx.fireChannelWritabilityChanged();
  }

  private void publish(MqttPublishMessage packet) {
    String topic = packet.variableHeader().topicName();
    MqttQoS qos = packet.fixedHeader().qosLevel();
    if (qos == MqttQoS.EXACTLY_ONCE) {
      close("it published with QoS 2, which the hub does not have");
      return;
    }
    int packetId = qos == MqttQoS.AT_LEAST_ONCE ? packet.variableHeader().packetId() : 0;
    Optional<MessageProperties> telemetry =
        intake.propertiesOf(topic, packet.fixedHeader().isRetain());
    if (telemetry.isPresent()) {
      takeTelemetry(packet.payload(), telemetry.get(), packetId);
      return;
    }
    boolean understood = switchTopic(topic, packet.payload());
    boolean foreign =
        topic.startsWith("devices/") && !topic.startsWith(Topics.base(device.id()) + "/");
    if (!understood && (foreign || hub.options().unsettled().unknownTopic() == Reaction.CLOSE)) {
      close("it published to '" + topic + "', which is no topic of this identity");
    } else if (packetId != 0) {
      parts().out().acknowledge(packetId);
    }
  }

  private boolean switchTopic(String topic, ByteBuf payload) {
    if (topic.startsWith(Topics.TWIN_GET)) {
      return parts().twin().read(topic);
    }
    if (topic.startsWith(Topics.TWIN_REPORT)) {
      return parts().twin().report(topic, payload.toString(StandardCharsets.UTF_8));
    }
    if (topic.startsWith(Topics.METHOD_ANSWER)) {
      return parts().methods().answer(topic, payload.toString(StandardCharsets.UTF_8));
    }
    return false;
  }

  private void takeTelemetry(ByteBuf payload, MessageProperties properties, int packetId) {
    if (payload.readableBytes() + properties.size() > MAX_MESSAGE_SIZE) {
      close("it sent a message of more than 256 KB");
      return;
    }
    boolean faultless = hub.faults().isIdle();
    if (!faultless && wire.suffer(Moment.BEFORE_STORE)) {
      giveUp();
      return;
    }
    hub.telemetry().append(origin, ByteBufUtil.getBytes(payload), properties);
    if (!faultless && !storeAndAcknowledge()) {
      return;
    }
    if (!faultless && strikeAroundAcknowledgement(packetId)) {
      return;
    }
    if (faultless && packetId != 0) {
      parts().out().acknowledge(packetId);
    }
    if (hub.options().faultMessages() && !properties.application().isEmpty()) {
      FaultMessage.of(properties.application()).ifPresent(this::obey);
    }
  }

  /**
   * With faults about, each message is acknowledged by itself, so that a fault hits the one it is
   * meant for.
   */
  private boolean strikeAroundAcknowledgement(int packetId) {
    Outbound out = parts().out();
    out.flush();
    if (wire.suffer(Moment.BEFORE_ACK)) {
      giveUp();
      return true;
    }
    if (packetId != 0) {
      out.acknowledge(packetId);
      if (!storeAndAcknowledge()) {
        return true;
      }
      out.flush();
    }
    if (wire.suffer(Moment.AFTER_ACK)) {
      giveUp();
      return true;
    }
    return false;
  }

  /** A fault has ended the connection, or made it silent. */
  private void giveUp() {
    parts().out().dropAcknowledgements();
    closing = !wire.isStalled();
  }

  /** Section "fault injection" of device SDK tests: the message itself is taken like any other. */
  private void obey(FaultMessage fault) {
    String id = device.deviceId();
    LOG.info(
        "{}: asks for the fault {} in {} for {}.",
        device.id(),
        fault.operation(),
        fault.delay(),
        fault.duration());
    switch (fault.operation()) {
      case "KillTcp" ->
          hub.time().schedule(fault.delay(), () -> onLoop(() -> wire.inflict(new Effect.Reset())));
      case "ShutDownMqtt" -> hub.time().schedule(fault.delay(), () -> cut(CutReason.DROPPED));
      case "InvokeThrottling", "InvokeMaxMessageQuota", "InvokeAuthError" ->
          hub.time()
              .schedule(
                  fault.delay(),
                  () -> {
                    Faults.Armed armed =
                        hub.faults().add(Fault.drop().beforeStore().device(id).always());
                    hub.time().schedule(fault.duration(), armed::remove);
                  });
      default -> LOG.info("{}: MQTT has no fault {}.", device.id(), fault.operation());
    }
  }

  private void acknowledged(int packetId) {
    InFlight.Acknowledgement kind = inFlight.acknowledged(packetId);
    if (kind == InFlight.Acknowledgement.OUT_OF_ORDER
        && hub.options().unsettled().acknowledgementOutOfOrder() == Reaction.CLOSE) {
      close("it acknowledged packet " + packetId + " before older ones"); // [MQTT-4.6.0-2]
    } else {
      parts().cloud().acknowledged(packetId);
    }
  }

  // --- subscriptions

  private void subscribe(MqttSubscribeMessage packet) {
    if (packet.payload().topicSubscriptions().isEmpty()) {
      close("it subscribed to nothing"); // [MQTT-3.8.3-3]
      return;
    }
    List<Integer> granted = new ArrayList<>();
    for (MqttTopicSubscription wanted : packet.payload().topicSubscriptions()) {
      String filter = wanted.topicFilter();
      Optional<Feed> feed = Feed.of(filter, device.id());
      Reaction reaction = reactionTo(filter, feed);
      if (reaction == Reaction.CLOSE) {
        close(
            "it subscribed to '"
                + filter
                + "', which is no filter of this identity or one too many");
        return;
      }
      int qos = Math.min(wanted.qualityOfService().value(), 1); // QoS 2 is granted as 1
      if (reaction == Reaction.REFUSE) {
        granted.add(REFUSED_FILTER);
      } else {
        granted.add(qos);
        if (feed.isPresent() && subscriptions.hasRoomFor(filter)) {
          subscriptions.add(filter, new Subscriptions.Subscription(feed.get(), qos));
        }
      }
    }
    storeSession();
    MqttFixedHeader header =
        new MqttFixedHeader(MqttMessageType.SUBACK, false, MqttQoS.AT_MOST_ONCE, false, 0);
    parts()
        .out()
        .write(
            new MqttSubAckMessage(
                header,
                MqttMessageIdVariableHeader.from(packet.variableHeader().messageId()),
                new MqttSubAckPayload(granted)));
    listenAsSubscribed();
  }

  /** IGNORE stands for "all is well" here, too. */
  private Reaction reactionTo(String filter, Optional<Feed> feed) {
    if (feed.isEmpty()) {
      boolean foreign =
          filter.startsWith("devices/") && !filter.startsWith(Topics.base(device.id()) + "/");
      return foreign ? Reaction.CLOSE : hub.options().unsettled().unknownFilter();
    }
    return subscriptions.hasRoomFor(filter)
        ? Reaction.IGNORE
        : hub.options().unsettled().sixthSubscription();
  }

  private void unsubscribe(MqttUnsubscribeMessage packet) {
    if (packet.payload().topics().isEmpty()) {
      close("it unsubscribed from nothing"); // [MQTT-3.10.3-2]
      return;
    }
    packet.payload().topics().forEach(subscriptions::remove);
    storeSession();
    if (!subscriptions.has(Feed.METHODS)) {
      device.methods().detach(this);
    }
    MqttFixedHeader header =
        new MqttFixedHeader(MqttMessageType.UNSUBACK, false, MqttQoS.AT_MOST_ONCE, false, 2);
    int packetId = packet.variableHeader().messageId();
    parts()
        .out()
        .write(new MqttUnsubAckMessage(header, MqttMessageIdVariableHeader.from(packetId)));
  }

  private void storeSession() {
    if (!terms.cleanSession()) {
      sessions.store(device, subscriptions.snapshot());
    }
  }

  private void listenAsSubscribed() {
    if (subscriptions.has(Feed.METHODS) && userName.apiVersion() != null) {
      device.methods().attach(this);
    }
    sendCloudMessages();
  }

  private void sendCloudMessages() {
    OptionalInt qos = subscriptions.qosOf(Feed.CLOUD_MESSAGES);
    if (qos.isPresent() && !closing && !wire.isStalled()) {
      parts().cloud().sendWaiting(qos.getAsInt());
    }
  }

  private void answerTwin(String topic, String payload) {
    publishAt(subscriptions.qosOf(Feed.TWIN_ANSWERS), topic, payload);
  }

  private void publishAt(OptionalInt subscribed, String topic, String payload) {
    if (subscribed.isEmpty()) {
      return; // Nobody listens: lost, as MQTT has it.
    }
    int qos = hub.options().unsettled().twinAtSubscribedQos() ? subscribed.getAsInt() : 0;
    int packetId = qos == 0 ? 0 : inFlight.nextCallId();
    if (qos == 1 && packetId == 0) {
      close("it owes more than a thousand acknowledgements");
      return;
    }
    if (qos == 1) {
      inFlight.sent(packetId);
    }
    parts().out().publish(topic, payload.getBytes(StandardCharsets.UTF_8), qos, packetId, false);
  }

  // --- what other threads want

  @Override
  public void cut(CutReason reason) {
    cutReason = reason;
    onLoop(() -> close(reason.toString()));
  }

  @Override
  public void cloudMessagesWaiting() {
    onLoop(this::sendCloudMessages);
  }

  @Override
  public void desiredChanged(DesiredChange change) {
    onLoop(
        () -> {
          if (userName.apiVersion() != null) {
            publishAt(
                subscriptions.qosOf(Feed.DESIRED_PROPERTIES),
                Topics.desiredChange(change.version()),
                change.json());
          }
        });
  }

  @Override
  public void deliver(MethodCall call) {
    onLoop(() -> send(call));
  }

  private void send(MethodCall call) {
    OptionalInt qos = subscriptions.qosOf(Feed.METHODS);
    if (qos.isEmpty() || !call.isPending()) {
      return; // Nobody listens any more: the call runs out of time.
    }
    Optional<String> requestId = parts().methods().send(call, qos.getAsInt());
    if (requestId.isEmpty()) {
      close("it owes more than a thousand acknowledgements");
    } else {
      call.whenOver(() -> onLoop(() -> parts().methods().forget(requestId.get())));
    }
  }

  /** Runs on the connection's thread, in the order of calls, unless the connection is gone. */
  private void onLoop(Runnable action) {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      return; // Still connecting: what it missed it looks up when it begins to listen.
    }
    try {
      ctx.executor()
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
