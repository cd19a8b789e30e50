package dev.fairlead.localhub.https;

import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.auth.Credentials;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.registry.IdentityId;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what a request asks for and whether its sender may: all that can be said before its
 * body comes. Safe for use by several threads.
 */
final class DeviceApi {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceApi.class);
  private static final Pattern API_VERSION = Pattern.compile("\\d{4}-\\d{2}-\\d{2}(-preview)?");

  private final HubCore hub;
  private final HostNames hosts;

  DeviceApi(HubCore hub) {
    this.hub = hub;
    this.hosts = new HostNames(hub.options());
  }

  /**
   * Decides on a request.
   *
   * @param request its head
   * @param certificates the chain that the client has shown
   * @param orders obeys telemetry that asks for faults
   * @throws LocalHubException with the code to answer if it is refused
   */
  Operation operation(
      HttpRequest request, Supplier<List<X509Certificate>> certificates, FaultOrders orders) {
    RequestTarget target =
        RequestTarget.parse(request.uri())
            .orElseThrow(() -> new LocalHubException(400004, "The request target is broken."));
    Resource resource = Resource.of(target).orElseThrow(DeviceApi::nothingHere);
    String method = request.method().name();
    if (!resource.allows(method)) {
      throw new MethodNotAllowed(resource.allowed());
    }
    String version = target.parameter("api-version");
    if (version == null || !API_VERSION.matcher(version).matches()) {
      throw new LocalHubException(
          400001, "The api-version is missing or is no date. Send ?api-version=2021-04-12.");
    }
    Access.Granted access = admit(request, resource.id(), certificates);
    HubDevice device = access.device();
    String token = resource.lockToken();
    return switch (resource.kind()) {
      case EVENTS -> new EventIntake(hub, access, request.headers().copy(), orders);
      case CLOUD_MESSAGES -> simple(device, CloudMessages::receive);
      case LOCKED_MESSAGE ->
          isReject(target)
              ? simple(device, one -> CloudMessages.reject(one, token))
              : simple(device, one -> CloudMessages.complete(one, token));
      case ABANDON -> simple(device, one -> CloudMessages.abandon(one, token));
    };
  }

  /** {@code &reject} or {@code &reject=true}. */
  private static boolean isReject(RequestTarget target) {
    String reject = target.parameter("reject");
    return reject != null && !reject.equalsIgnoreCase("false");
  }

  private Access.Granted admit(
      HttpRequest request, IdentityId id, Supplier<List<X509Certificate>> certificates) {
    String host = hosts.hubFor(request.headers().get(HttpHeaderNames.HOST, ""));
    Credentials credentials =
        new Credentials(request.headers().get(HttpHeaderNames.AUTHORIZATION), certificates.get());
    Access access = hub.authenticator().authenticate(host, id, credentials);
    if (access instanceof Access.Refused refused) {
      LOG.info("{}: refused with {}: {}.", id, refused.code(), refused.reason());
      throw new LocalHubException(refused.code(), "Unauthorized");
    }
    return (Access.Granted) access;
  }

  private static LocalHubException nothingHere() {
    return new LocalHubException(
        404000,
        "There is nothing here. Devices use /devices/{id}/messages/events, …/messages/deviceBound"
            + " and …/files; WebSockets are at /$iothub/websocket.");
  }

  private static Operation simple(HubDevice device, Function<HubDevice, Answer> action) {
    return new Operation() {
      @Override
      public String deviceId() {
        return device.deviceId();
      }

      @Override
      public int bodyLimit() {
        return 1024; // It says nothing; some clients send an empty JSON object.
      }

      @Override
      public Answer run(byte[] body, Occasions occasions) {
        return action.apply(device);
      }
    };
  }
}
