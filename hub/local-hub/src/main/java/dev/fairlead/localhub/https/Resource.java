package dev.fairlead.localhub.https;

import dev.fairlead.localhub.registry.IdentityId;
import java.util.List;
import java.util.Optional;

/**
 * A resource of the device API.
 *
 * @param kind the kind of resource
 * @param id the identity that owns it
 * @param key its name among those of its kind: a lock token or a correlation id; else empty
 */
record Resource(Kind kind, IdentityId id, String key) {

  /** The resources and their methods. */
  enum Kind {
    /** Telemetry. */
    EVENTS("POST"),
    /** The C2D queue. */
    CLOUD_MESSAGES("GET"),
    /** A C2D message that is locked for the device. */
    LOCKED_MESSAGE("DELETE"),
    /** The resource that abandons such a message. */
    ABANDON("POST"),
    /** Uploads. */
    FILES("POST"),
    /** A device's report about an upload. */
    UPLOAD_NOTICES("POST");

    private final String method;

    Kind(String method) {
      this.method = method;
    }
  }

  /**
   * Finds the resource of a path; empty if there is none. Fixed words may be in any case, ids must
   * match exactly.
   */
  static Optional<Resource> of(RequestTarget target) {
    List<String> segments = target.segments();
    if (!target.isAt(0, "devices") || segments.size() < 3) {
      return Optional.empty();
    }
    boolean ofModule = target.isAt(2, "modules");
    if (ofModule && segments.size() < 5) {
      return Optional.empty();
    }
    IdentityId id;
    try {
      id = new IdentityId(segments.get(1), ofModule ? segments.get(3) : null);
    } catch (IllegalArgumentException noId) {
      return Optional.empty();
    }
    int start = ofModule ? 4 : 2;
    List<String> rest = segments.subList(start, segments.size());
    if (target.isAt(start, "files")) {
      return file(target, id, rest, start);
    }
    if (!target.isAt(start, "messages") || rest.size() < 2) {
      return Optional.empty();
    }
    if (target.isAt(start + 1, "events") && rest.size() == 2) {
      return Optional.of(new Resource(Kind.EVENTS, id, ""));
    }
    // Modules get no C2D messages.
    if (ofModule || !target.isAt(start + 1, "deviceBound")) {
      return Optional.empty();
    }
    return switch (rest.size()) {
      case 2 -> Optional.of(new Resource(Kind.CLOUD_MESSAGES, id, ""));
      case 3 -> Optional.of(new Resource(Kind.LOCKED_MESSAGE, id, rest.get(2)));
      case 4 ->
          target.isAt(start + 3, "abandon")
              ? Optional.of(new Resource(Kind.ABANDON, id, rest.get(2)))
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  /** The correlation id of a report is in its body; older clients send it in the path. */
  private static Optional<Resource> file(
      RequestTarget target, IdentityId id, List<String> rest, int start) {
    if (rest.size() == 1) {
      return Optional.of(new Resource(Kind.FILES, id, ""));
    }
    return target.isAt(start + 1, "notifications") && rest.size() <= 3
        ? Optional.of(new Resource(Kind.UPLOAD_NOTICES, id, rest.size() == 3 ? rest.get(2) : ""))
        : Optional.empty();
  }

  boolean allows(String method) {
    return kind.method.equals(method);
  }

  /** The allowed methods, for {@code Allow}. */
  String allowed() {
    return kind.method;
  }
}
