package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.ThrottledException;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.amqp.HubError.Kind;
import java.util.List;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The table of errors, condition by condition and code by code. */
class HubErrorTest {
  private final AmqpFailures failures =
      new AmqpFailures(
          DeviceIdentity.device("dev-1").toString(),
          new Endpoint("hub.test", 5671, Trust.platform()),
          null);

  private static HubError error(String condition, String description) {
    return HubError.of(new ErrorCondition(Symbol.valueOf(condition), description));
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
    "amqp:internal-error, PASSING",
    "amqp:resource-locked, PASSING",
    "amqp:link:detach-forced, PASSING",
    "amqp:link:transfer-limit-exceeded, PASSING",
    "amqp:transfer-limit-exceeded, PASSING",
    "amqp:link:redirect, PASSING",
    "amqp:connection:forced, PASSING",
    "amqp:connection:redirect, PASSING",
    "amqp:link:stolen, TAKEN_OVER",
    "amqp:decode-error, BROKEN",
    "amqp:frame-size-too-small, BROKEN",
    "amqp:illegal-state, BROKEN",
    "amqp:connection:framing-error, BROKEN",
    "amqp:session:window-violation, BROKEN",
    "amqp:session:errant-link, BROKEN",
    "amqp:session:handle-in-use, BROKEN",
    "amqp:session:unattached-handle, BROKEN",
    "com.microsoft:device-container-throttled, THROTTLED",
    "com.microsoft:quota-exceeded, THROTTLED",
    "com.microsoft:message-lock-lost, REJECTED",
    "com.microsoft:argument-error, REJECTED",
    "com.microsoft:argument-out-of-range, REJECTED",
    "com.microsoft:precondition-failed, REJECTED",
    "com.microsoft:device-already-exists, REJECTED",
    "com.microsoft:iot-hub-not-found-error, REJECTED",
    "com.microsoft:iot-hub-suspended, PASSING",
    "com.microsoft:timeout, PASSING",
    "com.microsoft:link-creation-conflict, TAKEN_OVER",
    "somebody:unheard-of, PASSING",
  })
  void eachConditionHasItsMeaning(String condition, Kind kind) {
    assertThat(error(condition, "why").kind()).isEqualTo(kind);
    assertThat(error(condition, null).kind()).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({
    "400003, REJECTED",
    "400004, REJECTED",
    "400027, TAKEN_OVER",
    "400029, PASSING",
    "400030, PASSING",
    "401001, REJECTED",
    "401002, UNAUTHORIZED",
    "401003, UNAUTHORIZED",
    "403001, PASSING",
    "403002, THROTTLED",
    "403004, REJECTED",
    "403005, REJECTED",
    "403012, UNAUTHORIZED",
    "404001, UNAUTHORIZED",
    "404006, REJECTED",
    "404010, UNAUTHORIZED",
    "408000, PASSING",
    "409002, TAKEN_OVER",
    "412002, REJECTED",
    "413001, REJECTED",
    "429001, THROTTLED",
    "429002, THROTTLED",
    "500001, PASSING",
    "500008, PASSING",
    "503005, PASSING",
    "504101, PASSING",
  })
  void aCodeSaysMoreThanItsCondition(int code, Kind kind) {
    for (String condition :
        List.of("amqp:internal-error", "amqp:not-found", "amqp:unauthorized-access")) {
      HubError error = error(condition, document(code, "Told so."));
      assertThat(error.kind()).isEqualTo(kind);
      assertThat(error.code()).isEqualTo(code);
      assertThat(error.told()).isEqualTo("Told so.");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "400, REJECTED",
    "401, UNAUTHORIZED",
    "403, REJECTED",
    "404, REJECTED",
    "408, PASSING",
    "412, REJECTED",
    "429, THROTTLED",
    "500, PASSING",
    "503, PASSING",
    "999, PASSING",
    "0, PASSING",
  })
  void aStatusWithoutACodeIsReadAsHttpWould(int status, Kind kind) {
    HubError error = HubError.of(status, "not JSON");
    assertThat(error.kind()).isEqualTo(kind);
    assertThat(error.told()).isEqualTo("not JSON");
    assertThat(HubError.of(status, null).kind()).isEqualTo(kind);
  }

  @Test
  void noReasonIsOneThatPasses() {
    assertThat(HubError.of(null).kind()).isEqualTo(Kind.PASSING);
    assertThat(HubError.of(new ErrorCondition()).kind()).isEqualTo(Kind.PASSING);
  }

  @Test
  void whatAPeerWritesIsBoundedAndCleaned() {
    HubError error = error("amqp:internal-error", "a\r\nb" + "x".repeat(100_000));
    assertThat(error.told()).startsWith("a bx").hasSizeLessThanOrEqualTo(300);
    assertThat(error("amqp:internal-error", "SharedAccessSignature sr=x&sig=y").toString())
        .doesNotContain("sig=y");
    assertThat(error("amqp:internal-error", "{\"message\":\"" + "\\\"".repeat(50_000)).toString())
        .hasSizeLessThan(1000);
    assertThat(error("amqp:internal-error", "{\"errorCode\":9999999999999}").code()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void eachKindHasItsFailure(Kind kind) {
    HubError error = new HubError(kind, "c", 412002, "told");
    Class<? extends HubException> type =
        switch (kind) {
          case UNAUTHORIZED -> UnauthorizedException.class;
          case THROTTLED -> ThrottledException.class;
          case REJECTED -> RejectedException.class;
          case PASSING, TAKEN_OVER, BROKEN -> UnreachableException.class;
        };
    assertThat(failures.refused("the link", error))
        .isInstanceOf(type)
        .hasMessageContaining("dev-1")
        .hasMessageContaining("hub.test:5671")
        .hasMessageContaining("told");
    assertThat(failures.refused("the link", error).progress()).isEqualTo(Progress.NOT_SENT);
    assertThat(failures.ended("the link", error, Progress.MAYBE_SENT)).isInstanceOf(type);
    assertThat(failures.message(error)).isInstanceOf(type);
    assertThat(failures.message(error).progress()).isEqualTo(Progress.MAYBE_SENT);
    if (failures.message(error) instanceof RejectedException rejected) {
      assertThat(rejected.code()).hasValue(412002);
    }
  }

  @ParameterizedTest
  @CsvSource({"429, ThrottledException", "500, UnreachableException", "400, RejectedException"})
  void aTwinOperationFailsByItsStatus(int status, String type) {
    assertThat(AmqpFailures.twin(HubError.of(status, "")).getClass().getSimpleName())
        .isEqualTo(type);
  }
}
