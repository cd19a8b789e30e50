package dev.fairlead.localhub.program;

import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.text.Syntax;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;

/**
 * The arguments of the hub program.
 *
 * @param hub the options of the hub
 * @param devices the ids of the devices to create
 * @param auth the keys of those devices
 * @param healthPort the port of the health address; empty for none
 * @param quiet whether to print no telemetry messages
 */
public record ProgramOptions(
    LocalHubOptions hub,
    List<String> devices,
    DeviceAuth auth,
    OptionalInt healthPort,
    boolean quiet) {

  /**
   * The key of development devices: the ASCII bytes of {@code local-hub-development-key-32byte}. It
   * is public and protects nothing.
   */
  public static final String DEVELOPMENT_KEY = "bG9jYWwtaHViLWRldmVsb3BtZW50LWtleS0zMmJ5dGU=";

  /** The text of {@code --help}. */
  public static final String USAGE =
      """
      A local hub for device clients: MQTT and AMQP, over TLS and over WebSockets, and HTTPS. No cloud, no account.

        --mqtt-port N         port of MQTT over TLS; 0 takes a free one        default 8883
        --amqp-port N         port of AMQP over TLS; 0 takes a free one        default 5671
        --https-port N        port of HTTPS and WebSockets; 0 takes a free one default 443
                              Below 1024 a port may need privileges; 8443 does not.
        --bind ADDRESS        address to listen on                             default 127.0.0.1
        --host NAME           the hub's host name in connection strings        default localhost
        --device ID           a device to create; may be given several times   default dev-1
        --key BASE64          the key of the devices                           default a well-known development key
        --state DIR           keep the CA here across restarts                 default: a new CA each time
        --telemetry-log FILE  append each message as a line of JSON before it is acknowledged
        --health-port N       answer http://127.0.0.1:N/health; 0 takes a free port
        --like-the-cloud      five minutes of clock tolerance, ten minutes of grace for old tokens
        --quiet               print no telemetry
        --help                print this
      """;

  private static final int DEFAULT_MQTT_PORT = 8883;
  private static final int DEFAULT_AMQP_PORT = 5671;
  private static final int DEFAULT_HTTPS_PORT = 443;

  /** The arguments cannot be used; the message says what to change. */
  public static final class BadArgument extends Exception {
    private static final long serialVersionUID = 1L;

    BadArgument(String message) {
      super(message);
    }
  }

  /** Parses arguments. */
  public static ProgramOptions parse(String... args) throws BadArgument {
    LocalHubOptions hub =
        LocalHubOptions.defaults()
            .mqttPort(DEFAULT_MQTT_PORT)
            .amqpPort(DEFAULT_AMQP_PORT)
            .httpsPort(DEFAULT_HTTPS_PORT);
    List<String> devices = new ArrayList<>();
    String key = DEVELOPMENT_KEY;
    OptionalInt healthPort = OptionalInt.empty();
    boolean quiet = false;
    Deque<String> rest = new ArrayDeque<>(Arrays.asList(args));
    while (!rest.isEmpty()) {
      String name = rest.remove();
      try {
        switch (name) {
          case "--mqtt-port" -> hub = hub.mqttPort(port(name, rest));
          case "--amqp-port" -> hub = hub.amqpPort(port(name, rest));
          case "--https-port" -> hub = hub.httpsPort(port(name, rest));
          case "--bind" -> hub = hub.bindAddress(InetAddress.getByName(value(name, rest)));
          case "--host" -> hub = hub.hostName(value(name, rest));
          case "--device" -> devices.add(value(name, rest));
          case "--key" -> key = value(name, rest);
          case "--state" -> hub = hub.stateDirectory(Path.of(value(name, rest)));
          case "--telemetry-log" -> hub = hub.telemetryFile(Path.of(value(name, rest)));
          case "--health-port" -> healthPort = OptionalInt.of(port(name, rest));
          case "--like-the-cloud" -> hub = hub.undocumented(UndocumentedBehavior.likeTheCloud());
          case "--quiet" -> quiet = true;
          default -> throw new BadArgument("There is no option '" + name + "'. See --help.");
        }
      } catch (UnknownHostException | IllegalArgumentException e) {
        throw new BadArgument("The option " + name + " cannot be used: " + e.getMessage());
      }
    }
    try {
      DeviceAuth auth = DeviceAuth.keys(key, key);
      return new ProgramOptions(
          hub,
          devices.isEmpty() ? List.of("dev-1") : List.copyOf(devices),
          auth,
          healthPort,
          quiet);
    } catch (IllegalArgumentException e) {
      throw new BadArgument("The option --key cannot be used: " + e.getMessage());
    }
  }

  private static String value(String name, Deque<String> rest) throws BadArgument {
    if (rest.isEmpty()) {
      throw new BadArgument("The option " + name + " needs a value. See --help.");
    }
    return rest.remove();
  }

  private static int port(String name, Deque<String> rest) throws BadArgument {
    String text = value(name, rest);
    if (!Syntax.isNumber(text, 5) || Integer.parseInt(text) > 65_535) {
      throw new BadArgument(
          "The option " + name + " needs a port from 0 to 65535, not '" + text + "'.");
    }
    return Integer.parseInt(text);
  }
}
