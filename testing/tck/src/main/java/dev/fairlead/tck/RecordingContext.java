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
import org.jspecify.annotations.Nullable;

/**
 * A session's context without a client: it fulfils the contract of {@link SessionContext} and
 * records all actions of the session.
 */
public final class RecordingContext implements SessionContext, AutoCloseable {
  private final Builder values;
  private final ScriptedOutbox outbox;
  private final SerialLoop loop;
  private final RecordingInbox inbox;
  private final Credential credential;
  private final OutboxReader lease;
  private final List<String> reopenRequests = new CopyOnWriteArrayList<>();
  private final List<Optional<HubException>> ends = new CopyOnWriteArrayList<>();

  private RecordingContext(Builder builder) {
    values = new Builder(builder);
    loop = builder.loop == null ? new SerialLoop() : builder.loop;
    inbox = new RecordingInbox(loop);
    outbox = builder.outbox;
    lease = outbox.lease();
    credential =
        builder.credential == null
            ? tokenFor(builder.target, Duration.ofHours(1))
            : builder.credential;
  }

  /**
   * Creates the context of one session.
   *
   * @param target the identity to connect as, and the endpoint
   * @param feeds what to subscribe
   * @param outbox what to send; its present lease is revoked
   * @param strictOrder whether at most one message may be in flight
   */
  public RecordingContext(
      Target target, Set<Feed> feeds, ScriptedOutbox outbox, boolean strictOrder) {
    this(builder(target).feeds(feeds).outbox(outbox).strictOrder(strictOrder));
  }

  /**
   * Starts with the values of most tests: no feeds, an empty outbox, its own loop, and a token that
   * is valid for an hour.
   *
   * @param target the identity to connect as, and the endpoint
   * @return a builder
   */
  public static Builder builder(Target target) {
    return new Builder(target);
  }

  /** The values that a context gives to its session. Not safe for several threads. */
  public static final class Builder {
    private final Target target;
    private Set<Feed> feeds = Set.of();
    private ScriptedOutbox outbox = new ScriptedOutbox();
    private boolean strictOrder;
    private @Nullable SerialLoop loop;
    private @Nullable Credential credential;
    private Optional<Proxy> proxy = Optional.empty();
    private Optional<String> modelId = Optional.empty();
    // With a space and a non-ASCII character, to detect a transport that does not encode it.
    private String userAgent = "fairlead-tck (java 17; ü)";

    private Builder(Target target) {
      this.target = target;
    }

    private Builder(Builder from) {
      target = from.target;
      feeds = Set.copyOf(from.feeds);
      outbox = from.outbox;
      strictOrder = from.strictOrder;
      loop = from.loop;
      credential = from.credential;
      proxy = from.proxy;
      modelId = from.modelId;
      userAgent = from.userAgent;
    }

    /**
     * Sets what to subscribe.
     *
     * @param value the feeds; none unless set
     * @return this
     */
    public Builder feeds(Set<Feed> value) {
      feeds = Set.copyOf(value);
      return this;
    }

    /**
     * Sets what to send.
     *
     * @param value an outbox, whose present lease {@link #build()} revokes
     * @return this
     */
    public Builder outbox(ScriptedOutbox value) {
      outbox = value;
      return this;
    }

    /**
     * Sets whether at most one message may be in flight.
     *
     * @param value false unless set
     * @return this
     */
    public Builder strictOrder(boolean value) {
      strictOrder = value;
      return this;
    }

    /**
     * Shares a loop with other sessions.
     *
     * @param value a loop, which {@link RecordingContext#close()} ends; a new one unless set
     * @return this
     */
    public Builder loop(SerialLoop value) {
      loop = value;
      return this;
    }

    /**
     * Sets the credential.
     *
     * @param value a credential; a token signed with the target's key unless set
     * @return this
     */
    public Builder credential(Credential value) {
      credential = value;
      return this;
    }

    /**
     * Sets a proxy.
     *
     * @param value the proxy for every connection; none unless set
     * @return this
     */
    public Builder proxy(Proxy value) {
      proxy = Optional.of(value);
      return this;
    }

    /**
     * Sets the Plug and Play model.
     *
     * @param value a DTMI; none unless set
     * @return this
     */
    public Builder modelId(String value) {
      modelId = Optional.of(value);
      return this;
    }

    /**
     * Sets the client's user agent.
     *
     * @param value not encoded
     * @return this
     */
    public Builder userAgent(String value) {
      userAgent = value;
      return this;
    }

    /**
     * Creates the context of one session.
     *
     * @return a context, to be closed
     */
    public RecordingContext build() {
      return new RecordingContext(this);
    }
  }

  /**
   * Signs a token with the device's key.
   *
   * @param target the device
   * @param lifetime how long the token is valid from now
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
   * Follows an opening like the client: when its session ends, the lease is revoked.
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
   * Why the session requested to be opened again.
   *
   * @return its reasons in order
   */
  public List<String> reopenRequests() {
    return List.copyOf(reopenRequests);
  }

  /**
   * Runs an action on the loop and waits for it.
   *
   * @param action what to run
   */
  public void onLoop(Runnable action) {
    loop.run(action);
  }

  @Override
  public DeviceIdentity identity() {
    return values.target.identity();
  }

  @Override
  public String hubHost() {
    return values.target.hubHost();
  }

  @Override
  public Endpoint endpoint() {
    return values.target.endpoint();
  }

  @Override
  public Optional<Proxy> proxy() {
    return values.proxy;
  }

  @Override
  public Credential credential() {
    return credential;
  }

  @Override
  public Set<Feed> feeds() {
    return values.feeds;
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
   * The loop with its methods for tests.
   *
   * @return the same as {@link #loop()}
   */
  public SerialLoop serialLoop() {
    return loop;
  }

  @Override
  public boolean strictOrder() {
    return values.strictOrder;
  }

  @Override
  public String userAgent() {
    return values.userAgent;
  }

  @Override
  public Optional<String> modelId() {
    return values.modelId;
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
