package dev.fairlead.tck;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Proxy;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.SasToken;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.OutboxReader;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A session's context without a client behind it: it does what the contract of {@link
 * SessionContext} says and keeps all that the session does.
 */
public final class RecordingContext implements SessionContext, AutoCloseable {
  private final Target target;
  private final Set<Feed> feeds;
  private final ScriptedOutbox outbox;
  private final boolean strictOrder;
  private final SerialLoop loop;
  private final RecordingInbox inbox;
  private final Credential credential;
  private final OutboxReader lease;
  private final List<String> reopenRequests = new CopyOnWriteArrayList<>();
  private final List<Optional<HubException>> ends = new CopyOnWriteArrayList<>();

  /**
   * Makes the context of one session.
   *
   * @param target whom to connect as, and where
   * @param feeds what to subscribe
   * @param outbox what to send; its present lease is revoked
   * @param strictOrder whether at most one message may be under way
   */
  public RecordingContext(
      Target target, Set<Feed> feeds, ScriptedOutbox outbox, boolean strictOrder) {
    this(target, feeds, outbox, strictOrder, new SerialLoop());
  }

  /**
   * Makes the context of one of several sessions that share a loop.
   *
   * @param target whom to connect as, and where
   * @param feeds what to subscribe
   * @param outbox what to send; its present lease is revoked
   * @param strictOrder whether at most one message may be under way
   * @param loop the loop, which {@link #close()} ends
   */
  public RecordingContext(
      Target target, Set<Feed> feeds, ScriptedOutbox outbox, boolean strictOrder, SerialLoop loop) {
    this.loop = loop;
    this.inbox = new RecordingInbox(loop);
    this.target = target;
    this.feeds = Set.copyOf(feeds);
    this.outbox = outbox;
    this.strictOrder = strictOrder;
    this.credential = tokenFor(target, Duration.ofHours(1));
    this.lease = outbox.lease();
  }

  /**
   * Signs a token with the device's key.
   *
   * @param target the device
   * @param lifetime how long the token is good from now
   * @return the credential
   */
  public static Credential tokenFor(Target target, Duration lifetime) {
    Instant expiry = Instant.now().plus(lifetime).truncatedTo(ChronoUnit.SECONDS);
    SasToken token =
        SasToken.sign(
            new Audience(target.hubHost(), target.identity()),
            Optional.empty(),
            expiry,
            target.key());
    return new Credential.Token(token.text(), token.expiry());
  }

  /**
   * Follows an opening as the client does: when its session ends, the lease is revoked.
   *
   * @param opening the opening
   * @return the session
   */
  public CompletableFuture<TransportSession> follow(Opening<TransportSession> opening) {
    return opening
        .outcome()
        .thenApply(
            session -> {
              session
                  .ended()
                  .thenAccept(
                      reason -> {
                        ends.add(reason);
                        inbox.end();
                        outbox.revoke();
                      });
              return session;
            })
        .toCompletableFuture();
  }

  /**
   * The ends of the session: one at most.
   *
   * @return what {@code ended()} completed with
   */
  public List<Optional<HubException>> ends() {
    return List.copyOf(ends);
  }

  /**
   * Why the session asked to be opened again.
   *
   * @return its reasons in order
   */
  public List<String> reopenRequests() {
    return List.copyOf(reopenRequests);
  }

  /**
   * Runs something on the loop and waits for it.
   *
   * @param action what to run
   */
  public void onLoop(Runnable action) {
    loop.run(action);
  }

  @Override
  public DeviceIdentity identity() {
    return target.identity();
  }

  @Override
  public String hubHost() {
    return target.hubHost();
  }

  @Override
  public Endpoint endpoint() {
    return target.endpoint();
  }

  @Override
  public Optional<Proxy> proxy() {
    return Optional.empty();
  }

  @Override
  public Credential credential() {
    return credential;
  }

  @Override
  public Set<Feed> feeds() {
    return feeds;
  }

  @Override
  public OutboxReader outbox() {
    return lease;
  }

  @Override
  public RecordingInbox inbox() {
    return inbox;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  /**
   * The loop with what a test asks of it.
   *
   * @return the same as {@link #loop()}
   */
  public SerialLoop serialLoop() {
    return loop;
  }

  @Override
  public Duration openTimeout() {
    return Duration.ofSeconds(30);
  }

  @Override
  public boolean strictOrder() {
    return strictOrder;
  }

  @Override
  public String userAgent() {
    return "fairlead-tck";
  }

  @Override
  public Optional<String> modelId() {
    return Optional.empty();
  }

  @Override
  public void requestReopen(String why) {
    reopenRequests.add(why);
  }

  /** Ends the loop. */
  @Override
  public void close() {
    loop.close();
  }
}
