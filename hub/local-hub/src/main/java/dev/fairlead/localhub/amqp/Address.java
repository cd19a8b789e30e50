package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.registry.IdentityId;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The address of a link (page "Communicate with your IoT hub by using the AMQP protocol").
 *
 * @param node what the address names
 * @param id the identity that owns it; null for the node without an owner
 */
record Address(Node node, @Nullable IdentityId id) {

  static final String CBS = "$cbs";

  /** The kinds of nodes. */
  enum Node {
    /** The node for tokens. */
    CBS,
    /** Telemetry; for a receiver on a module, its inputs. */
    EVENTS,
    /** C2D messages. */
    CLOUD_MESSAGES,
    /** Direct methods. */
    METHODS,
    /** The twin. */
    TWIN
  }

  /**
   * Parses an address: a path, or {@code amqps://host/path}.
   *
   * @param known whether an identity exists: some clients percent-encode ids here and some do not,
   *     and an id may itself contain a percent sign
   */
  static Optional<Address> parse(String text, Predicate<IdentityId> known) {
    if (text.equals(CBS)) {
      return Optional.of(new Address(Node.CBS, null));
    }
    String path = pathOf(text);
    String[] segments = path.split("/", -1);
    if (segments.length < 3 || !segments[0].equalsIgnoreCase("devices")) {
      return Optional.empty();
    }
    boolean ofModule = segments.length > 4 && segments[2].equalsIgnoreCase("modules");
    int used = ofModule ? 4 : 2;
    Optional<IdentityId> id = identity(segments[1], ofModule ? segments[3] : null, known);
    StringBuilder rest = new StringBuilder();
    for (int i = used; i < segments.length; i++) {
      rest.append('/').append(segments[i].toLowerCase(Locale.ROOT));
    }
    Node node = node(rest.toString());
    return node == null ? Optional.empty() : id.map(found -> new Address(node, found));
  }

  /**
   * The identity in a path such as {@code /devices/d/modules/m}, which may be the whole path or
   * only its beginning.
   */
  static Optional<IdentityId> identityIn(String path, Predicate<IdentityId> known) {
    String[] segments = pathOf(path).split("/", -1);
    if (segments.length < 2 || !segments[0].equalsIgnoreCase("devices")) {
      return Optional.empty();
    }
    boolean ofModule = segments.length > 3 && segments[2].equalsIgnoreCase("modules");
    return identity(segments[1], ofModule ? segments[3] : null, known);
  }

  private static String pathOf(String text) {
    String path = text;
    int scheme = path.indexOf("://");
    if (scheme >= 0) {
      int slash = path.indexOf('/', scheme + 3);
      path = slash < 0 ? "" : path.substring(slash);
    }
    return path.startsWith("/") ? path.substring(1) : path;
  }

  private static @Nullable Node node(String rest) {
    return switch (rest) {
      case "/messages/events" -> Node.EVENTS;
      case "/messages/devicebound" -> Node.CLOUD_MESSAGES;
      case "/methods/devicebound" -> Node.METHODS;
      case "/twin" -> Node.TWIN;
      default -> null;
    };
  }

  private static Optional<IdentityId> identity(
      String device, @Nullable String module, Predicate<IdentityId> known) {
    Optional<IdentityId> plain = id(device, module);
    if (plain.filter(known).isPresent()) {
      return plain;
    }
    Optional<IdentityId> decoded = id(decode(device), module == null ? null : decode(module));
    return decoded.isPresent() ? decoded : plain;
  }

  private static Optional<IdentityId> id(String device, @Nullable String module) {
    return IdentityId.parse(module == null ? device : device + "/" + module);
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return text;
    }
  }
}
