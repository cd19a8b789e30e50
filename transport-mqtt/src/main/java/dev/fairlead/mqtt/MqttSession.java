package dev.fairlead.mqtt;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.net.Dial;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One MQTT connection from CONNECT to its last thread's end. Confined to the loop. */
final class MqttSession implements TransportSession, PahoClient.Events, Liveness.Connection {
  private static final Logger log = LoggerFactory.getLogger(MqttSession.class);

  /** After a cut, Paho's threads end in a moment; if one does not, the session ends without it. */
  private static final Duration CUT_LIMIT = Duration.ofSeconds(1);

  private enum State {
    CONNECTING,
    SUBSCRIBING,
    OPEN,
    /** Takes no more; waits for acknowledgements. */
    CLOSING,
    /** DISCONNECT is on its way. */
    LEAVING,
    ENDED
  }

  private final MqttOptions options;
  private final SessionContext context;
  private final Loop loop;
  private final MqttFailures failures;
  private final CompletableFuture<TransportSession> outcome;
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
  private final Topics topics;
  private final PahoClient wire;
  private final Liveness liveness;
  private final TelemetryPump pump;
  private final CloudMessageLedger cloudMessages;
  private final TwinRequests twin;
  private final MethodCalls methods;

  private State state = State.CONNECTING;
  private @Nullable Alarm limit;

  /** What this session itself found wrong; says more than how the connection then ended. */
  private @Nullable Throwable verdict;

  MqttSession(
      MqttOptions options,
      SessionContext context,
      MqttFailures failures,
      Dial dial,
      CompletableFuture<TransportSession> outcome)
      throws MqttException {
    this.options = options;
    this.context = context;
    this.failures = failures;
    this.outcome = outcome;
    loop = context.loop();
    topics = new Topics(context.identity());
    wire = new PahoClient(context.identity().toString(), dial, loop, this);
    liveness =
        new Liveness(
            loop,
            this,
            options.keepAlive(),
            options.pingAfter(),
            options.pingTimeout(),
            options.acknowledgementTimeout());
    pump =
        new TelemetryPump(
            wire,
            context.outbox(),
            topics,
            loop,
            liveness,
            context.strictOrder() ? 1 : options.window(),
            options.windowBytes());
    cloudMessages =
        new CloudMessageLedger(
            loop,
            context.inbox(),
            options.lockTime(),
            this::acknowledge,
            context::requestReopen,
            () -> failures.ended(Progress.NOT_SENT));
    twin =
        new TwinRequests(
            wire, loop, liveness, options.twinTimeout(), () -> failures.ended(Progress.NOT_SENT));
    methods = new MethodCalls(wire, context.inbox(), loop, () -> failures.ended(Progress.NOT_SENT));
  }

  // Opening.

  void connect(MqttConnectOptions packet) {
    loop.assertInLoop();
    limit =
        loop.schedule(
            context.openTimeout(),
            () ->
                judge(
                    failures.slow(
                        wire.reached(), state != State.CONNECTING, context.openTimeout())));
    try {
      wire.connect(packet, this);
    } catch (MqttException | RuntimeException e) {
      down(e);
    }
  }

  @Override
  public void connected(boolean sessionPresent) {
    if (state != State.CONNECTING) {
      return;
    }
    state = State.SUBSCRIBING;
    List<String> wanted = new ArrayList<>(List.of(Topics.TWIN_ANSWERS + "#"));
    List<String> unwanted = new ArrayList<>();
    for (Feed feed : Feed.values()) {
      (context.feeds().contains(feed) ? wanted : unwanted).add(topics.filter(feed));
    }
    int[] qos = new int[wanted.size()];
    int cloud = wanted.indexOf(topics.filter(Feed.CLOUD_MESSAGES));
    if (cloud >= 0) {
      // Only these wait in the hub until they are acknowledged. The others at QoS 0: PUBACKs go in
      // order, so a message that the application holds would hold up methods and twin as well.
      qos[cloud] = 1;
    }
    try {
      if (sessionPresent && !unwanted.isEmpty()) {
        wire.unsubscribe(unwanted);
      }
      wire.subscribe(wanted, qos, granted -> subscribed(wanted, granted));
    } catch (MqttException e) {
      log.debug("{}: the connection ended before SUBSCRIBE", context.identity(), e);
    }
  }

  private void subscribed(List<String> filters, int[] granted) {
    if (state != State.SUBSCRIBING) {
      return;
    }
    for (int i = 0; i < filters.size(); i++) {
      if (i >= granted.length || granted[i] > 2) {
        judge(failures.notSubscribed(filters.get(i)));
        return;
      }
    }
    state = State.OPEN;
    cancelLimit();
    liveness.start();
    log.debug("{}: MQTT session with {} is open", context.identity(), context.endpoint());
    outcome.complete(this);
    if (state == State.OPEN) {
      pump.start();
    }
  }

  // What comes in.

  @Override
  public void arrived(PahoClient.Arrival message) {
    if (state == State.ENDED || state == State.LEAVING) {
      return;
    }
    String topic = message.topic();
    if (topic.startsWith(Topics.TWIN_ANSWERS)) {
      twin.answered(topic, message.payload());
    } else if (topic.startsWith(Topics.DESIRED)) {
      if (context.feeds().contains(Feed.DESIRED_PROPERTIES)) {
        context.inbox().desiredChange(text(message));
      }
    } else if (topic.startsWith(Topics.METHODS)) {
      if (context.feeds().contains(Feed.DIRECT_METHODS)) {
        methods.called(topic, text(message));
      }
    } else if (topic.startsWith(topics.cloudMessages())) {
      cloudMessage(message);
    } else {
      log.warn("{}: ignored a message on an unknown topic", context.identity());
      if (message.packetId() != 0) {
        acknowledge(message.packetId());
      }
    }
  }

