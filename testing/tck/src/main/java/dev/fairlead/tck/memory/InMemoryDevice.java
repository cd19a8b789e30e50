package dev.fairlead.tck.memory;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Secret;
import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.SasToken;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.tck.FakeTime;
import dev.fairlead.tck.ReceivedTelemetry;
import dev.fairlead.tck.SentCloudMessage;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A device in its hub: telemetry, queue, twin, and its only connection. Safe for any thread; no
 * foreign code runs under its lock.
 */
public final class InMemoryDevice {
  private final String deviceId;
  private final FakeTime time;
  private final Secret key;
  private final List<ReceivedTelemetry> telemetry = new ArrayList<>();
  private final CloudQueue queue;
  private TwinDocument desired = new TwinDocument();
  private TwinDocument reported = new TwinDocument();
  private final Set<X509Certificate> certificates = new HashSet<>();
  private boolean enabled = true;
  private long connections;
  private @Nullable InMemorySession session;

  /** A polling connection that has another beside it. */
  private @Nullable InMemorySession polling;

  private Alarm tokenEnd = () -> {};

  InMemoryDevice(String deviceId, FakeTime time) {
    this.deviceId = deviceId;
    this.time = time;
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    key = Secret.of(Base64.getEncoder().encodeToString(random));
    queue = new CloudQueue(time);
  }

  /**
   * Its symmetric key.
   *
   * @return the key in base64
   */
  public Secret key() {
    return key;
  }

  /**
   * The telemetry so far.
   *
   * @return a copy, in the order of arrival
   */
  public synchronized List<ReceivedTelemetry> telemetry() {
    return List.copyOf(telemetry);
  }

  /** Drops the telemetry so far. */
  public synchronized void forgetTelemetry() {
    telemetry.clear();
  }

  /**
   * How many connections this device has had.
   *
   * @return the count, the present one included
   */
  public synchronized long connectionsSoFar() {
    return connections;
  }

  /**
   * Puts a message into the queue.
   *
   * @param body its text
   * @param properties its application properties
   * @return the message, to be watched
   */
  public synchronized SentCloudMessage sendCloudMessage(
      String body, Map<String, String> properties) {
    CloudQueue.Message message = queue.add(body, properties);
    deliver();
    return message;
  }

  /**
   * Calls a direct method.
   *
   * @param name the method
   * @param payload JSON text, or empty
   * @param timeout how long to wait for the answer, by the hub's clock
   * @return the answer; fails with 404103 if the device is not online, with 504101 if no answer
   *     arrives
   */
  public CompletableFuture<MethodResponse> invokeMethod(
      String name, String payload, Duration timeout) {
    CompletableFuture<MethodResponse> result = new CompletableFuture<>();
    InMemorySession to = present();
    if (to == null || !to.wants(Feed.DIRECT_METHODS)) {
      result.completeExceptionally(refusal("The device is not online.", 404103));
      return result;
    }
    Alarm late =
        time.schedule(
            timeout,
            () -> result.completeExceptionally(refusal("The device did not answer.", 504101)));
    AtomicBoolean answered = new AtomicBoolean();
    MethodReply reply =
        response -> {
          if (!answered.compareAndSet(false, true)) {
            return CompletableFuture.failedFuture(
                refusal("This call was already answered.", 400000));
          }
          return to.ask(
              sent -> {
                late.cancel();
                result.complete(response);
                sent.complete(null);
              });
        };
    to.push(() -> to.context().inbox().methodCall(new MethodRequest(name, payload), reply));
    return result;
  }

  /**
   * Merges into the desired properties and notifies the device.
   *
   * @param patch a JSON object
   * @return the new version
   */
  public synchronized long updateDesired(String patch) {
    long version = desired.merge(patch);
    InMemorySession to = session;
    if (to != null && to.wants(Feed.DESIRED_PROPERTIES)) {
      String sent = TwinDocument.withVersion(patch.strip(), version);
      to.push(() -> to.context().inbox().desiredChange(sent));
    }
    return version;
  }

  /**
   * The reported properties.
   *
   * @return a JSON object without the version
   */
  public synchronized String reported() {
    return reported.json();
  }

  /**
   * The version of the reported properties.
   *
   * @return the version
   */
  public synchronized long reportedVersion() {
    return reported.version();
  }

  /** Deletes it and creates it again with the same key; its connection is cut. */
  public void recreate() {
    synchronized (this) {
      desired = new TwinDocument();
      reported = new TwinDocument();
      queue.purge();
    }
    cut();
  }

  /**
   * Enables or disables it; disabling cuts its connection.
   *
   * @param value whether it may connect
   */
  public void setEnabled(boolean value) {
    synchronized (this) {
      enabled = value;
    }
    if (!value) {
      cut();
    }
  }

  /**
   * Registers a client certificate beside those registered before. Its dates do not matter.
   *
   * @param certificate the certificate
   */
  public synchronized void register(X509Certificate certificate) {
    certificates.add(certificate);
  }

