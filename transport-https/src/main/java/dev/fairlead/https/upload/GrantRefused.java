package dev.fairlead.https.upload;

import dev.fairlead.RejectedException;

/** The hub's grant is not good, or not any more; another one may be. */
final class GrantRefused extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final RejectedException failure;

  GrantRefused(RejectedException failure) {
    super(failure);
    this.failure = failure;
  }

  /** What it means if another one is refused as well. */
  RejectedException failure() {
    return failure;
  }
}
