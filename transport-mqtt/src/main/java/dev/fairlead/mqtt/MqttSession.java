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
import dev.fairlead.transport.Debt;
import dev.fairlead.transport.Debts;
import dev.fairlead.transport.Liveness;
import dev.fairlead.transport.PingLimits;
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

/** One MQTT connection from CONNECT to the end of its last thread. Confined to the loop. */
final class MqttSession implements TransportSession, PahoClient.Events, Liveness.Peer {
  private static final Logger log = LoggerFactory.getLogger(MqttSession.class);

  /**
   * After a cut, Paho's threads end within a moment. If one does not, because it looks up a name,
   * the session ends without it.
   */
  private static final Duration THREADS_LIMIT = Duration.ofSeconds(1);

  private enum State {
    CONNECTING,
    SUBSCRIBING,
    OPEN,
    /** Takes no more messages; waits for what is owed. */
    CLOSING,
    /** DISCONNECT is queued. */
    DISCONNECTING,
    ENDED
  }

  private final SessionContext context;
  private final Loop loop;
  private final MqttFailures failures;
  private final Dial dial;
  private final CompletableFuture<TransportSession> outcome;
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
  private final Topics topics;
  private final PahoClient client;
  private final Debts debts;
  private final Liveness liveness;
  private final TelemetryPump pump;
  private final AcknowledgementQueue arrivals;
  private final TwinRequests twin;
  private final MethodCalls methods;

  private State state = State.CONNECTING;
  private @Nullable Alarm threadsLimit;

  /**
   * The fault that this session itself found; more specific than the end of the connection that
   * follows.
   */
  private @Nullable Throwable verdict;

  /** What the opening waits for, after the dial and CONNECT. */
  private volatile @Nullable String step;

  MqttSession(
      MqttOptions options,
      SessionContext context,
      MqttFailures failures,
      Dial dial,
      CompletableFuture<TransportSession> outcome)
      throws MqttException {
    this.context = context;
    this.failures = failures;
    this.dial = dial;
    this.outcome = outcome;
    loop = context.loop();
    topics = new Topics(context.identity());
    client = new PahoClient(context.identity().toString(), dial, loop, this);
    debts = new Debts(loop, client::lastReceived);
    liveness =
        new Liveness(loop, debts, this, new PingLimits(options.pingAfter(), options.pingTimeout()))
            .keepAlive(options.keepAlive());
    Debt acknowledgements =
        debts.debt(
            count -> "the acknowledgement of " + count + (count == 1 ? " message" : " messages"),
            options.acknowledgementTimeout(),
            overdue -> judge(overdue.failure("A new session sends them again.")));
    Debt writes =
        debts.debt(
            count -> "the reading of " + count + (count == 1 ? " packet" : " packets"),
            options.acknowledgementTimeout(),
            overdue -> judge(failures.unread(overdue)));
    pump =
        new TelemetryPump(
            client,
            context.outbox(),
            topics,
            loop,
            acknowledgements,
            context.strictOrder() ? 1 : options.window(),
            options.windowBytes());
    arrivals =
        new AcknowledgementQueue(
            loop,
            context.inbox(),
            options.lockTime(),
            client::acknowledge,
            writes,
            context::requestReopen);
    twin =
        new TwinRequests(
            client, loop, debts, options.twinTimeout(), failures, this::disconnectIfIdle);
    methods = new MethodCalls(client, context.inbox(), loop, writes, failures);
  }

  // Opening.

  void connect(MqttConnectOptions packet) {
    loop.assertInLoop();
    try {
      client.connect(packet, this);
    } catch (MqttException | RuntimeException e) {
      down(e);
    }
  }

