package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.HubCode.Scope;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.engine.Session;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The links of one session. The session needs its telemetry link; without the others it can
 * continue, so those are attached again, each with a back-off of its own, if the hub refuses or
 * detaches them or does not answer. Confined to the loop.
 */
final class SessionLinks implements Links.Owner {
  /** The session as its links see it. */
  interface Owner {
    /** Links are attached, the telemetry link among them or not. */
    void attached(Links links);

    /**
     * Links are refused or the hub does not answer their ATTACH: for now nothing can be sent over
     * them.
     *
     * @param why what the hub did, as a sentence
     */
    void notGranted(Links links, String why);

    /** Whether links that were attached on demand are to be attached again. */
    boolean needs(Links links);

    /** The telemetry link is refused, or attached links are permanently lost. */
    void refused(Links links, AmqpError why, boolean granted);

    /** The session cannot be used any more. */
    void failed(HubException why);

    /** Whether the session is open, and not closing. */
    boolean isOpen();
  }

  /** Losses of the telemetry link in a row, each within a minute of the one before. */
  private static final int MAX_LOSSES = 5;

  private static final Duration STABLE = Duration.ofMinutes(1);

  /** IoT Hub's current version. */
  private static final String API_VERSION = "2021-04-12";

  private static final Symbol MODEL_ID = Symbol.valueOf("com.microsoft:model-id");

  private static final Logger log = LoggerFactory.getLogger(SessionLinks.class);

  private final AmqpConnection connection;
  private final SessionContext context;
  private final Loop loop;
  private final String who;
  private final Owner owner;
  private final Map<Links, Attachment> attachments = new LinkedHashMap<>();

  private @Nullable Links telemetry;
  private @Nullable Session session;
  private boolean tokenAnswered = true;

  SessionLinks(AmqpConnection connection, SessionContext context, Owner owner) {
    this.connection = connection;
    this.context = context;
    this.loop = context.loop();
    this.who = context.identity().toString();
    this.owner = owner;
  }

  /**
   * Adds links. The ones for telemetry are the last: when the hub, which works in order, has
   * answered them, it has seen the others.
   *
   * @param wanted whether they are attached with the session, and not on demand
   */
  Links add(LinkPurpose purpose, Links.User user, boolean wanted) {
    AmqpOptions options = connection.options();
    Map<Symbol, Object> properties = new HashMap<>();
    if (options.broker().isEmpty()) {
      properties.put(Symbol.valueOf("com.microsoft:api-version"), API_VERSION);
      properties.put(Symbol.valueOf("com.microsoft:client-version"), context.userAgent());
      if (purpose.sends()) {
        context.modelId().ifPresent(model -> properties.put(MODEL_ID, model));
      }
    }
    Links links =
        new Links(
            purpose,
            connection.container() + "/" + who + "/",
            Map.copyOf(properties),
            connection.engine(),
            connection.debts(),
            options.answerTimeout(),
            purpose.receives() ? options.answerTimeout() : options.acknowledgementTimeout(),
            this,
            user);
    attachments.put(links, new Attachment(links, wanted));
    if (purpose.sends() && !purpose.receives()) {
      telemetry = links;
    }
    return links;
  }

  /**
   * Attaches the links.
   *
   * @param early whether the token is not answered yet
   */
  void attachAll(Session own, boolean early) {
    session = own;
    tokenAnswered = !early;
    for (Attachment each : attachments.values()) {
      if (each.wanted) {
        each.early = early;
        each.attach();
      }
    }
  }

  /** The hub has accepted the token: links that it refused without one are attached again. */
  void tokenAnswered() {
    tokenAnswered = true;
    for (Attachment each : attachments.values()) {
      if (each.waitsForToken) {
        each.waitsForToken = false;
        each.attach();
      }
    }
  }

  /** The session is open: from here on a refusal is not caused by attaching early. */
  void opened() {
    attachments.values().forEach(each -> each.early = false);
  }

  /** Attaches links that are needed now. */
  void attachNow(Links links) {
    Attachment asked = attachments.get(links);
    if (asked != null) {
      asked.cancel();
      if (!asked.attach()) {
        owner.notGranted(
            links, "The hub does not answer ATTACH of the " + links.purpose().words() + ".");
      }
    }
  }

  /** Detaches links and attaches them again. */
  void reattach(Links links) {
    links.letGo();
    attachNow(links);
  }

  /** Attaches nothing any more. */
  void stop() {
    attachments.values().forEach(Attachment::cancel);
    session = null;
  }

