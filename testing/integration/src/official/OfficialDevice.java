import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.microsoft.azure.sdk.iot.device.ClientOptions;
import com.microsoft.azure.sdk.iot.device.DeviceClient;
import com.microsoft.azure.sdk.iot.device.FileUploadCompletionNotification;
import com.microsoft.azure.sdk.iot.device.FileUploadSasUriRequest;
import com.microsoft.azure.sdk.iot.device.FileUploadSasUriResponse;
import com.microsoft.azure.sdk.iot.device.IotHubClientProtocol;
import com.microsoft.azure.sdk.iot.device.IotHubMessageResult;
import com.microsoft.azure.sdk.iot.device.Message;
import com.microsoft.azure.sdk.iot.device.MessageProperty;
import com.microsoft.azure.sdk.iot.device.MultiplexingClient;
import com.microsoft.azure.sdk.iot.device.MultiplexingClientOptions;
import com.microsoft.azure.sdk.iot.device.exceptions.IotHubClientException;
import com.microsoft.azure.sdk.iot.device.twin.DirectMethodResponse;
import com.microsoft.azure.sdk.iot.device.twin.Twin;
import com.microsoft.azure.sdk.iot.device.twin.TwinCollection;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A device on the official client, over the protocol that "open" names, one of five. It reads
 * commands from its standard input, each a line of JSON with a "verb", and answers each with one
 * line that has "done" or "failed"; events are lines with "event". It ends when its input ends.
 */
final class OfficialDevice {
  private static final Gson GSON = new GsonBuilder().serializeNulls().create();
  private static final PrintStream OUT = System.out;
  private static final int TWIN_MILLIS = 3_000;
  private static final int TWIN_ATTEMPTS = 15;

  private final List<DeviceClient> fleet = new ArrayList<>();
  private DeviceClient client;

  /** How C2D messages are settled; a command may change it. */
  private volatile IotHubMessageResult outcome = IotHubMessageResult.COMPLETE;

  private OfficialDevice() {}

