package dev.fairlead.localhub.https;

import static dev.fairlead.localhub.https.HttpDevice.VERSION;
import static dev.fairlead.localhub.https.HttpDevice.header;
import static dev.fairlead.localhub.https.HttpDevice.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.UploadNotice;
import dev.fairlead.localhub.UploadedBlob;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpsUploadTest {

  private static final Map<String, String> BLOCK_BLOB = Map.of("x-ms-blob-type", "BlockBlob");

  private final ManualHubTime time = new ManualHubTime();
  private final LocalHub hub =
      LocalHub.start(LocalHubOptions.defaults().time(time).uploadCapacity(100_000));
  private final Device device = hub.createDevice("dev-1");
  private final HttpDevice http = device(device);
  // A client with the signature may write; it needs no token.
  private final HttpDevice storage = HttpDevice.withToken(hub, "dev-1", null);

  @AfterEach
  void stop() {
    hub.close();
  }

  private HttpDevice device(Device known) {
    String id = known.deviceId();
    return HttpDevice.withToken(
        hub,
        id,
        HttpDevice.token(
            "localhost/devices/" + id, known.primaryKey(), time.now().plusSeconds(86_400), ""));
  }

  private HttpResponse<byte[]> ask(HttpDevice from, String name) throws IOException {
    return from.post(from.path("/files?" + VERSION), "{\"blobName\":\"" + name + "\"}", Map.of());
  }

  private JsonNode begin(String name) throws IOException {
    HttpResponse<byte[]> response = ask(http, name);
    assertThat(response.statusCode()).as(text(response)).isEqualTo(200);
    return new ObjectMapper().readTree(response.body());
  }

  /** The request target of the blob, as a device builds it. */
  private static String target(JsonNode upload) {
    StringBuilder path = new StringBuilder("/" + upload.path("containerName").asText());
    for (String segment : upload.path("blobName").asText().split("/", -1)) {
      path.append('/').append(HttpDevice.encode(segment));
    }
    return path + upload.path("sasToken").asText();
  }

  private HttpResponse<byte[]> put(String target, String content, Map<String, String> headers)
      throws IOException {
    return storage.method("PUT", target, BodyPublishers.ofString(content), headers);
  }

  private HttpResponse<byte[]> report(String body) throws IOException {
    return http.post(http.path("/files/notifications?" + VERSION), body, Map.of());
  }

  private static void assertError(HttpResponse<byte[]> response, int status, String name) {
    assertThat(response.statusCode()).as(text(response)).isEqualTo(status);
    assertThat(header(response, "iothub-errorcode")).isEqualTo(name);
  }

  private static void assertStorageError(HttpResponse<byte[]> response, int status, String code) {
    assertThat(response.statusCode()).as(text(response)).isEqualTo(status);
    assertThat(header(response, "x-ms-error-code")).isEqualTo(code);
    assertThat(text(response)).contains("<Error><Code>" + code + "</Code>");
  }

  // --- refused requests

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "[]",
        "{}",
        "{\"blobName\":\"\"}",
        "{\"blobName\":1}",
        "{\"blobName\":\"a\\u0000b\"}"
      })
  void refusesAnUploadWithoutAName(String body) throws IOException {
    assertError(http.post(http.path("/files?" + VERSION), body, Map.of()), 400, "ArgumentInvalid");
  }

  @Test
  void boundsTheName() throws IOException {
    assertThat(ask(http, "x".repeat(1024 - "dev-1/".length())).statusCode()).isEqualTo(200);
    assertError(ask(http, "x".repeat(1025 - "dev-1/".length())), 400, "ArgumentInvalid");
  }

  @Test
  void allowsTenUploadsAtOnceForADevice() throws IOException {
    String first = begin("0").path("correlationId").asText();
    for (int i = 1; i < 10; i++) {
      begin("f" + i);
    }
    HttpResponse<byte[]> eleventh = ask(http, "f10");
    assertError(eleventh, 403, "DeviceMaximumActiveFileUploadLimitExceeded");
    assertThat(text(eleventh)).contains("Number of active file upload requests cannot exceed 10");
    assertThat(hub.uploads().active("dev-1")).isEqualTo(10);
    assertThat(ask(device(hub.createDevice("dev-2")), "f").statusCode())
        .as("another device has its own limit of ten")
        .isEqualTo(200);
    assertThat(report("{\"correlationId\":\"" + first + "\",\"isSuccess\":false}").statusCode())
        .isEqualTo(204);
    begin("in its place");
    assertError(ask(http, "one more"), 403, "DeviceMaximumActiveFileUploadLimitExceeded");
    time.advance(Duration.ofHours(1));
    begin("after the others have run out");
    assertThat(hub.uploads().active("dev-1")).isEqualTo(1);
  }

  @Test
  void allowsTenUploadsEvenIfAllAreAskedForAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Integer>> asking = Collections.nCopies(24, () -> ask(http, "f").statusCode());
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> status : threads.invokeAll(asking)) {
        statuses.add(status.get());
      }
      assertThat(Collections.frequency(statuses, 200)).isEqualTo(10);
      assertThat(Collections.frequency(statuses, 403)).isEqualTo(14);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void storesNothingWithoutAGoodSignature() throws IOException {
    JsonNode upload = begin("file");
    String good = target(upload);
    String other = target(begin("other"));
    String query = upload.path("sasToken").asText();
    for (String bad :
        new String[] {
          good.substring(0, good.indexOf('?')),
          good.replace("&sig=", "&sig=A"),
          good.replace("sv=2018", "sv=2019"),
          good.replace("sp=rw", "sp=rwd"),
          good.replace("sr=b", "sr=c"),
          good.replaceAll("&se=[^&]*", ""),
          good.replaceAll("&sig=[^&]*", ""),
          good.replaceAll("&se=\\d{4}", "&se=2999"),
          good.replaceAll("&se=[^&]*", "&se=never"),
          other.substring(0, other.indexOf('?')) + query
        }) {
      assertStorageError(put(bad, "x", BLOCK_BLOB), 403, "AuthenticationFailed");
    }
    assertThat(hub.uploads().blobs()).isEmpty();
    time.advance(Duration.ofHours(1));
    assertStorageError(put(good, "x", BLOCK_BLOB), 403, "AuthenticationFailed");
  }

  @Test
  void namesWhatIsWrongWithABlob() throws IOException {
    String target = target(begin("file"));
    assertStorageError(put(target, "x", Map.of()), 400, "MissingRequiredHeader");
    assertStorageError(
        put(target, "x", Map.of("x-ms-blob-type", "PageBlob")), 400, "InvalidHeaderValue");
    assertStorageError(
        put(target + "&comp=lease", "x", BLOCK_BLOB), 400, "InvalidQueryParameterValue");
    assertStorageError(
        put(target + "&comp=block", "x", Map.of()), 400, "InvalidQueryParameterValue");
    assertStorageError(
        put(target + "&comp=block&blockid=!", "x", Map.of()), 400, "InvalidQueryParameterValue");
    assertStorageError(storage.get(target), 405, "UnsupportedHttpVerb");
    assertStorageError(
        storage.method(
            "PUT", target, BodyPublishers.fromPublisher(BodyPublishers.ofString("x")), BLOCK_BLOB),
        411,
        "MissingContentLengthHeader");
    assertStorageError(
        put(target, "x", Map.of("x-ms-blob-type", "BlockBlob", "Content-MD5", "AAAA")),
        400,
        "Md5Mismatch");
    assertThat(hub.uploads().blobs()).isEmpty();
  }

  @Test
  void keepsNoMoreThanItsCapacity() throws IOException {
    String target = target(begin("file"));
    assertThat(put(target, "x".repeat(100_001), BLOCK_BLOB).statusCode()).isEqualTo(413);
    assertThat(put(target, "x".repeat(60_000), BLOCK_BLOB).statusCode()).isEqualTo(201);
    assertThat(put(target, "y".repeat(60_000), BLOCK_BLOB).statusCode())
        .as("replacing a blob takes no more room")
        .isEqualTo(201);
    String second = target(begin("second"));
    assertThat(put(second, "x".repeat(40_001), BLOCK_BLOB).statusCode()).isEqualTo(413);
    String block = second + "&comp=block&blockid=AAAA";
    assertThat(put(block, "x".repeat(40_000), Map.of()).statusCode()).isEqualTo(201);
    assertThat(put(block, "y".repeat(40_000), Map.of()).statusCode()).isEqualTo(201);
    assertThat(put(block.replace("AAAA", "AAAB"), "z", Map.of()).statusCode()).isEqualTo(413);
    String twice = "<BlockList><Latest>AAAA</Latest><Latest>AAAA</Latest></BlockList>";
    assertStorageError(
        put(second + "&comp=blocklist", twice, Map.of()), 413, "RequestBodyTooLarge");
    hub.uploads().clear();
    assertThat(put(second, "x".repeat(100_000), BLOCK_BLOB).statusCode()).isEqualTo(201);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense | InvalidXmlDocument",
        "<Blocks/> | InvalidXmlDocument",
        "<BlockList><Other>AAAA</Other></BlockList> | InvalidXmlDocument",
        "<BlockList><Latest>AAAA</BlockList> | InvalidXmlDocument",
        "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><BlockList><Latest>&e;</Latest></BlockList> | InvalidXmlDocument",
        "<BlockList><Latest>AAAA</Latest></BlockList> | InvalidBlockList"
      })
  void namesWhatIsWrongWithABlockList(String list, String code) throws IOException {
    String target = target(begin("file"));
    assertStorageError(put(target + "&comp=blocklist", list, Map.of()), 400, code);
    assertThat(hub.uploads().blobs()).isEmpty();
  }

  @Test
  void refusesReportsThatFitNoUpload() throws IOException {
    String id = begin("file").path("correlationId").asText();
    assertError(report("{\"isSuccess\":true}"), 400, "InvalidFileUploadCorrelationId");
    assertError(
        report("{\"correlationId\":\"x\",\"isSuccess\":true}"),
        400,
        "InvalidFileUploadCorrelationId");
    HttpDevice other = device(hub.createDevice("dev-2"));
    assertError(
        other.post(
            other.path("/files/notifications?" + VERSION),
            "{\"correlationId\":\"" + id + "\",\"isSuccess\":true}",
            Map.of()),
        400,
        "InvalidFileUploadCorrelationId");
    String start = "{\"correlationId\":\"" + id + "\",\"isSuccess\":";
    assertError(report(start + "\"yes\"}"), 400, "InvalidFileUploadCompletionStatus");
    assertError(
        report(start + "true,\"statusCode\":\"ok\"}"), 400, "InvalidFileUploadCompletionStatus");
    time.advance(Duration.ofHours(1));
    assertError(report(start + "true}"), 400, "ExpiredFileUploadCorrelationId");
    assertThat(hub.uploads().notices()).isEmpty();
  }

  // --- accepted requests

  @Test
  void takesAFileAndWhatIsSaidOfIt() throws IOException, GeneralSecurityException {
    JsonNode upload = begin("my photos/ä+%.jpg");
    String id = upload.path("correlationId").asText();
    assertThat(upload.path("hostName").asText()).isEqualTo("localhost:" + hub.httpsPort());
    assertThat(upload.path("blobName").asText()).isEqualTo("dev-1/my photos/ä+%.jpg");
    assertThat(upload.path("sasToken").asText()).startsWith("?sv=");
    byte[] content = "content".getBytes(StandardCharsets.UTF_8);
    String md5 =
        Base64.getEncoder().encodeToString(MessageDigest.getInstance("MD5").digest(content));
    HttpResponse<byte[]> response =
        put(
            target(upload),
            "content",
            Map.of(
                "x-ms-blob-type",
                "BlockBlob",
                "Content-Type",
                "image/jpeg",
                "x-ms-version",
                "2023-11-03",
                "Content-MD5",
                md5));
    assertThat(response.statusCode()).as(text(response)).isEqualTo(201);
    assertThat(header(response, "ETag")).startsWith("\"0x");
    UploadedBlob blob = hub.uploads().blob("dev-1/my photos/ä+%.jpg").orElseThrow();
    assertThat(blob.content()).isEqualTo(content);
    assertThat(blob.contentType()).isEqualTo("image/jpeg");
    assertThat(
            report(
                    "{\"correlationId\":\""
                        + id
                        + "\",\"isSuccess\":true,\"statusCode\":200,\"statusDescription\":\"fine\"}")
                .statusCode())
        .isEqualTo(204);
    Instant now = time.now();
    assertThat(hub.uploads().notices())
        .containsExactly(new UploadNotice(id, "dev-1", null, blob.name(), true, 200, "fine", now));
    assertError(
        report("{\"correlationId\":\"" + id + "\",\"isSuccess\":true}"),
        400,
        "InvalidFileUploadCorrelationId");
  }

  @Test
  void takesANameWithEscapedSlashes() throws IOException {
    JsonNode upload = begin("a/b/c");
    String target = target(upload).replace("dev-1/a/b/c", "dev-1%2Fa%2fb/c");
    assertThat(put(target, "x", BLOCK_BLOB).statusCode()).isEqualTo(201);
    assertThat(hub.uploads().blob("dev-1/a/b/c")).isPresent();
  }

  @Test
  void takesAFileInBlocks() throws IOException {
    String target = target(begin("file"));
    for (String[] block :
        new String[][] {{"AAAC", "c"}, {"AAAA", "wrong"}, {"AAAB", "b"}, {"AAAA", "a"}}) {
      assertThat(put(target + "&comp=block&blockid=" + block[0], block[1], Map.of()).statusCode())
          .isEqualTo(201);
    }
    assertThat(hub.uploads().blobs()).isEmpty();
    HttpResponse<byte[]> response =
        put(
            target + "&comp=blocklist",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlockList><Latest>AAAA</Latest>"
                + "<Uncommitted>AAAB</Uncommitted>\n<Latest>AAAC</Latest></BlockList>",
            Map.of("x-ms-blob-content-type", "text/plain"));
    assertThat(response.statusCode()).as(text(response)).isEqualTo(201);
    UploadedBlob blob = hub.uploads().blob("dev-1/file").orElseThrow();
    assertThat(blob.contentAsText()).isEqualTo("abc");
    assertThat(blob.contentType()).isEqualTo("text/plain");
  }

  @Test
  void takesReportsInTheOldForm() throws IOException {
    String id = begin("file").path("correlationId").asText();
    HttpResponse<byte[]> response =
        http.post(
            http.path("/files/notifications/" + id + "?" + VERSION),
            "{\"isSuccess\":false,\"statusCode\":500,\"statusDescription\":null}",
            Map.of());
    assertThat(response.statusCode()).as(text(response)).isEqualTo(204);
    UploadNotice notice = hub.uploads().notices().get(0);
    assertThat(notice.success()).isFalse();
    assertThat(notice.statusCode()).isEqualTo(500);
    assertThat(notice.statusDescription()).isEmpty();
  }

  @Test
  void servesModules() throws IOException {
    Device module = device.createModule("m");
    HttpDevice ofModule = HttpDevice.of(hub, module);
    HttpResponse<byte[]> response = ask(ofModule, "file");
    JsonNode upload = new ObjectMapper().readTree(response.body());
    assertThat(upload.path("blobName").asText()).isEqualTo("dev-1/m/file");
    assertThat(
            ofModule
                .post(
                    ofModule.path("/files/notifications?" + VERSION),
                    "{\"correlationId\":\""
                        + upload.path("correlationId").asText()
                        + "\",\"isSuccess\":true}",
                    Map.of())
                .statusCode())
        .isEqualTo(204);
    assertThat(hub.uploads().notices().get(0).moduleId()).contains("m");
  }

  @Test
  void saysWhereTheStorageIs() throws IOException {
    LocalHubOptions options = LocalHubOptions.defaults().storageHostName("files.example.net:1234");
    try (LocalHub other = LocalHub.start(options)) {
      HttpDevice elsewhere = HttpDevice.of(other, other.createDevice("d"));
      assertThat(text(ask(elsewhere, "f"))).contains("\"hostName\":\"files.example.net:1234\"");
    }
    try (LocalHub other = LocalHub.start(options.storageHostName("files.example.net"))) {
      HttpDevice elsewhere = HttpDevice.of(other, other.createDevice("d"));
      assertThat(text(ask(elsewhere, "f")))
          .contains("\"hostName\":\"files.example.net:" + other.httpsPort() + "\"");
    }
  }
}
