package dev.fairlead.session;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.MethodRequest;
import dev.fairlead.Proxy;
import dev.fairlead.Route;
import dev.fairlead.SystemProperty;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.outbox.Lease;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.OutboxReader;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.Settlement;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a session and, if it succeeds, that session: everything that lives exactly as
 * long. Confined to the loop.
 */
public final class LiveSession implements SessionContext, Inbox {
  private final ClientSettings settings;
  private final Loop loop;
  private final Inbox client;
  private final Set<Feed> feeds;
  private final Consumer<String> reopen;
  private final List<OneShot> alarms = new ArrayList<>();

  public final Route route;
  final Credential credential;
  final Lease lease;
  @Nullable Opening<TransportSession> opening;
  public @Nullable TransportSession session;
  boolean reopening;

  /** Whether the new session is to try better routes first, those that failed lately too. */
  boolean failingBack;

  private boolean over;

  LiveSession(
      ClientSettings settings,
      Loop loop,
      Route route,
      Credential credential,
      Lease lease,
      Set<Feed> feeds,
      Inbox client,
      Consumer<LiveSession> reopen) {
    this.settings = settings;
    this.loop = loop;
    this.route = route;
    this.credential = credential;
    this.lease = lease;
    this.feeds = feeds;
    this.client = client;
    this.reopen =
        why ->
            loop.execute(
                () -> {
                  SessionSupervisor.log.info(
                      "{}: opening a new session: {}", settings.identity(), why);
                  reopen.accept(this);
                });
  }

  /** Sets an alarm that dies with the session. */
  void after(Duration delay, Runnable task) {
    OneShot set = new OneShot(task);
    alarms.add(set);
    set.alarm = loop.schedule(delay, set);
  }

  /** Forgotten once it has come: a session may live for years, and sets one each hour. */
  private final class OneShot implements Runnable {
    private final Runnable task;
    private @Nullable Alarm alarm;

    OneShot(Runnable task) {
      this.task = task;
    }

    @Override
    public void run() {
      alarms.remove(this);
      if (!over) {
        task.run();
      }
    }

    void cancel() {
      if (alarm != null) {
        alarm.cancel();
      }
    }
  }

  /** Ends everything of this session: its alarms, its lease, its inbox. */
  void retire(boolean cutByHub) {
    loop.assertInLoop();
    over = true;
    alarms.forEach(OneShot::cancel);
    alarms.clear();
    lease.revoke(cutByHub);
  }

  boolean isOver() {
    return over;
  }

  /** Cuts whatever there is of it. */
  void abort() {
    if (session != null) {
      session.abort();
    } else if (opening != null) {
      opening.abort();
    }
  }

  @Override
  public void cloudMessage(
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement) {
    loop.assertInLoop();
    if (!over) {
      client.cloudMessage(body, properties, systemProperties, settlement);
    }
  }

  @Override
  public int cloudMessageRoom() {
    loop.assertInLoop();
    return over ? 0 : client.cloudMessageRoom();
  }

  @Override
  public void whenCloudMessageRoom(Runnable wakeup) {
    loop.assertInLoop();
    client.whenCloudMessageRoom(
        () -> {
          if (!over) {
            wakeup.run();
          }
        });
  }

  @Override
  public void methodCall(MethodRequest request, MethodReply reply) {
    loop.assertInLoop();
    if (!over) {
      client.methodCall(request, reply);
    }
  }

  @Override
  public void desiredChange(String patch) {
    loop.assertInLoop();
    if (!over) {
      client.desiredChange(patch);
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
  public Inbox inbox() {
    return this;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public Duration openTimeout() {
    return settings.openTimeout();
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
    reopen.accept(why);
  }
}