  /** What the opening waits for. Any thread. */
  String step() {
    String known = step;
    if (known != null) {
      return known;
    }
    return client.reached() ? "the hub's answer to CONNECT" : dial.step();
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
      // order, so a message that the application holds would delay methods and twin as well.
      qos[cloud] = 1;
    }
    step = "the hub's answer to SUBSCRIBE for " + String.join(", ", wanted);
    try {
      if (sessionPresent && !unwanted.isEmpty()) {
        client.unsubscribe(unwanted);
      }
      client.subscribe(wanted, qos, granted -> subscribed(wanted, qos, granted));
    } catch (MqttException e) {
      log.debug("{}: the connection ended before SUBSCRIBE", context.identity(), e);
    }
  }

  private void subscribed(List<String> filters, int[] asked, int[] granted) {
    if (state != State.SUBSCRIBING) {
      return;
    }
    for (int i = 0; i < filters.size(); i++) {
      if (i >= granted.length || granted[i] > 2) {
        judge(failures.notSubscribed(filters.get(i)));
        return;
      }
      if (granted[i] < asked[i]) {
        // Telemetry still works, and there may be no other route.
        log.warn(
            "{}: {} grants only QoS 0 for cloud-to-device messages. It forgets each one as soon as"
                + " it is sent, so that messages can be lost. Use an IoT hub or an AMQP route.",
            context.identity(),
            context.endpoint());
      }
    }
    state = State.OPEN;
    step = "nothing, because the session is open";
    liveness.start();
    log.debug("{}: MQTT session with {} is open", context.identity(), context.endpoint());
    outcome.complete(this);
    if (state == State.OPEN) {
      pump.start();
    }
  }

  // Inbound.

  @Override
  public void arrived(PahoClient.Arrival message) {
    if (state == State.ENDED || state == State.DISCONNECTING) {
      return;
    }
    if (message.packetId() != 0 && arrivals.full()) {
      judge(
          new PacketReader.ProtocolBreach(
              "more than "
                  + AcknowledgementQueue.MAX_HELD
                  + " messages without an acknowledgement"));
      return;
    }
    String topic = message.topic();
    if (topic.startsWith(topics.cloudMessages())) {
      cloudMessage(message);
    } else if (message.packetId() == 0 || arrivals.arrived(message.packetId())) {
      // At QoS 1 only if an earlier client of this identity subscribed so.
      dispatch(topic, message);
    }
  }

  private void cloudMessage(PahoClient.Arrival message) {
    boolean unacknowledged = message.packetId() != 0;
    if (!context.feeds().contains(Feed.CLOUD_MESSAGES)
        || (state == State.CLOSING && unacknowledged)) {
      // From an earlier session's subscription, or too late to be settled.
      if (unacknowledged) {
        arrivals.keep(message.packetId());
      }
      return;
    }
    String bag = message.topic().substring(topics.cloudMessages().length());
    arrivals.cloudMessage(message, PropertyBag.decode(bag));
  }

  private void dispatch(String topic, PahoClient.Arrival message) {
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
    } else {
      log.warn("{}: ignored a message on an unknown topic", context.identity());
    }
  }

  private static String text(PahoClient.Arrival message) {
    return new String(message.payload(), StandardCharsets.UTF_8);
  }

  @Override
  public void acknowledgementWritten() {
    arrivals.written();
  }

  @Override
  public void batchDone() {
    if (state == State.OPEN) {
      pump.pump();
    } else {
      disconnectIfIdle();
    }
  }

  // Staying alive.

  @Override
  public long lastReceived() {
    return client.lastReceived();
  }

  @Override
  public long lastSent() {
    return client.lastSent();
  }

  @Override
  public void ping() {
    try {
      client.ping();
    } catch (MqttException e) {
      log.debug("{}: the connection ended before a ping", context.identity(), e);
    }
  }

  @Override
  public void dead(Duration silent) {
    judge(failures.silent(silent, debts.describe(), progress()));
  }

  // Methods for the client.

  @Override
  public Optional<TwinLink> twin() {
    return Optional.of(twin);
  }

  /** MQTT 3.1.1 has no way to send a new token on an open connection. */
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
    if (state == State.OPEN) {
      state = State.CLOSING;
      pump.stop();
      disconnectIfIdle();
    }
  }

  private void disconnectIfIdle() {
    if (state != State.CLOSING || debts.anyOwed()) {
      return;
    }
    state = State.DISCONNECTING;
    liveness.stop();
    try {
      client.disconnect();
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
    client.cut(reason);
    loop.execute(this::ending);
  }

  @Override
  public void ending() {
    if (state != State.ENDED && threadsLimit == null) {
      threadsLimit = loop.schedule(THREADS_LIMIT, () -> down(client.cause()));
    }
  }

  @Override
  public void down(Throwable reported) {
    loop.assertInLoop();
    if (state == State.ENDED) {
      return;
    }
    Throwable cause = verdict == null ? reported : verdict;
    State before = state;
    Progress progress = progress();
    state = State.ENDED;
    if (threadsLimit != null) {
      threadsLimit.cancel();
    }
    debts.stop();
    liveness.stop();
    pump.stop();
    if (before == State.CONNECTING || before == State.SUBSCRIBING) {
      HubException failure = failures.notOpened(cause);
      end(failure);
      ended.complete(Optional.of(failure));
      outcome.completeExceptionally(failure);
      return;
    }
    Optional<HubException> reason =
        before == State.DISCONNECTING
            ? Optional.empty()
            : Optional.of(failures.lost(cause, progress));
    log.debug(
        "{}: MQTT session ended: {}",
        context.identity(),
        reason.map(Throwable::getMessage).orElse("closed"));
    end(reason.orElse(failures.over(Progress.MAYBE_SENT)));
    ended.complete(reason);
  }

  /** Ends everything in progress; the failure is for what may have been sent. */
  private void end(HubException failure) {
    arrivals.end(failure, failures.over(Progress.NOT_SENT));
    methods.end(failure);
    twin.end(failure);
  }

  private Progress progress() {
    return debts.anyOwed() ? Progress.MAYBE_SENT : Progress.NOT_SENT;
  }
}
