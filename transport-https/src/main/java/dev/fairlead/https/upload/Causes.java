package dev.fairlead.https.upload;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What is inside the failures of futures. */
final class Causes {
  private Causes() {}

  static Throwable of(Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
