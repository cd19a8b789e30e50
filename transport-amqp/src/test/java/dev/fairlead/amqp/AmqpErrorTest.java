package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Trust;
import dev.fairlead.transport.HubCode.Kind;
import java.util.List;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of conditions. */
class AmqpErrorTest {
  private final AmqpFailures failures =
      new AmqpFailures(
          DeviceIdentity.device("dev-1").toString(),
          new Endpoint("hub.test", 5671, Trust.platform()),
          null);

  private static AmqpError error(String condition, String description) {
    return AmqpError.of(new ErrorCondition(Symbol.valueOf(condition), description));
  }

  private static String document(int code, String message) {
    return "{\"errorCode\":"
        + code
        + ",\"trackingId\":\"t\",\"message\":\""
        + message
        + "\",\"timestampUtc\":\"2026-01-01T00:00:00Z\"}";
  }

  @ParameterizedTest
  @CsvSource({
    "amqp:unauthorized-access, UNAUTHORIZED",
    "amqp:not-found, REJECTED",
    "amqp:resource-limit-exceeded, THROTTLED",
    "amqp:not-allowed, REJECTED",
    "amqp:not-implemented, REJECTED",
    "amqp:precondition-failed, REJECTED",
    "amqp:invalid-field, REJECTED",
    "amqp:resource-deleted, REJECTED",
    "amqp:link:message-size-exceeded, REJECTED",
    "amqp:internal-error, TEMPORARY",
    "amqp:resource-locked, TEMPORARY",
    "amqp:link:detach-forced, TEMPORARY",
    "amqp:link:transfer-limit-exceeded, TEMPORARY",
    "amqp:transfer-limit-exceeded, TEMPORARY",
    "amqp:link:redirect, TEMPORARY",
    "amqp:connection:forced, TEMPORARY",
    "amqp:connection:redirect, TEMPORARY",
    "amqp:link:stolen, TAKEN_OVER",
    "amqp:decode-error, PROTOCOL_ERROR",
    "amqp:frame-size-too-small, PROTOCOL_ERROR",
    "amqp:illegal-state, PROTOCOL_ERROR",
    "amqp:connection:framing-error, PROTOCOL_ERROR",
    "amqp:session:window-violation, PROTOCOL_ERROR",
    "amqp:session:errant-link, PROTOCOL_ERROR",
    "amqp:session:handle-in-use, PROTOCOL_ERROR",
    "amqp:session:unattached-handle, PROTOCOL_ERROR",
    "com.microsoft:device-container-throttled, THROTTLED",
    "com.microsoft:quota-exceeded, QUOTA_EXCEEDED",
    "com.microsoft:message-lock-lost, LOCK_LOST",
    "com.microsoft:argument-error, REJECTED",
    "com.microsoft:argument-out-of-range, REJECTED",
    "com.microsoft:precondition-failed, REJECTED",
    "com.microsoft:device-already-exists, REJECTED",
    "com.microsoft:iot-hub-not-found-error, UNAUTHORIZED",
    "com.microsoft:iot-hub-suspended, SUSPENDED",
    "com.microsoft:timeout, TEMPORARY",
    "com.microsoft:link-creation-conflict, TAKEN_OVER",
    "somebody:unheard-of, TEMPORARY",
  })
  void eachConditionHasItsMeaning(String condition, Kind kind) {
    assertThat(error(condition, "why").kind()).isEqualTo(kind);
    assertThat(error(condition, null).kind()).isEqualTo(kind);
  }

  /** The table of codes is core's. */
  @ParameterizedTest
  @CsvSource({"400027, TAKEN_OVER", "403002, QUOTA_EXCEEDED", "404001, UNAUTHORIZED"})
  void aCodeSaysMoreThanItsCondition(int code, Kind kind) {
    for (String condition :
        List.of("amqp:internal-error", "amqp:not-found", "amqp:unauthorized-access")) {
      AmqpError error = error(condition, document(code, "As said."));
      assertThat(error.kind()).isEqualTo(kind);
      assertThat(error.error().code()).isEqualTo(code);
      assertThat(error.toString()).contains(condition).contains("As said.");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "401, UNAUTHORIZED",
    "404, UNAUTHORIZED",
    "400, REJECTED",
    "429, THROTTLED",
    "500, TEMPORARY",
    "999, TEMPORARY"
  })
  void theAnswerToATokenIsReadByItsStatus(long status, Kind kind) {
    assertThat(AmqpError.ofToken(status, "not JSON").kind()).isEqualTo(kind);
    assertThat(AmqpError.ofToken(status, null).kind()).isEqualTo(kind);
    assertThat(AmqpError.ofToken(null, null).kind()).isEqualTo(Kind.TEMPORARY);
  }

  @Test
  void noReasonIsTemporary() {
    assertThat(AmqpError.of(null).kind()).isEqualTo(Kind.TEMPORARY);
    assertThat(AmqpError.of(new ErrorCondition()).kind()).isEqualTo(Kind.TEMPORARY);
  }

  @Test
  void whatAPeerWritesIsBoundedAndCleaned() {
    AmqpError error = error("amqp:internal-error", "a\r\nb" + "x".repeat(100_000));
    assertThat(error.toString()).contains("a bx").hasSizeLessThan(500);
    assertThat(error("amqp:internal-error", "SharedAccessSignature sr=x&sig=y").toString())
        .doesNotContain("sig=y");
    assertThat(error("amqp:\r\n" + "x".repeat(1000), "why").toString())
        .doesNotContain("\n")
        .hasSizeLessThan(500);
  }

  @ParameterizedTest
  @CsvSource({
    "amqp:unauthorized-access, UnauthorizedException",
    "amqp:resource-limit-exceeded, ThrottledException",
    "com.microsoft:quota-exceeded, QuotaExceededException",
    "amqp:not-allowed, RejectedException",
    "amqp:internal-error, UnreachableException",
    "amqp:link:stolen, TakenOverException",
    "amqp:decode-error, UnreachableException"
  })
  void eachKindHasItsFailure(String condition, String type) {
    AmqpError error = error(condition, "as said");
    HubException refused = failures.refused("the link", error);
    assertThat(refused.getClass().getSimpleName()).isEqualTo(type);
    assertThat(refused)
        .hasMessageContaining("dev-1")
        .hasMessageContaining("hub.test:5671")
        .hasMessageContaining("as said");
    assertThat(refused.progress()).isEqualTo(Progress.NOT_SENT);
    assertThat(failures.ended("the link", error, Progress.MAYBE_SENT)).hasSameClassAs(refused);
    assertThat(failures.message(error)).hasSameClassAs(refused);
    assertThat(failures.message(error).progress()).isEqualTo(Progress.MAYBE_SENT);
  }
}
