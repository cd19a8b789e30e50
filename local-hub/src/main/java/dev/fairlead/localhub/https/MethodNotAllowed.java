package dev.fairlead.localhub.https;

/** A resource does not know the method of a request (RFC 9110, 15.5.6). */
final class MethodNotAllowed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String allowed;

  MethodNotAllowed(String allowed) {
    super("This resource knows only " + allowed + ".");
    this.allowed = allowed;
  }

  /** For the header {@code Allow}. */
  String allowed() {
    return allowed;
  }
}
