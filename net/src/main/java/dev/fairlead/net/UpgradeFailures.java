package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The failures of the WebSocket upgrade. All of them are about the route: the hub checks the device
 * only inside the WebSocket. Of the answer, only the status code is repeated.
 */
final class UpgradeFailures {
  private UpgradeFailures() {}

  /** A status other than 101. */
  static UnreachableException refused(Endpoint endpoint, HttpHead answer) {
    int status = answer.status();
    boolean page =
        answer.values("content-type").stream()
            .anyMatch(type -> type.toLowerCase(Locale.ROOT).startsWith("text/html"));
    String what =
        "answered the WebSocket upgrade with HTTP " + status + (page ? " and a page" : "");
    String why =
        switch (status / 100) {
          case 2 ->
              "A captive portal or a proxy in between does this, and so does a web server that "
                  + "is not an IoT hub. Sign in to the network, or check the host";
          case 3 ->
              "It redirects elsewhere, as the sign-in page of a network does. Sign in to the"
                  + " network, or check the host";
          case 4 -> clientError(status);
          case 5 -> serverError(status);
          default ->
              "That is no answer to an upgrade. Something in between may change what is sent";
        };
    return failure(endpoint + " " + what + ". " + why + ".", null);
  }

  private static String clientError(int status) {
    return switch (status) {
      case 401, 403 ->
          "Something in between or the hub's network rules do not let this machine in; the device's"
              + " credentials were not shown yet. Allow WebSockets to this host there, and check the"
              + " hub's IP filter";
      case 404 ->
          "There is no WebSocket at the path of IoT Hub. Check that the host is an IoT hub or a"
              + " gateway for devices";
      case 407 -> "A proxy on the way requires credentials. Set that proxy on the client";
      case 426 ->
          "It requires another version, or a proxy in between has removed the upgrade. Have that proxy"
              + " let WebSockets through";
      case 429 -> "It has had too many requests. This is temporary; retry";
      default ->
          "A proxy in between may have changed the request. Have it let WebSockets through, and"
              + " check the host";
    };
  }

  private static String serverError(int status) {
    return status == 511
        ? "The network requires a sign-in first (RFC 6585). Sign in to the network"
        : "It, or a proxy before it, is not able to serve at the moment. This is temporary; retry";
  }

  /** The answer was not HTTP. */
  static UnreachableException notHttp(Endpoint endpoint, IOException cause) {
    return failure(
        "What "
            + endpoint
            + " answered to the WebSocket upgrade is not HTTP: "
            + cause.getMessage()
            + ". Check host and port.",
        cause);
  }

  /** 101, but not for the WebSocket that was requested. */
  static UnreachableException noWebSocket(Endpoint endpoint, String why) {
    return failure(
        endpoint
            + " agreed to the WebSocket upgrade, but "
            + why
            + ". It is not an IoT hub, or a proxy in between changes the answer.",
        null);
  }

  static UnreachableException closed(Endpoint endpoint, IOException cause) {
    return failure(
        endpoint
            + " closed the connection during the WebSocket upgrade. A firewall that lets only"
            + " ordinary HTTPS through does this; so does a server that is overloaded.",
        cause);
  }

  static UnreachableException broken(Endpoint endpoint, IOException cause, boolean timedOut) {
    return failure(
        timedOut
            ? endpoint
                + " did not answer the WebSocket upgrade in time. A proxy or firewall that holds"
                + " data back to inspect it does this; so does an overloaded server."
            : "The connection to "
                + endpoint
                + " broke during the WebSocket upgrade: "
                + cause.getMessage()
                + ".",
        cause);
  }

  private static UnreachableException failure(String message, @Nullable Throwable cause) {
    return new UnreachableException(message, Stage.UPGRADE, Progress.NOT_SENT, cause);
  }
}
