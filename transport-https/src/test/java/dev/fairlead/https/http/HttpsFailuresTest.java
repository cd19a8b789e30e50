package dev.fairlead.https.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.QuotaExceededException;
import dev.fairlead.RejectedException;
import dev.fairlead.Secret;
import dev.fairlead.TakenOverException;
import dev.fairlead.ThrottledException;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import okhttp3.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpsFailuresTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final String SECRET = "SharedAccessSignature sr=x&sig=SECRET&se=1";

  private final HttpsFailures failures =
      new HttpsFailures(
          "dev-1",
          new Endpoint("hub.example.net", 443, Trust.platform()),
          new Credential.Token(Secret.of(SECRET), Instant.MAX),
          () -> NOW);

  private static HttpAnswer answer(int status, String body, String... fields) {
    return new HttpAnswer(status, Headers.of(fields), body.getBytes(StandardCharsets.UTF_8));
  }

  /** As the hub has been seen to answer. */
  private static HttpAnswer named(int status, String name) {
    return answer(
        status,
        "{\"Message\":\"ErrorCode:"
            + name
            + ";Some text\",\"ExceptionMessage\":\"Tracking ID:0123-G:0-TimeStamp:03/01/2026\"}",
        "iothub-errorcode",
        name,
        "Content-Type",
        "application/json; charset=utf-8");
  }

  private HubException of(HttpAnswer answer) {
    return failures.answered(answer, "the telemetry", Stage.SESSION);
  }

  private static Class<? extends HubException> type(String family) {
    return switch (family) {
      case "quota" -> QuotaExceededException.class;
      case "takenOver" -> TakenOverException.class;
      case "unauthorized" -> UnauthorizedException.class;
      case "throttled" -> ThrottledException.class;
      case "rejected" -> RejectedException.class;
      case "unreachable" -> UnreachableException.class;
      default -> throw new IllegalArgumentException(family);
    };
  }

  /**
   * Every code of the protocol reference that a device can receive, by its name and by its number.
   */
  @ParameterizedTest
  @CsvSource({
    "400001, InvalidProtocolVersion, unreachable",
    "400003, InvalidOperation, rejected",
    "400004, ArgumentInvalid, rejected",
    "400005, ArgumentNull, rejected",
    "400006, IotHubFormatError, rejected",
    "400012, DeserializationError, rejected",
    "400014, DefaultStorageEndpointNotConfigured, rejected",
    "400015, InvalidFileUploadCorrelationId, rejected",
    "400016, ExpiredFileUploadCorrelationId, rejected",
    "400017, InvalidStorageEndpoint, rejected",
    "400018, InvalidMessagingEndpoint, rejected",
    "400019, InvalidFileUploadCompletionStatus, rejected",
    "400020, InvalidStorageEndpointOrBlob, rejected",
    "400021, RequestCanceled, unreachable",
    "400022, InvalidStorageEndpointProperty, rejected",
    "400023, EtagDoesNotMatch, rejected",
    "400024, RequestTimedOut, unreachable",
    "400027, ConnectionForcefullyClosedOnNewConnection, takenOver",
    "400029, ConnectionForcefullyClosedOnFaultInjection, unreachable",
    "400030, ConnectionRejectedOnFaultInjection, unreachable",
    "401001, IotHubNotFound, unauthorized",
    "401002, IotHubUnauthorizedAccess, unauthorized",
    "401003, IotHubUnauthorized, unauthorized",
    "403001, IotHubSuspended, quota",
    "403002, IotHubQuotaExceeded, quota",
    "403003, JobQuotaExceeded, rejected",
    "403004, DeviceMaximumQueueDepthExceeded, rejected",
    "403005, IotHubMaxCbsTokenExceeded, quota",
    "403006, DeviceMaximumActiveFileUploadLimitExceeded, quota",
    "403007, DeviceMaximumQueueSizeExceeded, rejected",
    "403009, InvalidMessageExpiryTime, rejected",
    "403010, OperationNotAvailableInCurrentTier, rejected",
    "403012, DeviceDisabled, unauthorized",
    "403800, DeviceMaximumInflightMethodExceeded, rejected",
    "404001, DeviceNotFound, unauthorized",
    "404006, AmqpAddressNotFound, rejected",
    "404010, ModuleNotFound, unauthorized",
    "404103, DeviceNotOnline, rejected",
    "404104, DeviceConnectionClosedRemotely, unreachable",
    "405102, OperationNotAllowedInCurrentState, rejected",
    "409001, DeviceAlreadyExists, rejected",
    "409002, LinkCreationConflict, takenOver",
    "409003, CallbackSubscriptionConflict, rejected",
    "409301, ModuleAlreadyExistsOnDevice, rejected",
    "412001, PreconditionFailed, rejected",
    "412002, DeviceMessageLockLost, rejected",
    "412004, InflightMessagesInLink, rejected",
    "413001, MessageTooLarge, rejected",
    "413002, TooManyDevices, rejected",
    "413003, TooManyModulesOnDevice, rejected",
    "415000, GenericUnsupportedMediaType, rejected",
    "415101, IncompatibleDataType, rejected",
    "429001, ThrottlingException, throttled",
    "429002, ThrottleBacklogLimitExceeded, throttled",
    "429003, ThrottlingBacklogTimeout, throttled",
    "429004, ThrottlingMaxActiveJobCountExceeded, throttled",
    "429005, DeviceThrottlingLimitExceeded, throttled",
    "499000, ClientClosedRequest, unreachable",
    "500001, ServerError, unreachable",
    "500008, GenericTimeout, unreachable",
    "502000, GenericBadGateway, unreachable",
    "503001, ServiceUnavailable, unreachable",
    "503003, PartitionNotFound, unreachable",
    "503004, IotHubActivationFailed, unreachable",
    "503005, ServerBusy, unreachable",
    "503006, IotHubRestoring, unreachable",
    "503008, ReceiveLinkOpensThrottled, throttled",
    "503101, ConnectionUnavailable, unreachable",
    "503102, DeviceUnavailable, unreachable",
    "504000, GenericGatewayTimeout, unreachable",
    "504101, GatewayTimeout, unreachable"
  })
  void everyCode(int code, String name, String family) {
    int status = code / 1000;
    List<HttpAnswer> forms =
        List.of(
            named(status, name),
            answer(status, "", "iothub-errorcode", name),
            answer(status, "{\"Message\":\"ErrorCode:" + name + ";Text\"}"),
            answer(
                status,
                "{\"Message\":\"{\\\"errorCode\\\":"
                    + code
                    + ",\\\"trackingId\\\":\\\"t\\\",\\\"message\\\":\\\"Text\\\"}\","
                    + "\"ExceptionMessage\":\"\"}"),
            answer(status, "{\"errorCode\":" + code + ",\"message\":\"Text\"}"));
    for (HttpAnswer form : forms) {
      HubException failure = of(form);
      assertThat(failure).as(form.text()).isExactlyInstanceOf(type(family));
      assertThat(failure.getMessage()).contains("HTTP " + status).contains(String.valueOf(code));
      if (failure instanceof RejectedException rejected) {
        assertThat(rejected.code()).hasValue(code);
      }
    }
  }

  /** A status with an unknown name or code, in the hub's form. */
  @ParameterizedTest
  @CsvSource({
    "400, rejected", "401, unauthorized", "403, rejected", "404, rejected", "405, rejected",
    "408, unreachable", "409, rejected", "412, rejected", "413, rejected", "415, rejected",
    "418, rejected", "429, throttled", "499, unreachable", "500, unreachable", "501, unreachable",
    "502, unreachable", "503, unreachable", "504, unreachable", "599, unreachable"
  })
  void everyStatusOfTheHub(int status, String family) {
    assertThat(of(named(status, "SomethingNew"))).isExactlyInstanceOf(type(family));
    assertThat(of(answer(status, "{\"errorCode\":" + status + "998,\"message\":\"x\"}")))
        .isExactlyInstanceOf(type(family));
  }

  /** What comes from a proxy, a captive portal, a firewall or another web server. */
  @ParameterizedTest
  @ValueSource(ints = {200, 201, 301, 302, 307, 400, 401, 403, 404, 405, 407, 500, 502, 503, 511})
  void aPageIsAboutTheRoute(int status) {
    HubException failure =
        failures.answered(
            answer(status, "<html>Sign in</html>", "Content-Type", "text/html; charset=utf-8"),
            "the first request",
            Stage.OPEN);
    assertThat(failure)
        .isInstanceOfSatisfying(
            UnreachableException.class,
            unreachable -> assertThat(unreachable.stage()).isEqualTo(Stage.OPEN));
    assertThat(failure.getMessage()).contains("HTTP " + status).doesNotContain("Sign in</html>");
  }

  @ParameterizedTest
  @CsvSource({
    "200, unreachable",
    "302, unreachable",
    "400, unreachable",
    "401, unreachable",
    "403, unreachable",
    "404, unreachable",
    "407, unreachable",
    "408, unreachable",
    "413, unreachable",
    "429, unreachable",
    "500, unreachable",
    "503, unreachable",
    "511, unreachable"
  })
  void anAnswerWithoutASignOfTheHubWhileOpening(int status, String family) {
    assertThat(failures.answered(answer(status, ""), "the first request", Stage.OPEN))
        .isExactlyInstanceOf(type(family));
  }

  /** Neither a refused credential nor a throttle: a middlebox says the same of its own rules. */
  @ParameterizedTest
  @CsvSource({"401, 0", "403, 0", "404, 0", "429, 86400", "503, 86400"})
  void aMiddleboxsAnswerIsAboutTheRoute(int status, String wait) {
    for (String body : List.of("", "Unauthorized", "{\"error\":\"slow down\"}")) {
      HubException failure =
          of(answer(status, body, "Retry-After", wait, "WWW-Authenticate", "Basic realm=\"x\""));
      assertThat(failure).isExactlyInstanceOf(UnreachableException.class);
      assertThat(failure)
          .hasMessageContaining("HTTP " + status)
          .hasMessageContaining("something in between");
    }
  }

  /** Otherwise a message that the front end cannot read would be sent for ever. */
  @ParameterizedTest
  @ValueSource(ints = {400, 413, 431})
  void aPageOfTheHubsFrontEndRefusesTheMessage(int status) {
    assertThat(of(answer(status, "<html>Bad Request</html>", "Content-Type", "text/html")))
        .isExactlyInstanceOf(RejectedException.class);
  }

  @Test
  void aMessageFromTheCloudIsNoError() {
    // Its body may look like anything.
    assertThat(of(answer(200, "{\"Message\":\"ErrorCode:ThrottlingException;x\"}")))
        .isExactlyInstanceOf(UnreachableException.class);
  }

  @Test
  void aCodeThatContradictsItsStatusDoesNotCount() {
    assertThat(of(answer(400, "{\"errorCode\":401003,\"message\":\"x\"}")))
        .isExactlyInstanceOf(RejectedException.class);
    assertThat(of(answer(500, "", "iothub-errorcode", "DeviceNotFound")))
        .isExactlyInstanceOf(UnreachableException.class);
  }

  // --- times to wait ---

  @ParameterizedTest
  @CsvSource(
      value = {
        "10| 10",
        "0| 0",
        " 7 | 7",
        "999999999| 86400",
        "99999999999999999999| -1",
        "-5| -1",
        "1.5| -1",
        "soon| -1",
        "Sun, 01 Mar 2026 12:00:30 GMT| 30",
        "Sun, 01 Mar 2026 11:00:00 GMT| 0",
        "Sun, 01 Mar 2099 11:00:00 GMT| 86400",
        "Sun, 99 Mar 2026 12:00:30 GMT| -1"
      },
      delimiter = '|')
  void retryAfterIsObeyed(String field, long seconds) {
    HubException failure =
        of(answer(429, "", "iothub-errorcode", "ThrottlingException", "Retry-After", field));
    assertThat(failure)
        .isInstanceOfSatisfying(
            ThrottledException.class,
            throttled ->
                assertThat(throttled.retryAfter().map(Duration::toSeconds).orElse(-1L))
                    .isEqualTo(seconds));
  }

  @Test
  void aDateToWaitForIsMeasuredByTheHubsOwnClock() {
    HubException failure =
        of(
            answer(
                429,
                "",
                "iothub-errorcode",
                "ThrottlingException",
                "Date",
                "Mon, 02 Mar 2026 09:00:00 GMT",
                "Retry-After",
                "Mon, 02 Mar 2026 09:00:20 GMT"));
    assertThat(((ThrottledException) failure).retryAfter()).hasValue(Duration.ofSeconds(20));
  }

  @Test
  void aBusyHubThatSaysHowLongIsObeyed() {
    assertThat(of(named(503, "ServerBusy"))).isInstanceOf(UnreachableException.class);
    HubException failure =
        of(answer(503, "", "iothub-errorcode", "ServerBusy", "Retry-After", "15"));
    assertThat(failure)
        .isInstanceOfSatisfying(
            ThrottledException.class,
            throttled -> assertThat(throttled.retryAfter()).hasValue(Duration.ofSeconds(15)));
  }

  @Test
  void aQuotaThatIsUsedUpIsWaitedFor() {
    assertThat(((ThrottledException) of(named(403, "IotHubQuotaExceeded"))).retryAfter())
        .hasValue(Duration.ofMinutes(10));
  }

  // --- clocks ---

  @ParameterizedTest
  @CsvSource(
      value = {
        "Sun, 01 Mar 2026 12:04:00 GMT| false",
        "Sun, 01 Mar 2026 11:56:00 GMT| false",
        "Sun, 01 Mar 2026 12:06:00 GMT| true",
        "Thu, 01 Jan 1970 00:00:00 GMT| true",
        "yesterday| false"
      },
      delimiter = '|')
  void aRefusedTokenAndADifferentClockMakeADoubt(String date, boolean doubt) {
    HubException failure =
        of(answer(401, "", "iothub-errorcode", "IotHubUnauthorizedAccess", "Date", date));
    assertThat(failure)
        .isInstanceOfSatisfying(
            UnauthorizedException.class,
            refusal -> {
              assertThat(refusal.clockEvidence().isPresent()).isEqualTo(doubt);
              if (doubt) {
                assertThat(refusal.clockEvidence().get()).contains("2026-03-01T12:00:00Z");
              }
            });
  }

  // --- nothing secret, nothing unbounded ---

  @Test
  void whatTheHubRepeatsOfATokenIsNotRepeated() {
    HubException failure =
        of(answer(401, "{\"Message\":\"ErrorCode:IotHubUnauthorized;Bad token " + SECRET + "\"}"));
    assertThat(failure).isInstanceOf(UnauthorizedException.class);
    assertThat(failure.getMessage()).doesNotContain("SECRET");
  }

  @Test
  void theHubsOwnWordsAreQuotedShortAndPrintable() {
    HubException failure =
        of(
            answer(
                400,
                "{\"Message\":\"ErrorCode:ArgumentInvalid;a\u0007b" + "x".repeat(3000) + "\"}"));
    assertThat(failure.getMessage()).contains("a?bxxx").hasSizeLessThan(800);
  }

  // --- no answer at all ---

  @ParameterizedTest
  @EnumSource(ExchangeFailure.Reason.class)
  void everyBreakIsAboutTheRoute(ExchangeFailure.Reason reason) {
    HubException failure =
        failures.broken(new ExchangeFailure(reason, "what"), "the telemetry", Stage.SESSION);
    assertThat(failure).isInstanceOf(UnreachableException.class);
    assertThat(failure.progress())
        .isEqualTo(
            reason == ExchangeFailure.Reason.NOT_WANTED ? Progress.NOT_SENT : Progress.MAYBE_SENT);
  }

  @Test
  void everyBrokenLineIsAboutTheRoute() {
    for (Throwable cause :
        List.of(
            new EOFException(),
            new IOException("unexpected end of stream on http://hub/...", new EOFException()),
            new SocketException("Connection reset"),
            new SocketException("Broken pipe"),
            new SocketException("Network is down"),
            new ProtocolException("Unexpected status line"),
            new IllegalStateException("a defect"))) {
      HubException failure = failures.broken(cause, "the telemetry", Stage.SESSION);
      assertThat(failure).isInstanceOf(UnreachableException.class).hasCause(cause);
      assertThat(failure.progress()).isEqualTo(Progress.MAYBE_SENT);
      assertThat(failure.getMessage()).contains("hub.example.net:443");
    }
  }
}
