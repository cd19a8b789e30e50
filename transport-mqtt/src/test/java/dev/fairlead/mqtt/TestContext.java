package dev.fairlead.mqtt;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.MethodRequest;
import dev.fairlead.Proxy;
import dev.fairlead.Secret;
import dev.fairlead.SystemProperty;
import dev.fairlead.Trust;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.spi.OutboxReader;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.Settlement;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What a session is given, in the hands of a test. */
final class TestContext implements SessionContext, Inbox {
  final TestOutbox outbox = new TestOutbox();
  final TestLoop loop;
  final List<CloudMessage> cloudMessages = new CopyOnWriteArrayList<>();
  final List<String> desiredChanges = new CopyOnWriteArrayList<>();
  final List<MethodRequest> methodCalls = new CopyOnWriteArrayList<>();
  final List<MethodReply> replies = new CopyOnWriteArrayList<>();
  final List<String> reopenings = new CopyOnWriteArrayList<>();

  DeviceIdentity identity;
  String hubHost = "hub.example.net";
  Endpoint endpoint;
  Credential credential = token("none");
  Set<Feed> feeds = Set.of(Feed.values());
  Duration openTimeout = Duration.ofSeconds(20);
  boolean strictOrder;
  Optional<Proxy> proxy = Optional.empty();
  Optional<String> modelId = Optional.empty();

  TestContext(TestLoop loop, String deviceId, int port, Trust trust) {
    this.loop = loop;
    identity = DeviceIdentity.device(deviceId);
    endpoint = new Endpoint("localhost", port, trust);
  }

  static Credential token(String text) {
    return new Credential.Token(Secret.of(text), Instant.MAX);
  }

  /** A token as in "Control access to IoT Hub", section on SAS tokens. */
  static Credential token(String resource, String key, Instant expiry) {
    try {
      String encoded = URLEncoder.encode(resource, StandardCharsets.UTF_8);
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(key), "HmacSHA256"));
      String signed = encoded + "\n" + expiry.getEpochSecond();
      String signature =
          Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
      return token(
          "SharedAccessSignature sr="
              + encoded
              + "&sig="
              + URLEncoder.encode(signature, StandardCharsets.UTF_8)
              + "&se="
              + expiry.getEpochSecond());
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void cloudMessage(
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement) {
    loop.assertInLoop();
    settlement.handedOut();
    cloudMessages.add(
        new CloudMessage(body, properties, systemProperties, new OnLoop(loop, settlement)));
  }

  @Override
  public int cloudMessageRoom() {
    return 10;
  }

  @Override
  public void whenCloudMessageRoom(Runnable wakeup) {
    // The handler of a test takes all at once.
  }

  @Override
  public void methodCall(MethodRequest request, MethodReply reply) {
    loop.assertInLoop();
    methodCalls.add(request);
    replies.add(reply);
  }

  @Override
  public void desiredChange(String patch) {
    loop.assertInLoop();
    desiredChanges.add(patch);
  }

  @Override
  public DeviceIdentity identity() {
    return identity;
  }

  @Override
  public String hubHost() {
    return hubHost;
  }

  @Override
  public Endpoint endpoint() {
    return endpoint;
  }

  @Override
  public Optional<Proxy> proxy() {
    return proxy;
  }

  @Override
  public Credential credential() {
    return credential;
  }

  @Override
  public Set<Feed> feeds() {
    return feeds;
  }

  @Override
  public OutboxReader outbox() {
    return outbox;
  }

  @Override
  public Inbox inbox() {
    return this;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public Duration openTimeout() {
    return openTimeout;
  }

  @Override
  public boolean strictOrder() {
    return strictOrder;
  }

  @Override
  public String userAgent() {
    return "fairlead/test (java 17; ü)";
  }

  @Override
  public Optional<String> modelId() {
    return modelId;
  }

  @Override
  public void requestReopen(String why) {
    reopenings.add(why);
  }

  /** Settles on the loop, as the client does. */
  private record OnLoop(Loop loop, Settlement settlement) implements Settlement {
    @Override
    public CompletionStage<Void> complete() {
      return onLoop(settlement::complete);
    }

    @Override
    public CompletionStage<Void> abandon() {
      return onLoop(settlement::abandon);
    }

    @Override
    public CompletionStage<Void> reject() {
      return onLoop(settlement::reject);
    }

    private CompletionStage<Void> onLoop(Supplier<CompletionStage<Void>> verb) {
      return CompletableFuture.supplyAsync(verb, loop).thenCompose(Function.identity());
    }
  }
}
