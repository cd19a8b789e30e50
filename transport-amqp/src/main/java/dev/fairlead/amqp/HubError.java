package dev.fairlead.amqp;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.jspecify.annotations.Nullable;

/**
 * What the hub says when it refuses or ends something: a condition, and in its description most
 * often a JSON object with an error code. This is the one table of what each means. IoT Hub:
 * "Troubleshoot Azure IoT Hub error codes", and AMQP 1.0, sections 2.8.15 to 2.8.18.
 *
 * @param kind what follows from it
 * @param condition the condition's name, or the status where there is none
 * @param code the hub's error code (six digits) or status (three), 0 if it told none
 * @param told what the hub wrote about it, empty if nothing
 */
record HubError(Kind kind, String condition, int code, String told) {
  /** What follows from an error. */
  enum Kind {
    /** The credential or the identity is refused. */
    UNAUTHORIZED,
    /** Slower, or no more today. */
    THROTTLED,
    /** Refused, and it would be refused again. */
    REJECTED,
    /** Trouble of the hub's own that passes: trying again is right. */
    PASSING,
    /** Another connection of the same identity has taken the place. */
    TAKEN_OVER,
    /** One side has broken the protocol: only a new session helps. */
    BROKEN
  }

  private static final int MAX_READ = 4096;
  private static final int MAX_TOLD = 300;
  private static final Pattern CODE = Pattern.compile("\"errorCode\"\\s*:\\s*\"?(\\d{3,9})\\b");
  private static final Pattern MESSAGE =
      Pattern.compile("\"[Mm]essage\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.){0,300}+)");

  /** Codes that say more than their first three digits, which are an HTTP status. */
  private static final Map<Integer, Kind> CODES =
      Map.ofEntries(
          Map.entry(400027, Kind.TAKEN_OVER), // ConnectionForcefullyClosedOnNewConnection
          Map.entry(400029, Kind.PASSING), // ConnectionForcefullyClosedOnFaultInjection
          Map.entry(400030, Kind.PASSING), // ConnectionRejectedOnFaultInjection
          Map.entry(401001, Kind.REJECTED), // IotHubNotFound: the host name, not the credential
          Map.entry(403001, Kind.PASSING), // IotHubSuspended
          Map.entry(403002, Kind.THROTTLED), // IotHubQuotaExceeded: until the next UTC day
          Map.entry(403012, Kind.UNAUTHORIZED), // DeviceDisabled
          Map.entry(404001, Kind.UNAUTHORIZED), // DeviceNotFound, which disabled ones show as well
          Map.entry(404010, Kind.UNAUTHORIZED), // ModuleNotFound
          Map.entry(408000, Kind.PASSING),
          Map.entry(409002, Kind.TAKEN_OVER)); // LinkCreationConflict