  private void cloudMessage(PahoClient.Arrival message) {
    if (!context.feeds().contains(Feed.CLOUD_MESSAGES)) {
      // Left over from an earlier session's subscription. It stays in the hub, unacknowledged.
      return;
    }
    if (cloudMessages.overfull()) {
      judge(
          new PacketReader.ProtocolBreach(
              "more than " + CloudMessageLedger.MAX_HELD + " messages without an acknowledgement"));
      return;
    }
    cloudMessages.arrived(message, message.topic().substring(topics.cloudMessages().length()));
  }

  private static String text(PahoClient.Arrival message) {
    return new String(message.payload(), StandardCharsets.UTF_8);
  }

  private void acknowledge(int packetId) {
    try {
      wire.acknowledge(packetId);
    } catch (MqttException e) {
      log.debug("{}: the connection ended before a PUBACK", context.identity(), e);
    }
  }

  @Override
  public void batchDone() {
    if (!waiting()) {
      liveness.rest();
    }
    if (state == State.OPEN) {
      pump.pump();
    } else if (state == State.CLOSING && !waiting()) {
      leave();
    }
  }

  // Staying alive.

  @Override
  public boolean waiting() {
    return pump.inflight() > 0 || twin.underWay() > 0;
  }

  /** Requests about the twin have a time-out of their own. */
  @Override
  public long answers() {
    return pump.acknowledged();
  }

  @Override
  public long bytesUnderWay() {
    return pump.inflightBytes();
  }

  @Override
  public long lastReceived() {
    return wire.lastReceived();
  }

  @Override
  public long lastSent() {
    return wire.lastSent();
  }

  @Override
  public void ping() {
    try {
      wire.ping();
    } catch (MqttException e) {
      log.debug("{}: the connection ended before a ping", context.identity(), e);
    }
  }

  @Override
  public void dead(Duration waited) {
    judge(failures.silent(waited, progress()));
  }

  @Override
  public void unanswered(Duration waited) {
    if (pump.inflight() > 0) {
      judge(failures.unacknowledged(pump.inflight(), waited));
    }
  }

  // The session for the client.

  @Override
  public Optional<TwinLink> twin() {
    return Optional.of(twin);
  }

  /** MQTT 3.1.1 has no way to put a new token in place. */
  @Override
  public CompletionStage<Renewal> renew(Credential credential) {
    loop.assertInLoop();
    return CompletableFuture.completedFuture(Renewal.NEEDS_REOPEN);
  }

  @Override
  public CompletionStage<Optional<HubException>> ended() {
    return ended;
  }

  @Override
  public void close() {
    loop.assertInLoop();
    if (state != State.OPEN) {
      return;
    }
    state = State.CLOSING;
    pump.stop();
    if (waiting()) {
      limit = loop.schedule(options.closeTimeout(), this::leave);
    } else {
      leave();
    }
  }

  private void leave() {
    if (state != State.CLOSING) {
      return;
    }
    state = State.LEAVING;
    cancelLimit();
    liveness.stop();
    limit = loop.schedule(CUT_LIMIT, () -> cut(new MqttFailures.Aborted()));
    try {
      wire.disconnect();
    } catch (MqttException e) {
      // It is ending by itself already.
      log.debug("{}: the connection ended before DISCONNECT", context.identity(), e);
    }
  }

  @Override
  public void abort() {
    loop.assertInLoop();
    cut(new MqttFailures.Aborted());
  }

  private void judge(Throwable reason) {
    if (verdict == null) {
      verdict = reason;
    }
    cut(reason);
  }

  /** Ends the connection for a reason. Any thread; does not block. */
  void cut(Throwable reason) {
    wire.cut(reason);
    loop.execute(this::ending);
  }

  /**
   * Sees to it that the session ends even if a thread of the connection does not: a look-up of a
   * name cannot be cut short.
   */
  @Override
  public void ending() {
    if (state != State.ENDED) {
      cancelLimit();
      limit = loop.schedule(CUT_LIMIT, () -> down(wire.cause()));
    }
  }

  @Override
  public void down(Throwable told) {
    loop.assertInLoop();
    if (state == State.ENDED) {
      return;
    }
    Throwable cause = verdict == null ? told : verdict;
    State before = state;
    state = State.ENDED;
    cancelLimit();
    liveness.stop();
    pump.stop();
    cloudMessages.end();
    methods.end();
    if (before == State.CONNECTING || before == State.SUBSCRIBING) {
      HubException failure = failures.notOpened(cause);
      twin.end(failure);
      ended.complete(Optional.of(failure));
      outcome.completeExceptionally(failure);
      return;
    }
    Optional<HubException> reason =
        before == State.LEAVING ? Optional.empty() : Optional.of(failures.lost(cause, progress()));
    log.debug(
        "{}: MQTT session ended: {}",
        context.identity(),
        reason.map(Throwable::getMessage).orElse("closed"));
    twin.end(reason.orElse(failures.ended(Progress.MAYBE_SENT)));
    ended.complete(reason);
  }

  private Progress progress() {
    return waiting() ? Progress.MAYBE_SENT : Progress.NOT_SENT;
  }

  private void cancelLimit() {
    if (limit != null) {
      limit.cancel();
      limit = null;
    }
  }
}
