package dev.fairlead.tck.memory;

import dev.fairlead.Capability;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Route;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.RouteOffer.Delivery;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.tck.memory.InMemoryFault.Effect;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The device's end of an open connection. Its state is used on the loop only; the hub's actions run
 * on the connection.
 */
final class InMemorySession implements TransportSession {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private final InMemoryHub hub;
  private final InMemoryDevice device;
  private final InMemoryLink link;
  private final RouteOffer offer;
  private final InMemoryTransport.Options options;
  private final SessionContext context;
  private final Loop loop;
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
  private final Map<Object, CompletableFuture<?>> asked = new ConcurrentHashMap<>();

  /**
   * The messages that the hub acknowledges after the next one; confined to the network's thread.
   */
  private final List<Envelope> held = new ArrayList<>();

  private int underWay;
  private boolean closing;
  private boolean watching;
  private Alarm watch = () -> {};
  private Alarm closeLimit = () -> {};

  InMemorySession(
      InMemoryHub hub,
      InMemoryDevice device,
      InMemoryLink link,
      RouteOffer offer,
      InMemoryTransport.Options options,
      SessionContext context) {
    this.hub = hub;
    this.device = device;
    this.link = link;
    this.offer = offer;
    this.options = options;
    this.context = context;
    this.loop = context.loop();
  }

  void start() {
    loop.assertInLoop();
    context.outbox().whenReadable(() -> loop.execute(this::pump));
    pump();
  }

  InMemoryLink link() {
    return link;
  }

  Route route() {
    return offer.route();
  }

  boolean can(Capability capability) {
    return offer.capabilities().contains(capability);
  }

  boolean wants(Feed feed) {
    Capability needed =
        switch (feed) {
          case CLOUD_MESSAGES -> Capability.CLOUD_MESSAGES;
          case DIRECT_METHODS -> Capability.DIRECT_METHODS;
          case DESIRED_PROPERTIES -> Capability.TWIN;
        };
    return context.feeds().contains(feed) && can(needed);
  }

  // --- telemetry: pulled while the window has room ---

  private void pump() {
    loop.assertInLoop();
    if (closing || ended.isDone()) {
      return;
    }
    int room = (context.strictOrder() ? 1 : options.window()) - underWay;
    if (room <= 0) {
      return;
    }
    List<Envelope> taken = context.outbox().take(room, Long.MAX_VALUE, TelemetryMessage::size);
    underWay += taken.size();
    taken.forEach(envelope -> link.carry(() -> atHub(envelope)));
    watch();
  }

  private void atHub(Envelope envelope) {
    Optional<Effect> fault =
        hub.faults()
            .strike(
                Point.BEFORE_STORE,
                route(),
                new String(envelope.message().body(), StandardCharsets.UTF_8));
    if (fault.isPresent()
        && fault.get() instanceof Effect.Fail fail
        && fail.failure() instanceof RejectedException refusal) {
      answered(() -> envelope.failed(refusal));
      return;
    }
    if (!strike(link, fault, Stage.SESSION)) {
      return;
    }
    device.store(envelope.message());
    Optional<Effect> unkind = hub.faults().strike(Point.BEFORE_ACK, route());
    if (unkind.isPresent() && unkind.get() instanceof Effect.AcknowledgeAfterNext) {
      held.add(envelope);
      return;
    }
    boolean twice = unkind.isPresent() && unkind.get() instanceof Effect.AcknowledgeTwice;
    if (!twice && !strike(link, unkind, Stage.SESSION)) {
      return;
    }
    answered(envelope::accepted);
    if (twice) {
      loop.execute(envelope::accepted);
    }
    held.forEach(each -> answered(each::accepted));
    held.clear();
    passes(Point.AFTER_ACK);
  }

  private void answered(Runnable outcome) {
    loop.execute(
        () -> {
          if (!ended.isDone()) {
            underWay--;
            outcome.run();
            heard();
            pump();
            endWhenIdle();
          }
        });
  }

  // --- requests that the hub answers: twin, settlements, replies ---

  /**
   * Carries a request to the hub. Any thread. The answer completes on the loop; it fails if the
   * session ends first.
   */
  <T> CompletableFuture<T> ask(Consumer<CompletableFuture<T>> question) {
    Object ticket = new Object();
    CompletableFuture<T> answer = new CompletableFuture<>();
    CompletableFuture<T> atHub = new CompletableFuture<>();
    asked.put(ticket, answer);
    if (link.isEnded()) {
      asked.remove(ticket);
      answer.completeExceptionally(gone(Progress.NOT_SENT));
      return answer;
    }
    CompletionStage<T> answered = atHub;
    answered.whenComplete(
        (value, failure) ->
            loop.execute(
                () -> {
                  asked.remove(ticket);
                  heard();
                  if (failure == null) {
                    answer.complete(value);
                  } else {
                    answer.completeExceptionally(failure);
                  }
                  endWhenIdle();
                }));
    link.carry(() -> question.accept(atHub));
    loop.execute(this::watch);
    return answer;
  }

  @Override
  public Optional<TwinLink> twin() {
    loop.assertInLoop();
    return can(Capability.TWIN)
        ? Optional.of(new InMemoryTwinLink(this, device))
        : Optional.empty();
  }

