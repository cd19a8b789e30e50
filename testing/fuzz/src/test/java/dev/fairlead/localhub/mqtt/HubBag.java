package dev.fairlead.localhub.mqtt;

import java.util.Map;
import java.util.Optional;

/** The hub's own parser of property bags, for the comparison with the client's. */
public final class HubBag {
  private HubBag() {}

  /** The decoded pairs; empty if the hub refuses the text. */
  public static Optional<Map<String, String>> pairs(String text) {
    return PropertyBag.parsePairs(text);
  }
}
