package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HubErrorTest {
  private static final String ID =
      "0123456789abcdef0123456789abcdef-G:0-TimeStamp:03/01/2026 12:00:00";

  private static HubException failure(HubError error, @Nullable Duration retryAfter) {
    return error.failure(
        "The hub refused it " + error.quote("here"),
        Stage.SESSION,
        Progress.MAYBE_SENT,
        retryAfter);
  }

  /** Every code in every form in which the hub has been seen to write one. */
  @ParameterizedTest
  @EnumSource
  void everyCodeInEveryForm(HubCode code) {
    String document =
        "{\"errorCode\":"
            + code.number()
            + ",\"trackingId\":\""
            + ID
            + "\",\"message\":\"Told so.\"}";
    String named = "ErrorCode:" + code.hubName() + ";Told so.";
    List<HubError> forms =
        List.of(
            HubError.ofStatus(code.status(), document),
            HubError.ofStatus(code.status(), document.getBytes(StandardCharsets.UTF_8)),
            HubError.ofStatus(code.status(), document.replace(":", " : \n")),
            HubError.ofStatus(code.status(), "{\"Message\":\"" + named + "\"}"),
            HubError.ofStatus(code.status(), named),
            HubError.ofStatus(code.status(), "{\"message\":\"Told so.\"}", code.hubName()),
            HubError.ofStatus(
                code.status(), "{\"Message\":\"" + document.replace("\"", "\\\"") + "\"}"),
            HubError.ofText(document, Kind.PROTOCOL_ERROR, Scope.THIS_OPERATION),
            HubError.ofText(named, Kind.PROTOCOL_ERROR, Scope.THIS_OPERATION),
            HubError.ofText(
                "{\"errorCode\":\"" + code.number() + "\",\"message\":\"Told so.\"}",
                HubCode.SERVER_ERROR),
            HubError.ofText("Told so.", code));
    for (HubError error : forms) {
      assertThat(error.code()).as("%s", error).isEqualTo(code.number());
      assertThat(error.status()).isEqualTo(code.status());
      assertThat(error.name()).isEqualTo(code.hubName());
      assertThat(error.kind()).isEqualTo(code.kind());
      assertThat(error.scope()).isEqualTo(code.scope());
      assertThat(error.text()).startsWith("Told so");
    }
    assertThat(forms.get(0).trackingId()).isEqualTo(ID);
    assertThat(forms.get(6).trackingId()).isEqualTo(ID);
    assertThat(forms.subList(0, 9)).allMatch(HubError::byHub);
  }

  @ParameterizedTest
  @CsvSource({
    "400, REJECTED, THIS_OPERATION",
    "401, UNAUTHORIZED, THIS_IDENTITY",
    "403, REJECTED, THIS_OPERATION",
    "404, REJECTED, THIS_OPERATION",
    "408, TEMPORARY, THIS_OPERATION",
    "412, REJECTED, THIS_OPERATION",
    "413, REJECTED, THIS_MESSAGE",
    "415, REJECTED, THIS_MESSAGE",
    "429, THROTTLED, THE_HUB",
    "499, TEMPORARY, THIS_OPERATION",
    "500, TEMPORARY, THE_HUB",
    "503, TEMPORARY, THE_HUB",
    "999, TEMPORARY, THIS_OPERATION",
    "302, TEMPORARY, THIS_OPERATION",
    "0, TEMPORARY, THIS_OPERATION",
  })
  void aStatusWithoutAListedCodeIsReadAsHttpWould(int status, Kind kind, Scope scope) {
    for (HubError error :
        List.of(
            HubError.ofStatus(status, (String) null),
            HubError.ofStatus(status, "not JSON"),
            HubError.ofStatus(status, "{\"errorCode\":\"text\"}"),
            HubError.ofStatus(status, "", "SomethingNew"))) {
      assertThat(error.kind()).isEqualTo(kind);
      assertThat(error.scope()).isEqualTo(scope);
      assertThat(error.code()).isZero();
    }
    assertThat(HubError.ofStatus(status, "not JSON").text()).isEqualTo("not JSON");
    assertThat(HubError.ofStatus(status, "not JSON").byHub()).isFalse();
    assertThat(HubError.ofStatus(status, "", "SomethingNew").byHub()).isTrue();
    assertThat(HubError.ofStatus(status, "{\"Message\":\"x\"}").byHub()).isTrue();
  }

  @Test
  void anUnlistedCodeMeansWhatItsStatusMeans() {
    assertThat(HubError.ofText("{\"errorCode\":401100}", Kind.TEMPORARY, Scope.THE_HUB))
        .satisfies(
            error -> {
              assertThat(error.kind()).isEqualTo(Kind.UNAUTHORIZED);
              assertThat(error.code()).isEqualTo(401100);
            });
    assertThat(HubError.ofStatus(409, "{\"errorCode\":409005}").code()).isEqualTo(409005);
  }

  @Test
  void aCodeThatContradictsItsStatusDoesNotCount() {
    assertThat(HubError.ofStatus(400, "{\"errorCode\":401003}").kind()).isEqualTo(Kind.REJECTED);
    assertThat(HubError.ofStatus(400, "{\"errorCode\":401003}").code()).isZero();
    assertThat(HubError.ofStatus(500, "", "DeviceNotFound").kind()).isEqualTo(Kind.TEMPORARY);
  }

  @ParameterizedTest
  @CsvSource({"9999999999999", "99999", "600000", "399999", "0", "-400004", "4e5"})
  void whatIsNoCodeIsNone(String number) {
    assertThat(
            HubError.ofText("{\"errorCode\":" + number + "}", Kind.TEMPORARY, Scope.THE_HUB).code())
        .isZero();
  }

  @Test
  void aTokenOfAnUnknownIdentityIsRefused() {
    assertThat(HubError.ofStatus(404, "").aboutToken().kind()).isEqualTo(Kind.UNAUTHORIZED);
    assertThat(HubError.ofStatus(400, "").aboutToken().kind()).isEqualTo(Kind.REJECTED);
  }

  @Test
  void aWebPageIsNotQuoted() {
    assertThat(HubError.ofStatus(401, "<html>Sign in</html>").quote("HTTP 401"))
        .isEqualTo("(HTTP 401)");
  }

  @Test
  void theQuoteNamesAllThatIsKnown() {
    String body =
        "{\"Message\":\"ErrorCode:DeviceNotFound;No such device.\",\"ExceptionMessage\":\"Tracking ID:"
            + ID
            + "\"}";
    assertThat(HubError.ofStatus(404, body).quote("HTTP 404"))
        .isEqualTo(
            "(HTTP 404, DeviceNotFound, error 404001, tracking id "
                + ID
                + "): \"No such device.\"");
  }

  @Test
  void theFirstMemberOfANameCounts() {
    assertThat(
            HubError.ofStatus(
                    400,
                    "{\"errorCode\":400004,\"message\":\"bad \\\"thing\\\"\",\"info\":{\"message\":\"x\","
                        + "\"errorCode\":400001}}")
                .quote("status 400"))
        .isEqualTo("(status 400, ArgumentInvalid, error 400004): \"bad \"thing\"\"");
  }

  @Test
  void aDocumentThatIsCutOffIsReadAsFarAsItGoes() {
    HubError error =
        HubError.ofStatus(
            400, "{\"errorCode\":400004,\"message\":\"" + "x".repeat(100_000) + "\"}");
    assertThat(error.code()).isEqualTo(400004);
    assertThat(error.text()).hasSize(300);
  }

  @Test
  void whatAPeerWritesIsOneLineWithoutSecrets() {
    assertThat(HubError.ofText("a\r\nb", Kind.TEMPORARY, Scope.THE_HUB).text()).isEqualTo("a b");
    assertThat(HubError.ofText("{\"message\":\"a\\r\\n\\u001b[2Jb\"}", HubCode.SERVER_ERROR).text())
        .isEqualTo("a ?[2Jb");
    for (String secret :
        List.of(
            "Bad token SharedAccessSignature sr=x&sig=SECRET",
            "Bad token sr=x&sig=SECRET",
            "Bad token sr=x&sig\\u003dSECRET",
            "Bad SharedAccessKey=SECRET")) {
      HubError error = HubError.ofStatus(401, "{\"Message\":\"" + secret + "\"}");
      assertThat(error.text()).isEqualTo(ForeignText.WITHHELD);
      assertThat(failure(error, null).getMessage()).doesNotContain("SECRET");
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachKindHasItsFailureAndSaysWhatToDo(Kind kind) {
    HubError error = HubError.ofText("Told so", kind, Scope.THE_HUB);
    Class<? extends HubException> type =
        switch (kind) {
          case UNAUTHORIZED -> UnauthorizedException.class;
          case THROTTLED -> ThrottledException.class;
          case QUOTA_EXCEEDED, SUSPENDED -> QuotaExceededException.class;
          case REJECTED, LOCK_LOST -> RejectedException.class;
          case TAKEN_OVER -> TakenOverException.class;
          case TEMPORARY, PROTOCOL_ERROR -> UnreachableException.class;
        };
    assertThat(failure(error, null))
        .isExactlyInstanceOf(type)
        .hasMessageStartingWith("The hub refused it (here): \"Told so\". ")
        .hasMessageEndingWith(error.advice())
        .satisfies(failure -> assertThat(failure.progress()).isEqualTo(Progress.MAYBE_SENT));
    assertThat(error.advice()).endsWith(".");
  }

  @Test
  void aRefusalCarriesItsCode() {
    assertThat(((RejectedException) failure(HubError.ofStatus(413, ""), null)).code())
        .hasValue(413);
    assertThat(
            ((RejectedException)
                    failure(HubError.ofText("", HubCode.DEVICE_MESSAGE_LOCK_LOST), null))
                .code())
        .hasValue(412002);
    assertThat(
            ((RejectedException)
                    failure(HubError.ofText("", Kind.REJECTED, Scope.THIS_MESSAGE), null))
                .code())
        .isEmpty();
  }

  private static Duration retryAfter(HubException failure) {
    return ((ThrottledException) failure).retryAfter().orElse(Duration.ofSeconds(-1));
  }

  @Test
  void theHubsTimeToWaitIsObeyedUpToADay() {
    HubError busy = HubError.ofStatus(429, "");
    assertThat(retryAfter(failure(busy, null))).isEqualTo(Duration.ofSeconds(-1));
    assertThat(retryAfter(failure(busy, Duration.ofSeconds(7)))).isEqualTo(Duration.ofSeconds(7));
    assertThat(retryAfter(failure(busy, Duration.ofSeconds(Long.MAX_VALUE))))
        .isEqualTo(Duration.ofDays(1));
    assertThat(retryAfter(failure(busy, Duration.ofSeconds(-7)))).isEqualTo(Duration.ZERO);
    HubError quota = HubError.ofText("", HubCode.IOTHUB_QUOTA_EXCEEDED);
    assertThat(retryAfter(failure(quota, null))).isEqualTo(Duration.ofMinutes(10));
    assertThat(retryAfter(failure(HubError.ofStatus(503, ""), Duration.ofSeconds(15))))
        .isEqualTo(Duration.ofSeconds(15));
    assertThat(failure(HubError.ofStatus(503, ""), null)).isInstanceOf(UnreachableException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "400, 400004, RejectedException",
    "401, 401002, RejectedException",
    "403, 403002, QuotaExceededException",
    "403, 403010, RejectedException",
    "408, 0, UnreachableException",
    "429, 429001, ThrottledException",
    "500, 0, UnreachableException"
  })
  void aTwinOperationFailsByItsCode(int status, int code, String type) {
    HubException failure =
        HubError.ofStatus(status, "{\"errorCode\":" + code + "}")
            .twinFailure("status " + status, null);
    assertThat(failure.getClass().getSimpleName()).isEqualTo(type);
    assertThat(failure).hasMessageContaining("twin operation (status " + status);
    assertThat(failure.getMessage().contains("depth 10")).isEqualTo(status == 400);
  }
}