  @Override
  public CompletionStage<Renewal> renew(Credential credential) {
    loop.assertInLoop();
    if (!options.renewsInPlace()) {
      return CompletableFuture.completedFuture(Renewal.NEEDS_REOPEN);
    }
    return ask(
        answer -> {
          if (!passes(Point.RENEW)) {
            return;
          }
          if (device.renew(this, context.identity(), credential)) {
            answer.complete(Renewal.RENEWED);
          } else {
            answer.completeExceptionally(
                new UnauthorizedException(
                    "The hub refused the new credential.", Progress.NOT_SENT));
          }
        });
  }

  boolean polls() {
    return offer.delivery() == Delivery.POLL;
  }

  Credential credential() {
    return context.credential();
  }

  /**
   * Carries an action from the hub to the device; it runs on the loop while the session is open.
   */
  void push(Runnable arrival) {
    link.carry(() -> arrive(arrival));
  }

  /** The same for a cloud-to-device message, which a fault may stop. */
  void pushCloudMessage(Runnable arrival) {
    link.carry(
        () -> {
          if (passes(Point.DELIVERY)) {
            arrive(arrival);
          }
        });
  }

  private void arrive(Runnable arrival) {
    loop.execute(
        () -> {
          if (!ended.isDone()) {
            heard();
            arrival.run();
          }
        });
  }

  SessionContext context() {
    return context;
  }

  // --- the end ---

  @Override
  public CompletionStage<Optional<HubException>> ended() {
    return ended;
  }

  @Override
  public void close() {
    loop.assertInLoop();
    if (closing || ended.isDone()) {
      return;
    }
    closing = true;
    closeLimit = loop.schedule(CLOSE_LIMIT, () -> end(gone(Progress.MAYBE_SENT)));
    endWhenIdle();
  }

  @Override
  public void abort() {
    end(
        new UnreachableException(
            "The session was cut on this side.", Stage.SESSION, Progress.MAYBE_SENT, null));
  }

  private void endWhenIdle() {
    if (closing && underWay == 0 && asked.isEmpty()) {
      link.carry(() -> loop.execute(() -> end(gone(Progress.NOT_SENT))));
    }
  }

  void end(HubException reason) {
    loop.assertInLoop();
    if (ended.isDone()) {
      return;
    }
    watch.cancel();
    closeLimit.cancel();
    link.end();
    ended.complete(closing ? Optional.empty() : Optional.of(reason));
    HubException lost = gone(Progress.MAYBE_SENT);
    asked.values().forEach(answer -> answer.completeExceptionally(lost));
    asked.clear();
  }

  private UnreachableException gone(Progress progress) {
    return new UnreachableException(
        "The session on " + route() + " has ended; the answer can no longer come.",
        Stage.SESSION,
        progress,
        null);
  }

  // --- silence ---

  /** Input has arrived: restarts the wait for outstanding answers. */
  private void heard() {
    watch.cancel();
    watching = false;
    watch();
  }

  /** Keeps one alarm while an answer is awaited. */
  private void watch() {
    if (!watching && !ended.isDone() && (underWay > 0 || !asked.isEmpty())) {
      watching = true;
      watch = loop.schedule(options.answerTimeout(), this::silent);
    }
  }

  private void silent() {
    watching = false;
    if (underWay > 0 || !asked.isEmpty()) {
      end(
          new UnreachableException(
              "The hub has not answered for "
                  + options.answerTimeout()
                  + "; the connection is considered dead.",
              Stage.SESSION,
              Progress.MAYBE_SENT,
              null));
    }
  }

  // --- faults ---

  boolean passes(Point point) {
    return passes(hub, link, point, route(), Stage.SESSION);
  }

  Optional<Effect> fault(Point point) {
    return hub.faults().strike(point, route());
  }

  boolean strike(Optional<Effect> fault) {
    return strike(link, fault, Stage.SESSION);
  }

  /** Whether a piece of input from a link is delivered. */
  static boolean passes(InMemoryHub hub, InMemoryLink link, Point point, Route route, Stage stage) {
    return strike(link, hub.faults().strike(point, route), stage);
  }

  /** Whether a connection reaches the hub. */
  static boolean passes(
      InMemoryHub hub, InMemoryNetwork network, Point point, Route route, Stage stage) {
    return strike(network, hub.faults().strike(point, route), stage);
  }

  /** The hub refuses one device; every other failure affects the connection. */
  private static boolean strike(InMemoryLink link, Optional<Effect> fault, Stage stage) {
    if (fault.isPresent() && fault.get() instanceof Effect.Fail fail) {
      link.cut(fail.failure());
      return false;
    }
    return strike(link.network(), fault, stage);
  }

  private static boolean strike(InMemoryNetwork network, Optional<Effect> fault, Stage stage) {
    if (fault.isEmpty()) {
      return true;
    }
    if (fault.get() instanceof Effect.Fail fail) {
      network.cut(fail.failure());
    } else if (fault.get() instanceof Effect.Silence) {
      network.silence();
    } else {
      network.cut(
          new UnreachableException(
              "The connection broke.",
              stage,
              stage == Stage.SESSION ? Progress.MAYBE_SENT : Progress.NOT_SENT,
              null));
    }
    return false;
  }
}
