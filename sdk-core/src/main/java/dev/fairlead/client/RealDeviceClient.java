package dev.fairlead.client;

import dev.fairlead.BlockingDeviceClient;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.FileUpload;
import dev.fairlead.HubException;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Progress;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Twin;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.UploadResult;
import dev.fairlead.auth.Audience;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.inbound.InboundFeeds;
import dev.fairlead.inbound.SessionInbox;
import dev.fairlead.inbound.TwinDocuments;
import dev.fairlead.inbound.TwinLimits;
import dev.fairlead.json.Json;
import dev.fairlead.outbox.Outbox;
import dev.fairlead.outbox.RateGate;
import dev.fairlead.outbox.StoreCalls;
import dev.fairlead.policy.NoRouteException;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.session.CredentialCache;
import dev.fairlead.session.LiveSession;
import dev.fairlead.session.SessionSupervisor;
import dev.fairlead.session.Transports;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.settings.DeviceSettings;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.ClientThreads;
import dev.fairlead.threads.Failures;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.OpenOperations;
import dev.fairlead.threads.SharedOutcome;
import dev.fairlead.upload.UploadQueue;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The device client: the application's side of the {@link SessionSupervisor}. */
public final class RealDeviceClient implements DeviceClient {
  private static final Logger log = LoggerFactory.getLogger(RealDeviceClient.class);

  /**
   * How long closing may take after the drain time, even if foreign code does not return: 12 s to
   * end the session, the time for uploads and a store during and after that, and a reserve.
   */
  static final Duration CLOSE_BOUND = Duration.ofSeconds(30);

  private final ClientSettings settings;
  private final Handlers handlers;
  private final ClientEnvironment environment;
  private final ClientLoop loop;
  private final ClientThreads threads;
  private final Outbox outbox;
  private final Transports transports;
  private final RouteMemory memory;
  private final SessionSupervisor supervisor;
  private final CredentialCache credentials;
  private final UploadQueue uploads;
  private final InboundFeeds feeds;
  private final SharedOutcome opened;
  private final SharedOutcome closed;

  /** Twin operations and settlements. */
  private final OpenOperations operations;

  private volatile ConnectionState state = new ConnectionState.NotOpened();

  /**
   * Plans the routes and makes the client, without any I/O.
   *
   * @param settings what the application set
   * @param handlers its handlers
   * @throws NoRouteException if no route is left
   */
  public RealDeviceClient(ClientSettings settings, Handlers handlers) {
    this(settings, handlers, new OwnEnvironment(settings));
  }

  RealDeviceClient(ClientSettings settings, Handlers handlers, ClientEnvironment environment) {
    this.settings = settings;
    this.handlers = handlers;
    this.environment = environment;
    loop = environment.loop();
    threads = environment.threads();
    transports = environment.transports();
    memory = new RouteMemory(loop);
    TransportPlan plan = plan();
    if (plan.isEmpty()) {
      throw new NoRouteException(plan);
    }
    opened = new SharedOutcome(threads);
    closed = new SharedOutcome(threads);
    operations = new OpenOperations(threads);
    feeds = new InboundFeeds(loop, threads, handlers, operations);
    credentials =
        new CredentialCache(
            loop,
            threads.calls(),
            settings.device().credentials(),
            new Audience(settings.hubHost(), settings.identity()),
            settings.openTimeout(),
            RandomGenerator.getDefault());
    uploads =
        new UploadQueue(
            settings,
            loop,
            threads,
            credentials,
            plan(settings.policy().toBuilder().fileUpload(true).build()));
    // After all that may fail: it opens the store's queue, which only closing this client ends.
    outbox =
        new Outbox(
            outboxRules(),
            loop,
            new OutboxEnvironment(),
            settings
                .device()
                .outboxStore()
                .map(
                    store ->
                        new StoreCalls(
                            store,
                            settings.identity(),
                            settings.hubHost(),
                            loop,
                            threads.calls(),
                            threads.callExecutor("outbox store")))
                .orElse(null));
    supervisor =
        new SessionSupervisor(
            settings,
            handlers,
            loop,
            outbox,
            transports,
            memory,
            credentials,
            RandomGenerator.getDefault(),
            this::plan,
            new SupervisorOwner());
  }

