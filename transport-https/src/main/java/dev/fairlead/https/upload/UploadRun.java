package dev.fairlead.https.upload;

import dev.fairlead.ClientClosedException;
import dev.fairlead.Endpoint;
import dev.fairlead.FileUpload;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UploadResult;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.UploadContext;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upload from beginning to end, on a thread of its own: reading the content blocks, and there
 * are at most ten such threads. Cancelling interrupts the thread and cuts the connection to the
 * storage; the hub is still notified.
 */
final class UploadRun implements Opening<UploadResult> {
  private static final Logger log = LoggerFactory.getLogger(HttpsUploads.class);

  /** How long a failed or cancelled upload may take to notify the hub. */
  private static final Duration NOTICE_LIMIT = Duration.ofSeconds(5);

  private final FileUpload upload;
  private final UploadContext context;
  private final Dialer dialer;
  private final @Nullable Trust storageTrust;
  private final Duration answerTimeout;
  private final Retries retries;
  private final Thread thread;
  private final CompletableFuture<UploadResult> outcome = new CompletableFuture<>();

  private volatile Supplier<String> step;

  // Of the run's thread.
  private @Nullable HubFiles hub;
  private @Nullable CompletionStage<Grant> asked;
  private @Nullable Grant grant;
  private int blocksThere;
  private boolean usedGrant;
  private boolean stored;

  private final Object lock = new Object();
  private @Nullable Storage storage;
  private boolean cancelled;
  private boolean ending;

  UploadRun(
      FileUpload upload,
      UploadContext context,
      Dialer dialer,
      @Nullable Trust storageTrust,
      Retries retries,
      Duration answerTimeout) {
    this.upload = upload;
    this.context = context;
    this.dialer = dialer;
    this.storageTrust = storageTrust;
    this.answerTimeout = answerTimeout;
    this.retries = retries;
    step = () -> "the first bytes of " + upload;
    thread = new Thread(this::run, "fairlead-" + context.identity() + "-upload");
    thread.setDaemon(true);
  }

  UploadRun start() {
    thread.start();
    return this;
  }

  @Override
  public CompletionStage<UploadResult> outcome() {
    return outcome;
  }

  @Override
  public void abort() {
    Storage cut;
    synchronized (lock) {
      if (cancelled || ending) {
        return;
      }
      cancelled = true;
      cut = storage;
      thread.interrupt();
    }
    if (cut != null) {
      cut.abort();
    }
  }

  @Override
  public String step() {
    return step.get();
  }

  private static String credentialStep() {
    return "a credential";
  }

  /** Makes a request, perhaps several times, and records what it waits for. */
  private <T> T request(Supplier<String> waitsFor, Retries.Attempt<T> attempt)
      throws InterruptedException {
    return retries.trying(
        context.loop(),
        () -> {
          step = waitsFor;
          return attempt.once();
        },
        () -> {
          String failed = waitsFor.get();
          step = () -> "the pause before the next attempt, after " + failed;
        });
  }

  private void run() {
    UploadResult result = null;
    HubException failure = null;
    try {
      result = wholeUpload();
    } catch (Exception | Error e) {
      failure = failureOf(e);
    }
    Storage last;
    synchronized (lock) {
      ending = true;
      last = storage;
    }
    // From here on there is no interrupt any more, and the hub must still be notified.
    if (Thread.interrupted()) {
      log.debug("{}: {} was interrupted", context.identity(), upload);
    }
    if (last != null) {
      last.abort();
    }
    if (failure != null) {
      reportFailure(failure);
    }
    if (hub != null) {
      hub.abort();
    }
    if (failure == null) {
      outcome.complete(result);
    } else {
      outcome.completeExceptionally(failure);
    }
  }

  private UploadResult wholeUpload() throws IOException, InterruptedException {
    // Opened first, because unreadable content must not use one of the hub's ten places.
    Content content = new Content(upload);
    try {
      content.next();
      begin();
      while (true) {
        try {
          if (!stored) {
            toStorage(content);
            stored = true;
          }
          Grant done = confirm();
          return new UploadResult(done.blobName(), done.correlationId(), content.read());
        } catch (GrantRefused e) {
          renew(e, content);
        }
      }
    } finally {
      close(content);
    }
  }

  /** The content has been read, so a failure to close its source does not matter. */
  private void close(Content content) {
    try {
      content.close();
    } catch (IOException e) {
      log.debug("{}: the source of {} was not closed cleanly", context.identity(), upload, e);
    }
  }

  /** Requests a grant; a refused credential is renewed once. */
  private void begin() throws InterruptedException {
    try {
      request(UploadRun::credentialStep, this::beginOnce);
    } catch (UnauthorizedException refused) {
      context.credentialRefused();
      request(UploadRun::credentialStep, this::beginOnce);
    }
  }

