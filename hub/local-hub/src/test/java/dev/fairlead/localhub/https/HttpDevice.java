package dev.fairlead.localhub.https;

import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A device that speaks HTTPS with the JDK's client. */
final class HttpDevice {

  static final String VERSION = "api-version=2021-04-12";
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final LocalHub hub;
  private final String path;
  private final @Nullable String token;
  private final HttpClient client;

  private HttpDevice(
      LocalHub hub, String path, @Nullable String token, @Nullable ClientIdentity identity) {
    this.hub = hub;
    this.path = path;
    this.token = token;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(context(hub, identity))
            .build();
  }

  /** A device with a token of one hour from its primary key. */
  static HttpDevice of(LocalHub hub, Device device) {
    String module = device.moduleId().map(id -> "/modules/" + encode(id)).orElse("");
    String path = "/devices/" + encode(device.deviceId()) + module;
    String plain =
        hub.hostName()
            + "/devices/"
            + device.deviceId()
            + device.moduleId().map(id -> "/modules/" + id).orElse("");
    return new HttpDevice(hub, path, token(plain, device.primaryKey()), null);
  }

  /** A device with the given token, or none. */
  static HttpDevice withToken(LocalHub hub, String deviceId, @Nullable String token) {
    return new HttpDevice(hub, "/devices/" + encode(deviceId), token, null);
  }

  /** A device with a client certificate. */
  static HttpDevice withCertificate(LocalHub hub, String deviceId, ClientIdentity identity) {
    return new HttpDevice(hub, "/devices/" + encode(deviceId), null, identity);
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  static String token(String resource, String key) {
    return token(resource, key, Instant.now().plusSeconds(3600), "");
  }

  /** A token as clients make it; the suffix may be {@code &skn=…}. */
  static String token(String resource, String key, Instant expiry, String appended) {
    try {
      String encoded = encode(resource);
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(key), "HmacSHA256"));
      String signed = encoded + "\n" + expiry.getEpochSecond();
      String signature =
          Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
      return "SharedAccessSignature sr="
          + encoded
          + "&sig="
          + encode(signature)
          + "&se="
          + expiry.getEpochSecond()
          + appended;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static SSLContext context(LocalHub hub, @Nullable ClientIdentity identity) {
    try {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", hub.caCertificate());
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      KeyManagerFactory keys = null;
      if (identity != null) {
        KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
        own.load(null, null);
        own.setKeyEntry(
            "client", identity.key(), new char[0], identity.chain().toArray(new Certificate[0]));
        keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, new char[0]);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The path of its telemetry. */
  String events() {
    return path + "/messages/events?" + VERSION;
  }

  /** The path of its C2D queue. */
  String inbox() {
    return path + "/messages/deviceBound?" + VERSION;
  }

  /** The path of a C2D message that is locked for it. */
  String locked(String lockToken, String rest) {
    return path + "/messages/deviceBound/" + lockToken + rest;
  }

  /** The path of the identity with a suffix. */
  String path(String rest) {
    return path + rest;
  }

  HttpRequest.Builder to(String target) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("https://localhost:" + hub.httpsPort() + target))
            .timeout(LIMIT);
    if (token != null) {
      request.header("Authorization", token);
    }
    return request;
  }

  HttpResponse<byte[]> send(HttpRequest request) throws IOException {
    try {
      return client.send(request, BodyHandlers.ofByteArray());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  HttpResponse<byte[]> get(String target) throws IOException {
    return send(to(target).GET().build());
  }

  HttpResponse<byte[]> delete(String target) throws IOException {
    return send(to(target).DELETE().build());
  }

  HttpResponse<byte[]> post(String target, String body, Map<String, String> headers)
      throws IOException {
    return post(target, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  HttpResponse<byte[]> post(String target, byte[] body, Map<String, String> headers)
      throws IOException {
    return method("POST", target, BodyPublishers.ofByteArray(body), headers);
  }

  HttpResponse<byte[]> method(
      String method, String target, BodyPublisher body, Map<String, String> headers)
      throws IOException {
    HttpRequest.Builder request = to(target).method(method, body);
    headers.forEach(request::header);
    return send(request.build());
  }

  static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }
}