  private Outbox.Rules outboxRules() {
    DeviceSettings device = settings.device();
    return new Outbox.Rules(
        device.outbox(),
        device.strictOrder(),
        device.session().budget(),
        Stream.of(device.rate().map(limit -> new RateGate(limit, loop)), environment.rate())
            .flatMap(Optional::stream)
            .toList(),
        device.session().batching());
  }

  @Override
  public CompletableFuture<Void> open() {
    loop.execute(supervisor::start);
    CompletableFuture<Void> outcome = opened.future();
    boolean wasOpen = outcome.isDone() && !outcome.isCompletedExceptionally();
    if (wasOpen && state instanceof ConnectionState.Closed) {
      outcome = threads.newFuture();
      outcome.completeExceptionally(Failures.clientClosed("It cannot be reopened."));
    }
    return outcome;
  }

  @Override
  public CompletableFuture<Void> send(TelemetryMessage message) {
    return outbox.offer(message);
  }

  @Override
  public CompletableFuture<Long> store(TelemetryMessage message) {
    return outbox.store(message, Long.MAX_VALUE);
  }

  /** As {@link #store}, waiting for room no longer than a given time. */
  CompletableFuture<Long> store(TelemetryMessage message, long maxWaitNanos) {
    return outbox.store(message, maxWaitNanos);
  }

  /** As {@link #send}, waiting for room no longer than a given time. */
  CompletableFuture<Void> send(TelemetryMessage message, long maxWaitNanos) {
    return outbox.offer(message, maxWaitNanos);
  }

  @Override
  public CompletableFuture<Twin> getTwin() {
    return onTwin("The twin was not read", link -> link.get().thenApply(TwinDocuments::read));
  }

  @Override
  public CompletableFuture<Long> updateReportedProperties(Map<String, ?> patch) {
    return updateReportedProperties(Json.write(patch));
  }

  @Override
  public CompletableFuture<Long> updateReportedProperties(String json) {
    try {
      TwinLimits.check(Json.readObject(json));
    } catch (HubException refused) {
      CompletableFuture<Long> failed = threads.newFuture();
      failed.completeExceptionally(refused);
      return failed;
    }
    return onTwin("The properties were not reported", link -> link.report(json));
  }

  private <T> CompletableFuture<T> onTwin(
      String undone, Function<TwinLink, CompletionStage<T>> verb) {
    OpenOperations.Operation<T> operation = operations.begin();
    loop.execute(
        () ->
            ForeignCalls.stage("The twin's link", () -> verb.apply(twinLink(undone)))
                .whenComplete(
                    (value, failure) -> {
                      if (value != null) {
                        operation.succeed(value);
                      } else {
                        operation.fail(failure);
                      }
                    }));
    return operation.future();
  }

  private TwinLink twinLink(String undone) {
    LiveSession live = supervisor.session();
    TransportSession session = live == null ? null : live.session;
    if (state instanceof ConnectionState.Closed) {
      throw Failures.clientClosed(undone + ".");
    }
    if (live == null || session == null) {
      throw new UnreachableException(
          undone
              + (state instanceof ConnectionState.Connecting
                  ? ": a new session with the hub is being opened ("
                  : ": there is no session with the hub now (")
              + state
              + "). Only telemetry waits for one; try again when the state is Connected.",
          Stage.SESSION,
          Progress.NOT_SENT,
          null);
    }
    return session
        .twin()
        .orElseThrow(
            () ->
                new UnsupportedException(
                    undone
                        + ": "
                        + live.route
                        + " does not carry the twin. Name the need with TransportPolicy's requiring(Capability.TWIN), and"
                        + " planning picks a route that does."));
  }

