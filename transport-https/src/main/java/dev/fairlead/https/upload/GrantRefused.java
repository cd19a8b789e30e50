package dev.fairlead.https.upload;

import dev.fairlead.RejectedException;

/** The storage refused the hub's grant, or it has expired; another grant may work. */
final class GrantRefused extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final RejectedException failure;

  GrantRefused(RejectedException failure) {
    super(failure);
    this.failure = failure;
  }

  /** The failure if another grant is refused as well. */
  RejectedException failure() {
    return failure;
  }
}
