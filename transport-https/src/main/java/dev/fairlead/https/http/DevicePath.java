package dev.fairlead.https.http;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.UnsupportedException;
import java.util.Locale;
import java.util.Optional;
import okhttp3.HttpUrl;

/** The path of an identity in the hub's device interface. IoT Hub REST reference. */
public final class DevicePath {
  /** IoT Hub's current version. */
  private static final String API_VERSION = "2021-04-12";

  private DevicePath() {}

  /**
   * Appends the path of an identity.
   *
   * @param root the hub's root
   * @param identity an identity that HTTPS can carry
   * @return {@code /devices/<id>}, and {@code /modules/<id>} for a module
   */
  public static HttpUrl of(HttpUrl.Builder root, DeviceIdentity identity) {
    root.addPathSegment("devices").addPathSegment(identity.deviceId());
    identity.moduleId().ifPresent(id -> root.addPathSegment("modules").addPathSegment(id));
    return root.build();
  }

  /**
   * Adds the version of the interface.
   *
   * @param url a path of it
   * @return the same with the version
   */
  public static HttpUrl versioned(HttpUrl.Builder url) {
    return url.addQueryParameter("api-version", API_VERSION).build();
  }

  /**
   * Why a path cannot name an identity.
   *
   * @param identity the identity
   * @return the failure, empty if a path can name it
   */
  public static Optional<UnsupportedException> obstacle(DeviceIdentity identity) {
    return isDots(identity.deviceId()) || identity.moduleId().filter(DevicePath::isDots).isPresent()
        ? Optional.of(
            new UnsupportedException(
                "HTTPS cannot carry the id "
                    + identity
                    + " because a part of a path that is one or two dots leads elsewhere. Use an MQTT"
                    + " or AMQP route for this device, or rename it."))
        : Optional.empty();
  }

  /** An escaped dot counts as a dot: RFC 3986, section 5.2.4; WHATWG, "URL". */
  private static boolean isDots(String id) {
    String plain = id.toLowerCase(Locale.ROOT).replace("%2e", ".");
    return plain.equals(".") || plain.equals("..");
  }
}
