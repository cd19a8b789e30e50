package dev.fairlead.net;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.transport.ForeignText;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** The failures before there is a connection: what happened, why, and what to do next. */
final class DialFailures implements Dial.ReachFailures {
  private static final int MAX_HOST = 255;

  private final Endpoint endpoint;

  DialFailures(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  UnreachableException aborted(Stage stage) {
    return failure("Connecting to " + endpoint + " was stopped by this client.", stage, null);
  }

  UnreachableException noHostName() {
    return failure(
        "\""
            + ForeignText.clean(endpoint.host(), MAX_HOST)
            + "\" is not a host name: it needs labels of letters, digits and hyphens with single dots"
            + " between them. Check the name in the connection string or of the endpoint.",
        Stage.RESOLVE,
        null);
  }

  @Override
  public UnreachableException resolve(IOException cause) {
    if (cause instanceof UnknownHostException) {
      return failure(
          "The host name "
              + endpoint.host()
              + " is not known: no name server gave an address for it. Check the name in the"
              + " connection string, and that this machine has a network and a name server.",
          Stage.RESOLVE,
          cause);
    }
    return failure(
        "Looking up the host name "
            + endpoint.host()
            + " failed: "
            + cause.getMessage()
            + ". Check this machine's name servers.",
        Stage.RESOLVE,
        cause);
  }

  @Override
  public UnreachableException connect(
      Map<InetAddress, IOException> attempts, @Nullable IOException cause) {
    IOException last = cause;
    boolean refused = !attempts.isEmpty();
    boolean silent = !attempts.isEmpty();
    for (IOException failure : attempts.values()) {
      last = failure;
      refused &= isRefusal(failure);
      silent &= failure instanceof SocketTimeoutException;
    }
    String advice;
    if (refused) {
      advice =
          "Nothing listens on port "
              + endpoint.port()
              + " there, or a firewall refuses it. Check host and port, and whether the server runs.";
    } else if (silent) {
      advice =
          "A firewall may drop packets to port "
              + endpoint.port()
              + ". Open that port, or allow a route that uses port 443.";
    } else {
      advice = "Check this machine's network and its outbound port " + endpoint.port() + ".";
    }
    String what =
        attempts.isEmpty()
            ? "Connecting to " + endpoint + " failed: " + (last == null ? "" : last.getMessage())
            : "No address of " + endpoint + " could be connected to (" + list(attempts) + ")";
    return failure(what + ". " + advice, Stage.CONNECT, last);
  }

  /** What happened at each address. */
  static String list(Map<InetAddress, IOException> attempts) {
    StringJoiner list = new StringJoiner("; ");
    attempts.forEach(
        (address, failure) -> list.add(address.getHostAddress() + ": " + describe(failure)));
    return list.toString();
  }

  private static boolean isRefusal(IOException failure) {
    return failure instanceof ConnectException
        && String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("refused");
  }

  private static String describe(IOException failure) {
    if (isRefusal(failure)) {
      return "connection refused";
    }
    if (failure instanceof NoRouteToHostException) {
      return "no route to the host";
    }
    return String.valueOf(failure.getMessage());
  }

  private static UnreachableException failure(
      String message, Stage stage, @Nullable Throwable cause) {
    return new UnreachableException(message, stage, Progress.NOT_SENT, cause);
  }
}
