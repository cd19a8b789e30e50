package dev.fairlead.upload;

import dev.fairlead.ClientClosedException;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.FileUpload;
import dev.fairlead.Progress;
import dev.fairlead.Proxy;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.UploadProgress;
import dev.fairlead.UploadResult;
import dev.fairlead.policy.ReasonCode;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.session.CredentialCache;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.UploadContext;
import dev.fairlead.spi.UploadProvider;
import dev.fairlead.threads.ClientThreads;
import dev.fairlead.threads.Failures;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.SerialExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A device's uploads: at most ten at a time, the others queued in order. Independent of the
 * session. Confined to the loop, but for {@link #upload} and {@link #clientClosed}.
 */
public final class UploadQueue {
  /** IoT Hub: "Quotas and throttling"; one more is refused with 403006. */
  static final int MAX_AT_ONCE = 10;

  /** How long closing waits for uploads to end: a little longer than it takes to notify the hub. */
  private static final Duration END_LIMIT = Duration.ofSeconds(7);

  private final ClientSettings settings;
  private final Loop loop;
  private final ClientThreads threads;
  private final CredentialCache credentials;
  private final Optional<UploadProvider> provider;
  private final SerialExecutor progressCallbacks;
  private final boolean cutOff;

  private final ArrayDeque<Upload> waiting = new ArrayDeque<>(1);
  private final Set<Upload> underWay = new LinkedHashSet<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private boolean closing;

  /** All uploads whose future is not completed, so that each gets an outcome. */
  private final Set<Upload> open = ConcurrentHashMap.newKeySet();

  private volatile boolean over;

  /**
   * @param withUpload the plan that there would be if the policy named the need for uploads
   */
  public UploadQueue(
      ClientSettings settings,
      Loop loop,
      ClientThreads threads,
      CredentialCache credentials,
      TransportPlan withUpload) {
    this.settings = settings;
    this.loop = loop;
    this.threads = threads;
    this.credentials = credentials;
    provider = settings.uploads().or(UploadProviders::find);
    progressCallbacks = threads.handlerExecutor("file uploads");
    cutOff =
        withUpload.isEmpty()
            && withUpload.skipped().stream()
                .flatMap(skipped -> skipped.reasons().stream())
                .anyMatch(reason -> reason.code() == ReasonCode.UPLOAD_HTTPS);
  }

  /** Any thread. */
  public CompletableFuture<UploadResult> upload(FileUpload upload) {
    Upload asked = new Upload(upload);
    if (provider.isEmpty()) {
      return refused(
          asked,
          "No provider of file uploads is installed. Add fairlead-https to the class path or module"
              + " path, or give one with uploads(…).");
    }
    if (cutOff) {
      return refused(
          asked,
          "File upload needs HTTPS beside the route in use, and the policy says that it cannot be"
              + " reached (UPLOAD_HTTPS): port 443 is blocked, or the hub takes no X.509 CA credentials"
              + " there. Name the need with the policy's fileUpload(true) to see the conflict when the"
              + " client is built.");
    }
    open.add(asked);
    CompletionStage<UploadResult> end = asked.outcome;
    end.whenComplete(
        (result, failure) -> {
          open.remove(asked);
          loop.execute(() -> dropped(asked));
        });
    loop.execute(() -> admit(asked));
    if (over) {
      asked.closed();
    }
    return asked.outcome;
  }

  private CompletableFuture<UploadResult> refused(Upload asked, String why) {
    asked.outcome.completeExceptionally(
        new UnsupportedException(asked.upload + " was not uploaded. " + why));
    return asked.outcome;
  }

  private void admit(Upload asked) {
    loop.assertInLoop();
    if (closing) {
      asked.closed();
    } else if (!asked.outcome.isDone()) {
      waiting.add(asked);
      next();
    }
  }

  private void next() {
    while (underWay.size() < MAX_AT_ONCE && !waiting.isEmpty()) {
      Upload turn = waiting.remove();
      underWay.add(turn);
      turn.begin();
    }
  }

  /** The application cancelled it, or it has ended anyway. */
  private void dropped(Upload asked) {
    waiting.remove(asked);
    Opening<UploadResult> task = asked.task;
    if (task != null) {
      ForeignCalls.guarded("The abort of an upload", task::abort);
    }
  }

  /**
   * Takes no more uploads, fails those that are queued, and cancels those in progress.
   *
   * @return completes on the loop when all have ended, or after a short time limit
   */
  public CompletionStage<Void> close() {
    loop.assertInLoop();
    if (!closing) {
      closing = true;
      List.copyOf(waiting).forEach(Upload::closed);
      waiting.clear();
      List.copyOf(underWay).forEach(Upload::closed);
      if (underWay.isEmpty()) {
        ended.complete(null);
      } else {
        Alarm limit = loop.schedule(END_LIMIT, () -> ended.complete(null));
        CompletionStage<Void> end = ended;
        end.whenComplete((done, never) -> limit.cancel());
      }
    }
    return ended;
  }

  /** The loop accepts no more tasks. On the completions executor. */
  public void clientClosed() {
    over = true;
    open.forEach(Upload::closed);
  }

  /** One upload, from its request to its end. */
  private final class Upload implements UploadContext {
    private final FileUpload upload;
    private final CompletableFuture<UploadResult> outcome = threads.newFuture();
    private @Nullable Opening<UploadResult> task;

    private final Object progressLock = new Object();
    private long bytes;
    private boolean told = true;

    Upload(FileUpload upload) {
      this.upload = upload;
    }

    void begin() {
      ForeignCalls.stage("The provider of uploads", this::begun)
          .whenComplete((result, failure) -> loop.execute(() -> over(result, failure)));
    }

    private CompletionStage<UploadResult> begun() {
      Opening<UploadResult> begun = provider.orElseThrow().begin(upload, this);
      task = begun;
      return begun.outcome();
    }

    private void over(@Nullable UploadResult result, @Nullable Throwable failure) {
      task = null;
      if (!underWay.remove(this)) {
        return;
      }
      threads
          .completions()
          .execute(
              () -> {
                if (result != null) {
                  outcome.complete(result);
                } else {
                  outcome.completeExceptionally(
                      Failures.of(
                          failure == null ? new NullPointerException("no result") : failure,
                          Stage.SESSION));
                }
              });
      if (!closing) {
        next();
      } else if (underWay.isEmpty()) {
        ended.complete(null);
      }
    }

    /** Completing the future cancels an upload in progress. */
    void closed() {
      threads
          .completions()
          .execute(
              () ->
                  outcome.completeExceptionally(
                      new ClientClosedException(
                          "The client was closed before " + upload + " was uploaded.",
                          Progress.MAYBE_SENT)));
    }

    @Override
    public DeviceIdentity identity() {
      return settings.identity();
    }

    @Override
    public Endpoint endpoint() {
      return settings.endpointOf(provider.orElseThrow().route());
    }

    @Override
    public String hubHost() {
      return settings.hubHost();
    }

    @Override
    public Trust trust() {
      return settings.trust();
    }

    @Override
    public Optional<Proxy> proxy() {
      return settings.proxy();
    }

    @Override
    public CompletionStage<Credential> credential() {
      CompletableFuture<Credential> given = new CompletableFuture<>();
      loop.execute(
          () ->
              credentials
                  .get()
                  .whenComplete(
                      (credential, failure) ->
                          loop.execute(
                              () -> {
                                if (credential == null) {
                                  given.completeExceptionally(
                                      Failures.of(failure, Stage.CREDENTIAL));
                                } else {
                                  given.complete(credential);
                                }
                              })));
      return given;
    }

    @Override
    public void credentialRefused() {
      loop.execute(credentials::drop);
    }

    @Override
    public Loop loop() {
      return loop;
    }

    @Override
    public String userAgent() {
      return settings.userAgent();
    }

    @Override
    public void progress(long soFar) {
      Optional<UploadProgress> listener = upload.progress();
      if (listener.isEmpty()) {
        return;
      }
      synchronized (progressLock) {
        bytes = soFar;
        if (!told) {
          return;
        }
        told = false;
      }
      progressCallbacks.execute(() -> tell(listener.get()));
    }

    /** Only the newest progress is kept: at most one call for each upload is queued. */
    private void tell(UploadProgress listener) {
      long now;
      synchronized (progressLock) {
        now = bytes;
        told = true;
      }
      OptionalLong total;
      try {
        total = upload.length();
      } catch (IOException gone) {
        total = OptionalLong.empty();
      }
      listener.onProgress(now, total);
    }
  }
}
