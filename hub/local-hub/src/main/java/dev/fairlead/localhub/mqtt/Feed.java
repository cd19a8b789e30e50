package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.registry.IdentityId;
import java.util.Optional;

/** What a client can subscribe to. */
enum Feed {
  CLOUD_MESSAGES,
  MODULE_INPUTS,
  METHODS,
  TWIN_ANSWERS,
  DESIRED_PROPERTIES;

  /** The feed of a topic filter; empty for a filter that is not documented for this identity. */
  static Optional<Feed> of(String filter, IdentityId id) {
    return switch (filter) {
      case "$iothub/methods/POST/#" -> Optional.of(METHODS);
      case "$iothub/twin/res/#" -> Optional.of(TWIN_ANSWERS);
      case "$iothub/twin/PATCH/properties/desired/#" -> Optional.of(DESIRED_PROPERTIES);
      default -> ofMessages(filter, Topics.base(id));
    };
  }

  private static Optional<Feed> ofMessages(String filter, String base) {
    if (filter.equals(base + "/messages/devicebound/#")) {
      return Optional.of(CLOUD_MESSAGES);
    }
    boolean inputs =
        base.contains("/modules/")
            && (filter.equals(base + "/inputs/#") || filter.equals(base + "/#"));
    return inputs ? Optional.of(MODULE_INPUTS) : Optional.empty();
  }
}