  public static void main(String[] args) throws Exception {
    OfficialDevice device = new OfficialDevice();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonObject order = GSON.fromJson(line, JsonObject.class);
      String verb = order.get("verb").getAsString();
      JsonObject answer = new JsonObject();
      try {
        JsonElement result = device.obey(verb, order);
        answer.addProperty("done", verb);
        answer.add("result", result);
      } catch (Exception e) {
        answer.addProperty("failed", verb);
        answer.addProperty("why", e.toString());
      }
      say(answer);
    }
    Runtime.getRuntime().halt(0);
  }

  private static synchronized void say(JsonObject line) {
    OUT.println(GSON.toJson(line));
    OUT.flush();
  }

  private JsonElement obey(String verb, JsonObject order) throws Exception {
    switch (verb) {
      case "open":
        open(order);
        return null;
      case "send":
        client.sendEvent(message(order));
        return null;
      case "sendBatch":
        List<Message> batch = new ArrayList<>();
        order.getAsJsonArray("batch").forEach(one -> batch.add(message(one.getAsJsonObject())));
        client.sendEvents(batch);
        return null;
      case "settle":
        outcome = IotHubMessageResult.valueOf(order.get("outcome").getAsString());
        return null;
      case "methods":
        client.subscribeToMethods(
            (name, payload, context) -> {
              JsonObject call = event("method");
              call.addProperty("name", name);
              call.add("payload", payload.getPayloadAsJsonElement());
              say(call);
              return new DirectMethodResponse(207, payload.getPayloadAsJsonElement());
            },
            null);
        return null;
      case "desired":
        client.subscribeToDesiredProperties((twin, context) -> say(desired(twin)), null);
        return null;
      case "twin":
        Twin twin = persistently(() -> client.getTwin(TWIN_MILLIS));
        JsonObject both = new JsonObject();
        both.add("desired", GSON.toJsonTree(twin.getDesiredProperties()));
        both.addProperty("desiredVersion", twin.getDesiredProperties().getVersion());
        both.add("reported", GSON.toJsonTree(twin.getReportedProperties()));
        both.addProperty("reportedVersion", twin.getReportedProperties().getVersion());
        return both;
      case "report":
        TwinCollection patch = new TwinCollection();
        order
            .getAsJsonObject("patch")
            .entrySet()
            .forEach(entry -> patch.put(entry.getKey(), GSON.fromJson(entry.getValue(), Object.class)));
        return GSON.toJsonTree(
            persistently(() -> client.updateReportedProperties(patch, TWIN_MILLIS)).getVersion());
      case "upload":
        return upload(order);
      case "fleet":
        return openFleet(order);
      case "sendAll":
        for (DeviceClient member : fleet) {
          member.sendEvent(message(order));
        }
        return null;
      case "close":
        client.close();
        return null;
      default:
        throw new IllegalArgumentException("unknown verb");
    }
  }

  /**
   * The official client loses about every third answer of the twin: its receiving thread may remove
   * the request before the thread with the answer looks for it. So ask again.
   */
  private static <T> T persistently(Callable<T> question) throws Exception {
    for (int attempt = 1; ; attempt++) {
      try {
        return question.call();
      } catch (IotHubClientException e) {
        if (attempt == TWIN_ATTEMPTS) {
          throw e;
        }
        say(event("no answer of the twin"));
      }
    }
  }

  private void open(JsonObject order) throws Exception {
    ClientOptions.ClientOptionsBuilder options =
        ClientOptions.builder().sslContext(sslContext(order));
    if (order.has("tokenSeconds")) {
      options.sasTokenExpiryTime(order.get("tokenSeconds").getAsLong());
    }
    if (order.has("receiveMillis")) {
      options.receiveInterval(order.get("receiveMillis").getAsInt());
    }
    client =
        new DeviceClient(
            order.get("connectionString").getAsString(),
            IotHubClientProtocol.valueOf(order.get("protocol").getAsString()),
            options.build());
    client.setConnectionStatusChangeCallback(
        change -> {
          JsonObject status = event("status");
          status.addProperty("status", change.getNewStatus().toString());
          status.addProperty("reason", change.getNewStatusReason().toString());
          status.addProperty("cause", String.valueOf(change.getCause()));
          say(status);
        },
        null);
    client.setMessageCallback(
        (message, context) -> {
          IotHubMessageResult settled = outcome;
          say(received(message));
          return settled;
        },
        null);
    client.open(false);
  }

  /**
   * Requests the upload address, puts the file there with one plain request, and reports the
   * outcome.
   */
  private JsonElement upload(JsonObject order) throws Exception {
    FileUploadSasUriResponse where =
        client.getFileUploadSasUri(new FileUploadSasUriRequest(order.get("name").getAsString()));
    HttpsURLConnection put = (HttpsURLConnection) where.getBlobUri().toURL().openConnection();
    put.setSSLSocketFactory(sslContext(order).getSocketFactory());
    put.setRequestMethod("PUT");
    put.setDoOutput(true);
    put.setRequestProperty("x-ms-blob-type", "BlockBlob");
    put.setRequestProperty("Content-Type", order.get("contentType").getAsString());
    put.getOutputStream().write(order.get("body").getAsString().getBytes(StandardCharsets.UTF_8));
    int status = put.getResponseCode();
    FileUploadCompletionNotification notice = new FileUploadCompletionNotification();
    notice.setCorrelationId(where.getCorrelationId());
    notice.setSuccess(status == 201);
    notice.setStatusCode(status);
    notice.setStatusDescription("put");
    client.completeFileUpload(notice);
    return GSON.toJsonTree(where.getCorrelationId());
  }

  /** Many devices on one connection. */
  private JsonElement openFleet(JsonObject order) throws Exception {
    IotHubClientProtocol protocol =
        IotHubClientProtocol.valueOf(order.get("protocol").getAsString());
    SSLContext tls = sslContext(order);
    MultiplexingClient connection =
        new MultiplexingClient(
            order.get("hostName").getAsString(),
            protocol,
            MultiplexingClientOptions.builder().sslContext(tls).build());
    for (JsonElement connectionString : order.getAsJsonArray("connectionStrings")) {
      DeviceClient member =
          new DeviceClient(
              connectionString.getAsString(),
              protocol,
              ClientOptions.builder().sslContext(tls).build());
      fleet.add(member);
    }
    connection.registerDeviceClients(fleet);
    connection.open(false);
    for (DeviceClient member : fleet) {
      member.setMessageCallback(
          (message, context) -> {
            say(received(message));
            return outcome;
          },
          null);
    }
    return null;
  }

  private static SSLContext sslContext(JsonObject order) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    byte[] ca = order.get("ca").getAsString().getBytes(StandardCharsets.US_ASCII);
    trusted.setCertificateEntry(
        "hub",
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(ca)));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManager[] keys = null;
    if (order.has("pkcs12")) {
      char[] password = order.get("password").getAsString().toCharArray();
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(
          new ByteArrayInputStream(Base64.getDecoder().decode(order.get("pkcs12").getAsString())),
          password);
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(own, password);
      keys = factory.getKeyManagers();
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys, trust.getTrustManagers(), null);
    return context;
  }

  private static Message message(JsonObject order) {
    Message message =
        new Message(order.get("body").getAsString().getBytes(StandardCharsets.UTF_8));
    for (Map.Entry<String, JsonElement> entry : order.entrySet()) {
      switch (entry.getKey()) {
        case "messageId" -> message.setMessageId(entry.getValue().getAsString());
        case "correlationId" -> message.setCorrelationId(entry.getValue().getAsString());
        case "userId" -> message.setUserId(entry.getValue().getAsString());
        case "contentType" -> message.setContentType(entry.getValue().getAsString());
        case "contentEncoding" -> message.setContentEncoding(entry.getValue().getAsString());
        case "component" -> message.setComponentName(entry.getValue().getAsString());
        case "creationTime" ->
            message.setCreationTimeUTC(new Date(entry.getValue().getAsLong()));
        case "properties" ->
            entry
                .getValue()
                .getAsJsonObject()
                .entrySet()
                .forEach(p -> message.setProperty(p.getKey(), p.getValue().getAsString()));
        default -> {}
      }
    }
    return message;
  }

  private static JsonObject received(Message message) {
    JsonObject line = event("message");
    line.addProperty("body", new String(message.getBytes(), StandardCharsets.UTF_8));
    line.addProperty("messageId", message.getMessageId());
    line.addProperty("correlationId", message.getCorrelationId());
    line.addProperty("contentType", message.getContentType());
    line.addProperty("contentEncoding", message.getContentEncoding());
    JsonObject properties = new JsonObject();
    for (MessageProperty property : message.getProperties()) {
      properties.addProperty(property.getName(), property.getValue());
    }
    line.add("properties", properties);
    return line;
  }

  private static JsonObject desired(Twin twin) {
    JsonObject line = event("desired");
    line.add("changed", GSON.toJsonTree(twin.getDesiredProperties()));
    line.addProperty("version", twin.getDesiredProperties().getVersion());
    return line;
  }

  private static JsonObject event(String name) {
    JsonObject line = new JsonObject();
    line.addProperty("event", name);
    return line;
  }
}
