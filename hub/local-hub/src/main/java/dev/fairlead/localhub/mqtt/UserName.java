package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.text.Syntax;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The user name of a CONNECT: {@code {host}/{client
 * id}/?api-version=…&DeviceClientType=…&model-id=…}, in the old form without the question mark, or
 * without anything after the client id.
 *
 * @param host the hub's name
 * @param apiVersion the API version; null if none: the connection then has neither twin nor methods
 * @param modelId the digital twin model, if any
 * @param agent the client software, if given
 */
record UserName(
    String host, @Nullable String apiVersion, @Nullable String modelId, @Nullable String agent) {

  /**
   * Parses a user name, which must contain the client id exactly: ids may contain question marks
   * and equal signs. Empty if it does not.
   */
  static Optional<UserName> parse(String text, String clientId) {
    int slash = text.indexOf('/');
    if (slash < 1 || !text.startsWith(clientId, slash + 1)) {
      return Optional.empty();
    }
    String host = text.substring(0, slash);
    String rest = text.substring(slash + 1 + clientId.length());
    if (rest.isEmpty() || rest.equals("/")) {
      return Optional.of(new UserName(host, null, null, null));
    }
    if (!rest.startsWith("/")) {
      return Optional.empty();
    }
    String query = rest.substring(rest.startsWith("/?") ? 2 : 1);
    return PropertyBag.parsePairs(query).flatMap(pairs -> of(host, pairs));
  }

  private static Optional<UserName> of(String host, Map<String, String> query) {
    String version = query.get("api-version");
    if (version != null && !Syntax.isApiVersion(version)) {
      return Optional.empty();
    }
    return Optional.of(
        new UserName(host, version, query.get("model-id"), query.get("DeviceClientType")));
  }
}