  @Override
  public CompletableFuture<UploadResult> uploadFile(FileUpload upload) {
    return uploads.upload(upload);
  }

  @Override
  public BlockingDeviceClient blocking(Duration timeout) {
    return new BlockingView(this, timeout);
  }

  @Override
  public ConnectionState state() {
    return state;
  }

  @Override
  public TransportPlan plan() {
    return plan(settings.policy());
  }

  private TransportPlan plan(TransportPolicy policy) {
    return policy
        .plan(transports.offers(), handlers.needs(), environment.remembered(memory))
        .reporting(transports.broken());
  }

  @Override
  public OutboxStatus outbox() {
    return outbox.status();
  }

  @Override
  public CompletableFuture<Void> whenRoom() {
    return outbox.whenRoom();
  }

  @Override
  public void awaitClosed() throws InterruptedException {
    closed.await();
  }

  @Override
  public CompletableFuture<Void> close(Duration drain) {
    beginToClose(drain);
    return closed.future();
  }

  void beginToClose(Duration drain) {
    loop.execute(
        () -> {
          uploads.close();
          supervisor.close(drain);
        });
  }

  @Override
  public void close() {
    beginToClose(settings.drain());
    if (!threads.mayWait()) {
      // Waiting on this thread would block what it waits for; closing continues without it.
      return;
    }
    if (!closed.awaitUninterruptibly(settings.drain().plus(CLOSE_BOUND))) {
      log.warn(
          "{}: not closed within the drain time and {} s; some of its threads still run. Look "
              + "for application code that the client called and that does not return.",
          settings.identity(),
          CLOSE_BOUND.toSeconds());
      return;
    }
    try {
      if (!environment.awaitEnd(Duration.ofSeconds(1))) {
        log.warn("{}: the client's loop is still busy after closing", settings.identity());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Passes events of the supervisor to the application. Called on the loop. */
  private final class SupervisorOwner implements SessionSupervisor.Owner {
    @Override
    public void stateChanged(ConnectionState next) {
      state = next;
      log.info("{}: {}", settings.identity(), next);
      feeds.stateChanged(next);
    }

    @Override
    public SessionInbox newInbox() {
      return feeds.newSession();
    }

    @Override
    public void sessionOpened() {
      threads.completions().execute(opened::complete);
    }

    @Override
    public void finished(Optional<HubException> failure) {
      CompletionStage<Void> uploadsEnded = uploads.close();
      outbox.close(
          () ->
              uploadsEnded.whenComplete(
                  (ended, never) ->
                      loop.execute(
                          () -> {
                            credentials.close();
                            threads.completions().execute(() -> down(failure));
                          })));
    }

    private void down(Optional<HubException> failure) {
      operations.close();
      uploads.clientClosed();
      opened.fail(
          failure.orElseGet(
              () -> Failures.clientClosed("It was closed before its first session.")));
      environment.ended(RealDeviceClient.this);
      closed.complete();
    }
  }

  private final class OutboxEnvironment implements Outbox.Environment {
    @Override
    public <T> CompletableFuture<T> newFuture() {
      return threads.newFuture();
    }

    @Override
    public Executor completions() {
      return threads.completions();
    }

    @Override
    public boolean mayBlock() {
      return threads.mayWait();
    }

    @Override
    public void replaceSession(String why) {
      loop.execute(() -> supervisor.replaceSession(why));
    }

    @Override
    public void outcome(StoredOutcome outcome) {
      feeds.outcome(outcome);
    }

    @Override
    public void whenOutcomesPassedOn(Runnable task) {
      feeds.whenOutcomesPassedOn(task);
    }

    @Override
    public void heldUp(@Nullable String note) {
      loop.execute(() -> supervisor.telemetryHeld(note));
    }
  }
}
