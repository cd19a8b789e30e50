package dev.fairlead.https;

import dev.fairlead.HubException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.https.http.HttpAnswer;
import dev.fairlead.https.http.HttpsFailures;
import dev.fairlead.https.http.HubHttp;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device's requests to the hub over HTTPS, from the first to the last. Connections are opened
 * and closed as needed: it ends when a request gets no answer, or one that means that the hub, or
 * the route to it, is not available to this device. Confined to the loop.
 */
final class HttpsSession implements TransportSession {
  private static final Logger log = LoggerFactory.getLogger(HttpsSession.class);
  private static final String PROOF = "the first request";

  private enum State {
    OPENING,
    OPEN,
    /** Sends no further request; waits for answers. */
    CLOSING,
    ENDED
  }

  private final SessionContext context;
  private final Loop loop;
  private final CompletableFuture<TransportSession> outcome;
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
  private final HttpsFailures failures;
  private final HubHttp http;
  private final DeviceRequests requests;
  private final Exchanges exchanges;
  private final TelemetryPump pump;
  private final Optional<CloudMessagePolls> polls;

  private State state = State.OPENING;

  HttpsSession(
      HttpsOptions options,
      HttpsTransport.Limiters limiters,
      SessionContext context,
      CompletableFuture<TransportSession> outcome) {
    this.context = context;
    this.outcome = outcome;
    loop = context.loop();
    String identity = context.identity().toString();
    failures = new HttpsFailures(identity, context.endpoint(), context.credential(), loop::now);
    http =
        new HubHttp(
            "HTTPS: " + identity,
            options.dialer().proxy(context.proxy()),
            context.endpoint(),
            context.credential() instanceof Credential.Certificate certificate
                ? Optional.of(certificate)
                : Optional.empty(),
            context.hubHost(),
            options.keepAlive(),
            loop::schedule);
    requests = new DeviceRequests(http.url(), context);
    exchanges = new Exchanges(http, loop, failures, options.answerTimeout(), this::exchangeDone);
    pump =
        new TelemetryPump(
            exchanges,
            requests,
            failures,
            context.outbox(),
            loop,
            context.strictOrder() ? 1 : TelemetryBatch.MAX_MESSAGES,
            this::end);
    polls =
        context.feeds().contains(Feed.CLOUD_MESSAGES)
            ? Optional.of(
                new CloudMessagePolls(
                    exchanges,
                    requests,
                    failures,
                    limiters.limiter(context.hubHost(), context.identity(), loop),
                    context.inbox(),
                    loop,
                    this::end))
            : Optional.empty();
  }

  /** Shows the credential; the session is open when the hub has checked it. */
  void open() {
    loop.assertInLoop();
    if (state != State.OPENING) {
      return;
    }
    exchanges.open(requests.proof(), PROOF, this::proved, this::end);
  }

  /** What opening waits for. Any thread. */
  String openingStep() {
    return http.step(PROOF);
  }

  /** The hub checks the credential before the content, which is a batch of no messages. */
  private void proved(HttpAnswer answer) {
    if (state != State.OPENING) {
      return;
    }
    if (!HttpsFailures.provesCredential(answer)) {
      end(failures.answered(answer, PROOF, Stage.OPEN));
      return;
    }
    state = State.OPEN;
    log.debug("{}: HTTPS session with {} is open", context.identity(), context.endpoint());
    outcome.complete(this);
    if (state == State.OPEN) {
      pump.start();
      polls.ifPresent(CloudMessagePolls::start);
    }
  }

  /** HTTPS has no twin for devices. */
  @Override
  public Optional<TwinLink> twin() {
    return Optional.empty();
  }

  /** Every request shows the credential, so the next one shows the new one. */
  @Override
  public CompletionStage<Renewal> renew(Credential credential) {
    loop.assertInLoop();
    requests.use(credential);
    return CompletableFuture.completedFuture(Renewal.RENEWED);
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
    polls.ifPresent(CloudMessagePolls::stop);
    exchangeDone();
  }

  private void exchangeDone() {
    if (state == State.CLOSING && exchanges.underWay() == 0) {
      end(Optional.empty());
    }
  }

  @Override
  public void abort() {
    loop.assertInLoop();
    cut();
  }

  /** Ends the session immediately. Any thread; does not block. */
  void cut() {
    http.abort();
    loop.execute(() -> end(failures.aborted(state == State.OPENING ? Stage.OPEN : Stage.SESSION)));
  }

  private void end(HubException reason) {
    end(Optional.of(reason));
  }

  private void end(Optional<HubException> reason) {
    loop.assertInLoop();
    if (state == State.ENDED) {
      return;
    }
    boolean opening = state == State.OPENING;
    state = State.ENDED;
    pump.stop();
    polls.ifPresent(CloudMessagePolls::end);
    http.abort();
    log.debug(
        "{}: HTTPS session ended: {}",
        context.identity(),
        reason.map(Throwable::getMessage).orElse("closed"));
    ended.complete(reason);
    if (opening) {
      outcome.completeExceptionally(reason.orElseGet(failures::ended));
    }
  }
}
