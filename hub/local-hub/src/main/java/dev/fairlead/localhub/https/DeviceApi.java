package dev.fairlead.localhub.https;

import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.UndocumentedHttpsBehavior;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.auth.Credentials;
import dev.fairlead.localhub.auth.Credentials.Carrier;
import dev.fairlead.localhub.cloud.CloudQueue;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.text.Syntax;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the operation that a request asks for and checks its sender's rights: all that is possible
 * before the body arrives. Safe for use by several threads.
 */
final class DeviceApi {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceApi.class);
  private static final int DEVICE_NOT_FOUND = 404001;
  private static final int SMALL_BODY = 16 * 1024;

  private final HubCore hub;
  private final FileUploads uploads;
  private final BlobEndpoint blobs;
  private final UndocumentedHttpsBehavior undocumented;
  private final HostNames hosts;
  private final ErrorAnswers errors;
  private final RateLimit receives;

  DeviceApi(HubCore hub, ErrorAnswers errors, FileUploads uploads, BlobEndpoint blobs) {
    this.hub = hub;
    this.uploads = uploads;
    this.blobs = blobs;
    this.undocumented = hub.options().undocumented().https();
    this.hosts = new HostNames(hub.options());
    this.errors = errors;
    this.receives = new RateLimit(hub.time(), hub.options().cloudReceivesPerMinute());
  }

  /** The device that a request is about, whether or not it exists; null if none. */
  @Nullable String deviceOf(HttpRequest request) {
    RequestTarget target = RequestTarget.parse(request.uri()).orElse(null);
    if (target == null) {
      return null;
    }
    if (BlobEndpoint.concerns(target)) {
      return BlobEndpoint.deviceOf(target);
    }
    boolean known = target.isAt(0, "devices") && target.segments().size() > 1;
    return known ? target.segments().get(1) : null;
  }

  /**
   * Decides on a request.
   *
   * @param request its head
   * @param caller its connection
   * @throws LocalHubException with the code of the answer if it is refused
   * @throws Refusal if the answer needs more than a code
   */
  Operation operation(HttpRequest request, Caller caller) {
    RequestTarget target =
        RequestTarget.parse(request.uri())
            .orElseThrow(() -> new LocalHubException(400004, "The request target is malformed."));
    if (BlobEndpoint.concerns(target)) {
      return blobs.operation(request, target);
    }
    Resource resource = Resource.of(target).orElseThrow(DeviceApi::nothingHere);
    String method = request.method().name();
    if (!resource.allows(method)) {
      throw new Refusal(
          errors
              .of(405000, "This resource allows only " + resource.allowed() + ".")
              .with("Allow", resource.allowed()));
    }
    String version = target.parameter("api-version");
    if (version == null || !Syntax.isApiVersion(version)) {
      throw new LocalHubException(
          400001, "The api-version is missing or not a date. Send ?api-version=2021-04-12.");
    }
    Access.Granted access = admit(request, resource.id(), caller);
    HubDevice device = access.device();
    String key = resource.key();
    Duration lock = lock(request);
    return switch (resource.kind()) {
      case EVENTS -> new EventIntake(hub, access, request.headers().copy(), caller.commands());
      case CLOUD_MESSAGES -> simple(device, body -> receive(device, lock));
      case LOCKED_MESSAGE ->
          isReject(target)
              ? simple(device, body -> CloudMessages.reject(device, key))
              : simple(device, body -> CloudMessages.complete(device, key));
      case ABANDON -> simple(device, body -> CloudMessages.abandon(device, key));
      case FILES -> simple(device, body -> uploads.begin(device.id(), caller.port(), body));
      case UPLOAD_NOTICES -> simple(device, body -> uploads.end(device.id(), key, body));
    };
  }

  private Duration lock(HttpRequest request) {
    String seconds = request.headers().get("iothub-messagelocktimeout", "");
    return undocumented.lockTimeoutObeyed()
            && Syntax.isNumber(seconds, 5)
            && seconds.charAt(0) != '0'
        ? Duration.ofSeconds(Long.parseLong(seconds))
        : CloudQueue.LOCK;
  }

  /** Page "IoT Hub quotas and throttling": device-to-cloud receives, HTTPS only. */
  private Answer receive(HubDevice device, Duration lock) {
    Duration wait = receives.take();
    if (wait.isZero()) {
      return CloudMessages.receive(device, lock);
    }
    return errors
        .of(
            429001,
            "More than "
                + hub.options().cloudReceivesPerMinute()
                + " C2D receives a minute. A device should ask every 25 minutes.")
        .with("Retry-After", Long.toString(wait.plusMillis(999).toSeconds()));
  }

  /** {@code &reject} or {@code &reject=true}. */
  private static boolean isReject(RequestTarget target) {
    String reject = target.parameter("reject");
    return reject != null && !reject.equalsIgnoreCase("false");
  }

  private Access.Granted admit(HttpRequest request, IdentityId id, Caller caller) {
    String host = hosts.hubFor(request.headers().get(HttpHeaderNames.HOST, ""));
    Credentials credentials =
        new Credentials(
            request.headers().get(HttpHeaderNames.AUTHORIZATION),
            caller.certificates().get(),
            Carrier.HTTPS);
    Access access = hub.authenticator().authenticate(host, id, credentials);
    if (access instanceof Access.Refused refused) {
      LOG.info("{}: refused with {}: {}.", id, refused.code(), refused.reason());
      throw new LocalHubException(codeFor(id, refused), "Unauthorized");
    }
    return (Access.Granted) access;
  }

  /** Only the registry distinguishes a disabled identity from one that does not exist. */
  private int codeFor(IdentityId id, Access.Refused refused) {
    boolean disabled = refused.code() == DEVICE_NOT_FOUND && hub.registry().find(id).isPresent();
    return disabled ? undocumented.disabledCode() : refused.code();
  }

  private static LocalHubException nothingHere() {
    return new LocalHubException(
        404000,
        "This path does not exist. Devices use /devices/{id}/messages/events,"
            + " …/messages/deviceBound"
            + " and …/files; WebSockets are at /$iothub/websocket, on a connection of their own.");
  }

  private static Operation simple(HubDevice device, Function<byte[], Answer> action) {
    return new Operation() {
      @Override
      public HubDevice sender() {
        return device;
      }

      @Override
      public int bodyLimit() {
        return SMALL_BODY;
      }

      @Override
      public Answer run(byte[] body, Occasions occasions) {
        return action.apply(body);
      }
    };
  }
}