  /**
   * The client certificate that its present connection has shown.
   *
   * @return empty if it is not connected, or with a token
   */
  public synchronized Optional<X509Certificate> shownCertificate() {
    return session != null && session.credential() instanceof Credential.Certificate shown
        ? Optional.of(shown.chain().get(0))
        : Optional.empty();
  }

  /**
   * Refuses a client certificate from now on; a connection that showed it stays.
   *
   * @param certificate the certificate
   */
  public synchronized void unregister(X509Certificate certificate) {
    certificates.remove(certificate);
  }

  /** Cuts its connection, if it has one; of a shared connection, only its own part. */
  public void cut() {
    InMemorySession now = present();
    if (now != null) {
      now.link().cut(InMemoryHub.lost("The connection broke."));
    }
  }

  private synchronized @Nullable InMemorySession present() {
    return session;
  }

  // --- what sessions do, on their connections ---

  synchronized boolean admits(DeviceIdentity identity, Credential credential) {
    if (credential instanceof Credential.Certificate certificate) {
      return enabled && certificates.contains(certificate.chain().get(0));
    }
    if (!enabled || !(credential instanceof Credential.Token token)) {
      return false;
    }
    SasToken expected =
        SasToken.sign(
            new Audience(InMemoryHub.HOST, identity), Optional.empty(), token.expiry(), key);
    return expected.text().equals(token.text()) && time.now().isBefore(token.expiry());
  }

  /**
   * Replaces the previous connection, which the hub cuts unless it polls: over HTTPS a device has
   * no permanent connection.
   */
  void attach(InMemorySession arrived) {
    InMemorySession before;
    synchronized (this) {
      before = session;
      if (before != null && before.polls()) {
        polling = before;
        before = null;
      }
      queue.releaseAll();
      session = arrived;
      connections++;
      endWith(arrived, arrived.credential());
      deliver();
    }
    if (before != null) {
      before.link().cut(InMemoryHub.lost("The device has opened another connection."));
    }
    if (arrived.link().isEnded()) {
      linkEnded(arrived.link());
    }
  }

  synchronized void linkEnded(InMemoryLink link) {
    if (polling != null && polling.link() == link) {
      polling = null;
    }
    if (session != null && session.link() == link) {
      session = polling;
      polling = null;
      tokenEnd.cancel();
      tokenEnd = () -> {}; // the previous one is bound to its session
      queue.releaseAll();
    }
  }

  synchronized boolean renew(InMemorySession by, DeviceIdentity identity, Credential credential) {
    if (session != by || !admits(identity, credential)) {
      return false;
    }
    endWith(by, credential);
    return true;
  }

  /** The hub cuts a connection whose token has expired. */
  private void endWith(InMemorySession with, Credential credential) {
    tokenEnd.cancel();
    if (credential instanceof Credential.Token token) {
      tokenEnd =
          time.schedule(
              Duration.between(time.now(), token.expiry()),
              () ->
                  with.link()
                      .cut(
                          new UnauthorizedException(
                              "The token has expired on the open connection.",
                              Progress.MAYBE_SENT)));
    }
  }

  synchronized void store(TelemetryMessage message) {
    Map<SystemProperty, String> system = new LinkedHashMap<>(message.systemProperties());
    telemetry.add(
        new ReceivedTelemetry(
            message.body().clone(), new LinkedHashMap<>(message.properties()), system));
  }

  synchronized String twin() {
    return "{\"desired\":" + desired.versioned() + ",\"reported\":" + reported.versioned() + "}";
  }

  synchronized long report(String patch) {
    return reported.merge(patch);
  }

  synchronized boolean completeMessage(CloudQueue.Message message, long lock) {
    return queue.settle(message, lock, SentCloudMessage.State.COMPLETED);
  }

  synchronized boolean rejectMessage(CloudQueue.Message message, long lock) {
    return queue.settle(message, lock, SentCloudMessage.State.DEADLETTERED);
  }

  synchronized boolean abandonMessage(CloudQueue.Message message, long lock) {
    boolean held = queue.release(message, lock);
    deliver();
    return held;
  }

  private void deliver() {
    InMemorySession to = session;
    if (to == null || !to.wants(Feed.CLOUD_MESSAGES)) {
      return;
    }
    queue.deliverAll(
        (message, lock) -> {
          Map<SystemProperty, String> system =
              Map.of(
                  SystemProperty.SEQUENCE_NUMBER, Long.toString(message.sequence()),
                  SystemProperty.DELIVERY_COUNT, Integer.toString(message.deliveries()));
          InMemorySettlement settlement = new InMemorySettlement(to, this, message, lock);
          to.pushCloudMessage(
              () ->
                  to.context()
                      .inbox()
                      .cloudMessage(
                          message.body().getBytes(StandardCharsets.UTF_8),
                          message.properties(),
                          system,
                          settlement));
        },
        this::locksExpired);
  }

  private synchronized void locksExpired() {
    queue.releaseExpired();
    deliver();
  }

  private static RejectedException refusal(String why, int code) {
    return new RejectedException(why, Progress.MAYBE_SENT, code);
  }

  @Override
  public String toString() {
    return "InMemoryDevice[" + deviceId + "]";
  }
}