  private static final Map<String, Kind> CONDITIONS =
      Map.ofEntries(
          Map.entry("amqp:unauthorized-access", Kind.UNAUTHORIZED),
          Map.entry("amqp:not-found", Kind.REJECTED),
          Map.entry("amqp:resource-limit-exceeded", Kind.THROTTLED),
          Map.entry("amqp:not-allowed", Kind.REJECTED),
          Map.entry("amqp:not-implemented", Kind.REJECTED),
          Map.entry("amqp:precondition-failed", Kind.REJECTED),
          Map.entry("amqp:invalid-field", Kind.REJECTED),
          Map.entry("amqp:resource-deleted", Kind.REJECTED),
          Map.entry("amqp:link:message-size-exceeded", Kind.REJECTED),
          Map.entry("amqp:internal-error", Kind.PASSING),
          Map.entry("amqp:resource-locked", Kind.PASSING),
          Map.entry("amqp:link:detach-forced", Kind.PASSING),
          Map.entry("amqp:link:transfer-limit-exceeded", Kind.PASSING),
          Map.entry("amqp:transfer-limit-exceeded", Kind.PASSING),
          Map.entry("amqp:link:redirect", Kind.PASSING),
          Map.entry("amqp:connection:forced", Kind.PASSING),
          Map.entry("amqp:connection:redirect", Kind.PASSING),
          Map.entry("amqp:link:stolen", Kind.TAKEN_OVER),
          Map.entry("amqp:decode-error", Kind.BROKEN),
          Map.entry("amqp:frame-size-too-small", Kind.BROKEN),
          Map.entry("amqp:illegal-state", Kind.BROKEN),
          Map.entry("amqp:connection:framing-error", Kind.BROKEN),
          Map.entry("amqp:session:window-violation", Kind.BROKEN),
          Map.entry("amqp:session:errant-link", Kind.BROKEN),
          Map.entry("amqp:session:handle-in-use", Kind.BROKEN),
          Map.entry("amqp:session:unattached-handle", Kind.BROKEN),
          Map.entry("com.microsoft:device-container-throttled", Kind.THROTTLED),
          Map.entry("com.microsoft:quota-exceeded", Kind.THROTTLED),
          Map.entry("com.microsoft:message-lock-lost", Kind.REJECTED),
          Map.entry("com.microsoft:argument-error", Kind.REJECTED),
          Map.entry("com.microsoft:argument-out-of-range", Kind.REJECTED),
          Map.entry("com.microsoft:precondition-failed", Kind.REJECTED),
          Map.entry("com.microsoft:device-already-exists", Kind.REJECTED),
          Map.entry("com.microsoft:iot-hub-not-found-error", Kind.REJECTED),
          Map.entry("com.microsoft:iot-hub-suspended", Kind.PASSING),
          Map.entry("com.microsoft:timeout", Kind.PASSING),
          Map.entry("com.microsoft:link-creation-conflict", Kind.TAKEN_OVER));

  /**
   * Of a refused or ended link, session, connection or message; no condition is as good as none.
   */
  static HubError of(@Nullable ErrorCondition error) {
    if (error == null || error.getCondition() == null) {
      return new HubError(Kind.PASSING, "no reason given", 0, "");
    }
    String condition = clean(error.getCondition().toString());
    String description = bounded(error.getDescription());
    int code = code(description);
    Kind kind = code == 0 ? null : ofCode(code);
    if (kind == null) {
      kind = CONDITIONS.getOrDefault(condition, Kind.PASSING);
    }
    return new HubError(kind, condition, code, told(description));
  }

  /** Of an answer that has a status as HTTP has: a token's, a twin operation's. */
  static HubError of(int status, @Nullable String text) {
    String description = bounded(text);
    int code = code(description);
    Kind kind = code == 0 ? null : ofCode(code);
    if (kind == null) {
      kind = ofStatus(status);
    }
    return new HubError(kind, "status " + status, code == 0 ? status : code, told(description));
  }

  private static @Nullable Kind ofCode(int code) {
    Kind kind = CODES.get(code);
    return kind != null || code < 100_000 ? kind : ofStatus(code / 1000);
  }

  private static Kind ofStatus(int status) {
    return switch (status) {
      case 401 -> Kind.UNAUTHORIZED;
      case 408 -> Kind.PASSING;
      case 429 -> Kind.THROTTLED;
      default -> status >= 400 && status < 500 ? Kind.REJECTED : Kind.PASSING;
    };
  }

  private static String bounded(@Nullable String text) {
    return text == null ? "" : text.substring(0, Math.min(text.length(), MAX_READ));
  }

  private static int code(String description) {
    Matcher coded = CODE.matcher(description);
    return coded.find() ? Integer.parseInt(coded.group(1)) : 0;
  }

  private static String told(String description) {
    Matcher message = MESSAGE.matcher(description);
    String text = message.find() ? message.group(1) : description;
    return clean(text.substring(0, Math.min(text.length(), MAX_TOLD)));
  }

  /** A peer's words go into logs: one line, and nothing that looks like a token. */
  private static String clean(String text) {
    return text.contains("SharedAccessSignature")
        ? "(not shown)"
        : text.replaceAll("\\p{Cntrl}+", " ").strip();
  }

  /** In parentheses, for the middle of a sentence. */
  @Override
  public String toString() {
    return "("
        + condition
        + (code == 0 || condition.equals("status " + code) ? "" : ", error " + code)
        + (told.isEmpty() ? "" : ": " + told)
        + ")";
  }
}
