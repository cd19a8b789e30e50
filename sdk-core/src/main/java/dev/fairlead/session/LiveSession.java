package dev.fairlead.session;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Proxy;
import dev.fairlead.Route;
import dev.fairlead.inbound.SessionInbox;
import dev.fairlead.outbox.Lease;
import dev.fairlead.outbox.SessionEnd;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.OutboxReader;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ForeignCalls;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a session and, if it succeeds, that session: everything with the same lifetime.
 * Confined to the loop.
 */
public final class LiveSession implements SessionContext {
  private final ClientSettings settings;
  private final Loop loop;
  private final SessionInbox inbox;
  private final Set<Feed> feeds;
  private final BiConsumer<LiveSession, String> reopen;

  public final Route route;
  final Lease lease;

  /** The token that the session is open with; another one after a renewal. */
  TokenLease token;

  @Nullable Opening<TransportSession> opening;
  public @Nullable TransportSession session;
  private boolean over;

  LiveSession(
      ClientSettings settings,
      Loop loop,
      Route route,
      TokenLease token,
      Lease lease,
      Set<Feed> feeds,
      SessionInbox inbox,
      BiConsumer<LiveSession, String> reopen) {
    this.settings = settings;
    this.loop = loop;
    this.route = route;
    this.token = token;
    this.lease = lease;
    this.feeds = feeds;
    this.inbox = inbox;
    this.reopen = reopen;
  }

  /** The session is open; the inbox begins to follow its twin. */
  void opened(TransportSession transport) {
    inbox.opened(transport);
  }

  /** Releases what this session holds of the client: its lease on the outbox, its inbox. */
  void retire(SessionEnd end, @Nullable HubException why) {
    loop.assertInLoop();
    if (!over) {
      over = true;
      inbox.end();
      lease.revoke(end, why);
    }
  }

  boolean isOver() {
    return over;
  }

  /** Asks the open session to close; false if it threw, so that it cannot be expected to close. */
  boolean close() {
    TransportSession open = session;
    return open != null && ForeignCalls.guarded("session.close()", open::close) == null;
  }

  /** Cuts it, in any phase. */
  void abort() {
    TransportSession open = session;
    Opening<TransportSession> begun = opening;
    if (open != null) {
      ForeignCalls.guarded("session.abort()", open::abort);
    } else {
      Openings.abort(begun);
    }
  }

  @Override
  public DeviceIdentity identity() {
    return settings.identity();
  }

  @Override
  public String hubHost() {
    return settings.hubHost();
  }

  @Override
  public Endpoint endpoint() {
    return settings.endpointOf(route);
  }

  @Override
  public Optional<Proxy> proxy() {
    return settings.proxy();
  }

  @Override
  public Credential credential() {
    return token.credential();
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
  public Inbox inbox() {
    return inbox;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public boolean strictOrder() {
    return settings.strictOrder();
  }

  @Override
  public String userAgent() {
    return settings.userAgent();
  }

  @Override
  public Optional<String> modelId() {
    return settings.modelId();
  }

  @Override
  public void requestReopen(String why) {
    loop.execute(() -> reopen.accept(this, why));
  }
}