  /** The hub has ended the AMQP session of the links. */
  void sessionEnded() {
    session = null;
    for (Attachment each : attachments.values()) {
      each.cancel();
      each.waitsForToken = false;
      each.links.sessionEnded();
    }
  }

  /** The session has ended. */
  void end() {
    session = null;
    for (Attachment each : attachments.values()) {
      each.cancel();
      each.links.end();
    }
  }

  @Override
  public void attached(Links links) {
    Attachment answered = attachment(links);
    answered.attached = true;
    answered.attachedAt = loop.nanoTime();
    if (answered.warned) {
      answered.warned = false;
      log.info("{}: the {} is attached now", who, links.purpose().words());
    }
    owner.attached(links);
  }

  @Override
  public void lost(Links links, AmqpError why, boolean granted) {
    Attachment lost = attachment(links);
    if (lost.early) {
      // The hub processed the link before the token.
      lost.early = false;
      if (tokenAnswered) {
        lost.attach();
      } else {
        lost.waitsForToken = true;
      }
      return;
    }
    lost.countLoss();
    if (links == telemetry) {
      if (!owner.isOpen() || !passes(why) || lost.losses > MAX_LOSSES) {
        owner.refused(links, why, granted);
      } else {
        lost.attachLater();
      }
    } else if (granted && endsSession(why.kind())) {
      owner.refused(links, why, true);
    } else {
      String text = "The hub " + (granted ? "detached" : "refused") + " the link " + why + ".";
      if (!granted) {
        owner.notGranted(links, text);
      }
      lost.missing(text);
    }
  }

  /**
   * Whether the telemetry link is worth another attempt: the reason was temporary, or one message.
   */
  private static boolean passes(AmqpError why) {
    return why.kind() == Kind.TEMPORARY
        || (why.kind() == Kind.REJECTED && why.error().scope() == Scope.THIS_MESSAGE);
  }

  private static boolean endsSession(Kind kind) {
    return kind == Kind.UNAUTHORIZED || kind == Kind.TAKEN_OVER || kind == Kind.PROTOCOL_ERROR;
  }

  @Override
  public void unanswered(Links links, Overdue overdue) {
    if (!owner.isOpen()) {
      return; // The client times the opening and the closing.
    }
    if (links == telemetry) {
      owner.failed(overdue.failure("A new session is opened."));
      return;
    }
    links.letGo();
    Attachment missing = attachment(links);
    missing.countLoss();
    owner.notGranted(links, overdue.sentence());
    missing.missing(overdue.sentence());
    connection.engine().flushSoon();
  }

  private Attachment attachment(Links links) {
    Attachment known = attachments.get(links);
    if (known == null) {
      throw new IllegalStateException("These links belong to another session.");
    }
    return known;
  }

  /** Links with the state of attaching them. */
  private final class Attachment {
    private final Links links;
    private final boolean wanted;
    private final RetryDelay delay = new RetryDelay();

    /** Whether they were attached before the token was answered: one refusal does not count. */
    private boolean early;

    private boolean waitsForToken;
    private boolean warned;
    private int losses;
    private boolean attached;
    private long attachedAt;
    private @Nullable Alarm retry;

    Attachment(Links links, boolean wanted) {
      this.links = links;
      this.wanted = wanted;
    }

    /**
     * Attaches them if that is possible; returns whether they are being attached or are attached.
     */
    boolean attach() {
      Session own = session;
      if (own != null && links.canAttach()) {
        links.attach(own);
      }
      return links.state() != Links.State.IDLE;
    }

    void countLoss() {
      boolean stable = attached && loop.nanoTime() - attachedAt >= STABLE.toNanos();
      if (stable) {
        delay.succeeded();
      }
      losses = stable ? 1 : losses + 1;
      attached = false;
    }

    void missing(String why) {
      if (!wanted && !owner.needs(links)) {
        return; // attached when there is something to send
      }
      if (!warned && losses > 1) {
        warned = true;
        log.warn(
            "{}: the {} is not attached. {} It is attached again with growing pauses; the session"
                + " continues without it.",
            who,
            links.purpose().words(),
            why);
      } else {
        log.debug("{}: the {} is not attached. {}", who, links.purpose().words(), why);
      }
      attachLater();
    }

    void attachLater() {
      cancel();
      retry =
          loop.schedule(
              delay.next(),
              () -> {
                retry = null;
                if (session != null && !attach()) {
                  attachLater();
                }
                connection.engine().flushSoon();
              });
    }

    void cancel() {
      if (retry != null) {
        retry.cancel();
        retry = null;
      }
    }
  }
}
