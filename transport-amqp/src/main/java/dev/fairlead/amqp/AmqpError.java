package dev.fairlead.amqp;

import static java.util.Map.entry;

import dev.fairlead.transport.ForeignText;
import dev.fairlead.transport.HubCode;
import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.HubCode.Scope;
import dev.fairlead.transport.HubError;
import java.util.Map;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.jspecify.annotations.Nullable;

/**
 * The hub's error when it refuses or ends something: a condition, and in its description usually
 * one of the hub's codes, which is more specific. The conditions are classified here, the codes in
 * {@link HubCode}. AMQP 1.0, sections 2.8.15 to 2.8.18; IoT Hub: "Understand and resolve Azure IoT
 * Hub error codes".
 *
 * @param condition the condition's name, or the status of an answer that has one instead
 * @param error what it means
 */
record AmqpError(String condition, HubError error) {
  private static final int MAX_NAME = 100;

  private record Meaning(Kind kind, Scope scope, @Nullable HubCode code) {
    Meaning(Kind kind, Scope scope) {
      this(kind, scope, null);
    }

    /** A condition that is equivalent to one of the hub's codes. */
    Meaning(HubCode code) {
      this(code.kind(), code.scope(), code);
    }
  }

  /** A condition that is not listed, or missing, may be temporary. */
  private static final Meaning UNKNOWN = new Meaning(Kind.TEMPORARY, Scope.THIS_OPERATION);

  private static final Meaning REFUSED = new Meaning(Kind.REJECTED, Scope.THIS_OPERATION);
  private static final Meaning BREACH = new Meaning(Kind.PROTOCOL_ERROR, Scope.THIS_OPERATION);

  private static final Map<String, Meaning> CONDITIONS =
      Map.ofEntries(
          entry("amqp:unauthorized-access", new Meaning(Kind.UNAUTHORIZED, Scope.THIS_IDENTITY)),
          entry("amqp:not-found", REFUSED),
          entry("amqp:resource-limit-exceeded", new Meaning(Kind.THROTTLED, Scope.THE_HUB)),
          entry("amqp:not-allowed", REFUSED),
          entry("amqp:not-implemented", REFUSED),
          entry("amqp:precondition-failed", REFUSED),
          entry("amqp:invalid-field", REFUSED),
          entry("amqp:resource-deleted", REFUSED),
          entry("amqp:link:message-size-exceeded", new Meaning(HubCode.MESSAGE_TOO_LARGE)),
          entry("amqp:internal-error", UNKNOWN),
          entry("amqp:resource-locked", UNKNOWN),
          entry("amqp:link:detach-forced", UNKNOWN),
          entry("amqp:link:transfer-limit-exceeded", UNKNOWN),
          entry("amqp:transfer-limit-exceeded", UNKNOWN),
          entry("amqp:link:redirect", UNKNOWN),
          entry("amqp:connection:forced", UNKNOWN),
          entry("amqp:connection:redirect", UNKNOWN),
          entry("amqp:link:stolen", new Meaning(Kind.TAKEN_OVER, Scope.THIS_IDENTITY)),
          entry("amqp:decode-error", BREACH),
          entry("amqp:frame-size-too-small", BREACH),
          entry("amqp:illegal-state", BREACH),
          entry("amqp:connection:framing-error", BREACH),
          entry("amqp:session:window-violation", BREACH),
          entry("amqp:session:errant-link", BREACH),
          entry("amqp:session:handle-in-use", BREACH),
          entry("amqp:session:unattached-handle", BREACH),
          entry(
              "com.microsoft:device-container-throttled",
              new Meaning(HubCode.THROTTLING_EXCEPTION)),
          entry("com.microsoft:quota-exceeded", new Meaning(HubCode.IOTHUB_QUOTA_EXCEEDED)),
          entry("com.microsoft:message-lock-lost", new Meaning(HubCode.DEVICE_MESSAGE_LOCK_LOST)),
          entry("com.microsoft:argument-error", new Meaning(HubCode.ARGUMENT_INVALID)),
          entry("com.microsoft:argument-out-of-range", new Meaning(HubCode.ARGUMENT_INVALID)),
          entry("com.microsoft:precondition-failed", new Meaning(HubCode.PRECONDITION_FAILED)),
          entry("com.microsoft:device-already-exists", new Meaning(HubCode.DEVICE_ALREADY_EXISTS)),
          entry("com.microsoft:iot-hub-not-found-error", new Meaning(HubCode.IOTHUB_NOT_FOUND)),
          entry("com.microsoft:iot-hub-suspended", new Meaning(HubCode.IOTHUB_SUSPENDED)),
          entry("com.microsoft:timeout", new Meaning(HubCode.GATEWAY_TIMEOUT)),
          entry(
              "com.microsoft:link-creation-conflict", new Meaning(HubCode.LINK_CREATION_CONFLICT)));

  /** Of a refused or ended link, session, connection or message. */
  static AmqpError of(@Nullable ErrorCondition said) {
    if (said == null || said.getCondition() == null) {
      return new AmqpError(
          "no reason given", HubError.ofText(null, UNKNOWN.kind(), UNKNOWN.scope()));
    }
    String condition = said.getCondition().toString();
    Meaning meaning = CONDITIONS.getOrDefault(condition, UNKNOWN);
    String text = said.getDescription();
    return new AmqpError(
        ForeignText.clean(condition, MAX_NAME),
        meaning.code() == null
            ? HubError.ofText(text, meaning.kind(), meaning.scope())
            : HubError.ofText(text, meaning.code()));
  }

  /** Of the answer to a token, which has a status as HTTP has; null for none. */
  static AmqpError ofToken(@Nullable Long status, @Nullable String text) {
    int known = status == null ? 500 : (int) Math.max(0, Math.min(status, 999));
    return new AmqpError("status " + known, HubError.ofStatus(known, text).aboutToken());
  }

  Kind kind() {
    return error.kind();
  }

  /** In parentheses, for the middle of a sentence. */
  @Override
  public String toString() {
    return error.quote(condition);
  }
}