  private Void beginOnce() throws InterruptedException {
    HubFiles files = hub;
    if (files == null) {
      files = new HubFiles(context, Retries.await(context.credential()), dialer, answerTimeout);
      hub = files;
    } else {
      files.use(Retries.await(context.credential()));
    }
    step = files::step;
    CompletionStage<Grant> asking = files.begin(upload.blobName());
    asked = asking;
    Grant given = Retries.await(asking);
    asked = null;
    grant = given;
    usedGrant = false;
    Storage next =
        new Storage(
            given,
            given.endpoint(trustFor(given)),
            context,
            files.credential(),
            dialer,
            upload.contentType(),
            answerTimeout);
    Storage last;
    synchronized (lock) {
      last = storage;
      storage = next;
    }
    if (last != null) {
      last.abort();
    }
    return null;
  }

  private Trust trustFor(Grant given) {
    if (storageTrust != null) {
      return storageTrust;
    }
    Endpoint hubEndpoint = context.endpoint();
    boolean sameHost = given.endpoint(context.trust()).host().equalsIgnoreCase(hubEndpoint.host());
    return sameHost ? hubEndpoint.trust() : context.trust();
  }

  private void toStorage(Content content) throws IOException, InterruptedException {
    Storage to = current(storage);
    if (content.index() == 0 && content.ended()) {
      request(to::step, () -> Retries.await(to.put(content.block(), content.blockBytes())));
      progressed(content);
      return;
    }
    while (true) {
      if (blocksThere == content.index()) {
        request(
            to::step,
            () ->
                Retries.await(to.putBlock(content.index(), content.block(), content.blockBytes())));
        blocksThere++;
        progressed(content);
      }
      if (content.ended()) {
        break;
      }
      step = () -> "the next bytes of " + upload;
      content.next();
    }
    request(to::step, () -> Retries.await(to.commit(blocksThere)));
    usedGrant = true;
  }

  private void progressed(Content content) {
    usedGrant = true;
    context.progress(content.read());
  }

  /** Notifies the hub that the file is there. */
  private Grant confirm() throws InterruptedException {
    Grant done = current(grant);
    HubFiles files = current(hub);
    int[] tries = {0};
    try {
      request(
          UploadRun::credentialStep,
          () -> {
            tries[0]++;
            files.use(Retries.await(context.credential()));
            step = files::step;
            return Retries.await(
                files.end(done, true, 200, "The file is in the storage.", answerTimeout));
          });
    } catch (RejectedException e) {
      int code = e.code().orElse(0);
      if (code == HubFiles.EXPIRED) {
        throw new GrantRefused(e);
      }
      // An earlier notice was accepted, and only its answer was lost.
      if (code != HubFiles.NO_SUCH_UPLOAD || tries[0] == 1) {
        throw e;
      }
    }
    grant = null;
    return done;
  }

  /** A large file may take longer than a signature is valid: an hour by default, a day at most. */
  private void renew(GrantRefused refused, Content content)
      throws IOException, InterruptedException {
    if (!usedGrant) {
      throw refused.failure();
    }
    Grant last = current(grant);
    log.info("{}: asks the hub again where to put {}", context.identity(), upload);
    grant = null;
    notifyFailure(last, 403, "The signature expired; the upload goes on with another.");
    begin();
    if (!current(grant).sameBlob(last)) {
      stored = false;
      blocksThere = 0;
      content.rewind();
      content.next();
    }
  }

  private static <T> T current(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("The hub was not asked yet.");
    }
    return value;
  }

  private HubException failureOf(Throwable thrown) {
    boolean stopped;
    synchronized (lock) {
      stopped = cancelled;
    }
    return stopped
        ? new ClientClosedException(upload + " was cancelled.", Progress.MAYBE_SENT)
        : UploadFailures.of(thrown, upload);
  }

  /** Notifies the hub of a failure, so that one of its ten places is free again immediately. */
  private void reportFailure(HubException failure) {
    Grant last = grant;
    CompletionStage<Grant> asking = asked;
    if (last == null && asking != null) {
      try {
        last = asking.toCompletableFuture().get(NOTICE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException | TimeoutException | InterruptedException nothingToEnd) {
        log.debug("{}: {} had not begun", context.identity(), upload);
      }
    }
    if (last != null) {
      notifyFailure(last, UploadFailures.statusOf(failure), String.valueOf(failure.getMessage()));
    }
  }

  private void notifyFailure(Grant last, int status, String why) {
    String text = why.length() > 200 ? why.substring(0, 200) : why;
    HubFiles files = current(hub);
    step = files::step;
    try {
      files
          .end(last, false, status, text, NOTICE_LIMIT)
          .toCompletableFuture()
          .get(NOTICE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn(
          "{}: the hub could not be notified that {} failed; it holds one of the device's ten places"
              + " until its signature expires ({})",
          context.identity(),
          upload,
          String.valueOf(e.getCause() == null ? e : e.getCause()));
    }
  }
}
