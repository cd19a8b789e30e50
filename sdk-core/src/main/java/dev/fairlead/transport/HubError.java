package dev.fairlead.transport;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.QuotaExceededException;
import dev.fairlead.RejectedException;
import dev.fairlead.TakenOverException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.HubCode.Scope;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The hub's error when it refuses or ends something, classified by {@link HubCode}. Its content is
 * not trusted: names and texts are bounded, printable and without secrets.
 *
 * @param kind what follows from it
 * @param scope what it is about
 * @param status the HTTP status, or the first three digits of the code; 0 if there is neither
 * @param code the six-digit code, 0 if there is none
 * @param name the code's name, empty if there is none
 * @param text the hub's sentence, empty if there is none
 * @param trackingId the id that Microsoft's support asks for, empty if there is none
 * @param byHub whether it is in the hub's form, as opposed to that of something in between
 */
public record HubError(
    Kind kind,
    Scope scope,
    int status,
    int code,
    String name,
    String text,
    String trackingId,
    boolean byHub) {
  /** The longest wait that is honoured. */
  public static final Duration LONGEST_WAIT = Duration.ofDays(1);

  /** The hub gives no time for a quota, and no quota is available again within seconds. */
  private static final Duration QUOTA_WAIT = Duration.ofMinutes(10);

  private static final int MAX_TEXT = 300;
  private static final int MAX_ID = 100;

  /**
   * Reads an answer that has a status as HTTP has: an HTTPS answer, that of a twin operation, that
   * about a token.
   *
   * @param status the status; it takes precedence over a contradicting code
   * @param body the text with it, or null for none
   * @return what it says
   */
  public static HubError ofStatus(int status, @Nullable String body) {
    return ofStatus(status, body, null);
  }

  /**
   * Reads an answer that has a status as HTTP has.
   *
   * @param status the status; it takes precedence over a contradicting code
   * @param body the text with it, as UTF-8
   * @return what it says
   */
  public static HubError ofStatus(int status, byte[] body) {
    int read = Math.min(body.length, HubErrorReader.MAX_READ);
    return ofStatus(status, new String(body, 0, read, StandardCharsets.UTF_8), null);
  }

  /**
   * Reads an answer whose header names the code.
   *
   * @param status the status; it takes precedence over a contradicting code
   * @param body the text with it, or null for none
   * @param name the header {@code iothub-errorcode}, or null for none
   * @return what it says
   */
  public static HubError ofStatus(int status, @Nullable String body, @Nullable String name) {
    HubErrorReader read = HubErrorReader.read(body == null ? "" : body);
    if (name != null && HubErrorReader.isName(name)) {
      read.name = name;
    }
    HubCode listed = listed(read).filter(code -> code.status() == status).orElse(null);
    int code = listed != null ? listed.number() : read.code / 1000 == status ? read.code : 0;
    return of(
        read,
        listed == null ? HubCode.kindOf(status) : listed.kind(),
        listed == null ? HubCode.scopeOf(status) : listed.scope(),
        status,
        code);
  }

  /**
   * Reads an error that has no status, such as the description of an AMQP condition. A code in it
   * is more specific than the condition.
   *
   * @param text the text, or null for none
   * @param kind the kind if the text has no code
   * @param scope the scope if the text has no code
   * @return what it says
   */
  public static HubError ofText(@Nullable String text, Kind kind, Scope scope) {
    HubErrorReader read = HubErrorReader.read(text == null ? "" : text);
    Optional<HubCode> listed = listed(read);
    if (listed.isPresent()) {
      HubCode code = listed.get();
      return of(read, code.kind(), code.scope(), code.status(), code.number());
    }
    int status = read.code / 1000;
    return status == 0
        ? of(read, kind, scope, 0, 0)
        : of(read, HubCode.kindOf(status), HubCode.scopeOf(status), status, read.code);
  }

  /**
   * As {@link #ofText(String, Kind, Scope)}, for a condition that is equivalent to one of the hub's
   * codes.
   *
   * @param text the text, or null for none
   * @param otherwise the code to use if the text has none
   * @return what it says
   */
  public static HubError ofText(@Nullable String text, HubCode otherwise) {
    HubError error = ofText(text, otherwise.kind(), otherwise.scope());
    return error.code != 0
        ? error
        : new HubError(
            error.kind,
            error.scope,
            otherwise.status(),
            otherwise.number(),
            otherwise.hubName(),
            error.text,
            error.trackingId,
            error.byHub);
  }

  private static Optional<HubCode> listed(HubErrorReader read) {
    return read.code != 0 ? HubCode.of(read.code) : HubCode.named(read.name);
  }

  private static HubError of(HubErrorReader read, Kind kind, Scope scope, int status, int code) {
    String name =
        !read.name.isEmpty() ? read.name : HubCode.of(code).map(HubCode::hubName).orElse("");
    return new HubError(
        kind,
        scope,
        status,
        code,
        name,
        ForeignText.clean(read.message, MAX_TEXT),
        ForeignText.clean(read.trackingId, MAX_ID),
        code != 0 || !read.name.isEmpty() || read.signed);
  }

  /**
   * The same said about a token on {@code $cbs}: there a 404 means that the identity is unknown, as
   * it does when the hub refuses the credential.
   *
   * @return an error of the kind {@link Kind#UNAUTHORIZED} for any 404, else this
   */
  public HubError aboutToken() {
    return status != 404
        ? this
        : new HubError(
            Kind.UNAUTHORIZED, Scope.THIS_IDENTITY, status, code, name, text, trackingId, byHub);
  }

  /**
   * The hub's error, for the middle of a sentence: the code in parentheses, then the hub's text in
   * quotes.
   *
   * @param how the source, such as "HTTP 404", "amqp:not-found", "status 429"
   * @return such as {@code (HTTP 404, DeviceNotFound, error 404001): "No such device."}
   */
  public String quote(String how) {
    StringBuilder words = new StringBuilder("(").append(how);
    if (!name.isEmpty()) {
      words.append(", ").append(name);
    }
    if (code != 0) {
      words.append(", error ").append(code);
    }
    if (!trackingId.isEmpty()) {
      words.append(", tracking id ").append(trackingId);
    }
    words.append(')');
    if (!text.isEmpty()) {
      words.append(": \"").append(text).append('"');
    }
    return words.toString();
  }

  /**
   * The failure that this error means.
   *
   * @param subject what was refused or ended and the hub's error, without a full stop, such as
   *     {@code "The hub refused the message " + error.quote("amqp:not-allowed")}
   * @param stage the stage of the failure if it is about the connection
   * @param progress whether the bytes may have left
   * @param retryAfter how long the hub asked to wait, or null; more than a day counts as a day
   * @return the failure; its message ends with what to do next
   */
  public HubException failure(
      String subject, Stage stage, Progress progress, @Nullable Duration retryAfter) {
    return failure(subject, stage, progress, retryAfter, "");
  }

  /**
   * The failure of a twin operation. A refused credential does not concern the session here.
   *
   * @param how the source, such as "status 400"
   * @param retryAfter how long the hub asked to wait, or null
   * @return the failure; its message ends with what to do next
   */
  public HubException twinFailure(String how, @Nullable Duration retryAfter) {
    String subject = "The hub did not carry out the twin operation " + quote(how);
    if (kind == Kind.UNAUTHORIZED) {
      return new RejectedException(
          subject + ". Check the identity's permissions and its status in the registry.",
          Progress.MAYBE_SENT,
          number());
    }
    return failure(
        subject,
        Stage.SESSION,
        Progress.MAYBE_SENT,
        retryAfter,
        "Check the document against the twin's limits: 32 KB, depth 10, no null values, keys without"
            + " dot, dollar and space.");
  }

  private HubException failure(
      String subject,
      Stage stage,
      Progress progress,
      @Nullable Duration retryAfter,
      String ifRejected) {
    String message = subject + ". " + (ifRejected.isEmpty() ? advice() : next(ifRejected));
    return switch (kind) {
      case UNAUTHORIZED -> new UnauthorizedException(message, progress);
      case THROTTLED -> new ThrottledException(message, progress, bounded(retryAfter));
      case QUOTA_EXCEEDED, SUSPENDED ->
          new QuotaExceededException(
              message, progress, bounded(retryAfter == null ? QUOTA_WAIT : retryAfter));
      case REJECTED, LOCK_LOST -> new RejectedException(message, progress, number());
      case TEMPORARY ->
          // RFC 9110, section 10.2.3: with Retry-After it is a request to wait.
          status == 503 && retryAfter != null
              ? new ThrottledException(message, progress, bounded(retryAfter))
              : new UnreachableException(message, stage, progress, null);
      case TAKEN_OVER -> new TakenOverException(message, progress);
      case PROTOCOL_ERROR -> new UnreachableException(message, stage, progress, null);
    };
  }

  private String next(String ifRejected) {
    return kind == Kind.REJECTED && status != 403 ? ifRejected : advice();
  }

  private int number() {
    return code != 0 ? code : status;
  }

  private static @Nullable Duration bounded(@Nullable Duration wait) {
    if (wait == null) {
      return null;
    }
    if (wait.isNegative()) {
      return Duration.ZERO;
    }
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }

  /**
   * What to do next.
   *
   * @return one or two sentences
   */
  public String advice() {
    return switch (kind) {
      case UNAUTHORIZED -> unauthorizedAdvice();
      case THROTTLED -> "Too many requests for the hub's tier: send fewer, or wait and retry.";
      case QUOTA_EXCEEDED -> quotaAdvice();
      case SUSPENDED -> "The hub is suspended: check its Azure subscription, then retry.";
      case REJECTED -> rejectedAdvice();
      case LOCK_LOST ->
          "The message's lock has expired, or it was settled already, so the hub delivers it again."
              + " Settle sooner, or make the handler accept repeated messages.";
      case TEMPORARY -> "This is temporary; retry.";
      case TAKEN_OVER ->
          "Another connection uses the same identity and only one is allowed. Find the second "
              + "client, or"
              + " give it an identity of its own.";
      case PROTOCOL_ERROR ->
          "The hub and this client do not understand each other on this route. Check the host, or"
              + " use another route.";
    };
  }

  private String unauthorizedAdvice() {
    return switch (code) {
      case 401001 -> "There is no hub of this name. Check the host name in the connection string.";
      case 403012 -> "The device is disabled. Check its status in the hub's registry.";
      case 404001, 404010 ->
          "The identity is unknown to the hub, or disabled. Check it in the hub's registry.";
      default ->
          "The key, token or certificate may be wrong or expired, the device may be unknown or"
              + " disabled, or this machine's clock may be wrong.";
    };
  }

  private String quotaAdvice() {
    return switch (code) {
      case 403005 -> "There are too many identities on this connection. Use fewer, or wait.";
      case 403006 -> "Too many file uploads of this device are in progress. Wait for some of them.";
      default ->
          "A daily quota starts again at midnight UTC. Check the hub's metrics and tier, or wait.";
    };
  }

  private String rejectedAdvice() {
    return switch (status) {
      case 400 -> "Check property names, values and ids against the hub's rules.";
      case 403 -> "The hub's tier or the device's permissions may not include it.";
      case 404 -> "It does not exist, or was deleted.";
      case 413 -> "It is too large: a message has at most 256 KB with its properties.";
      default -> "If sent again unchanged, it would be refused again.";
    };
  }
}
