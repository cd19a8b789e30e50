package dev.fairlead.auth;

import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A question to code of the application. Even if that code throws, returns null, or completes with
 * null, a failure or something invalid, the outcome is a credential or one {@link
 * UnauthorizedException}.
 */
final class Question {
  private Question() {}

  /**
   * Asks.
   *
   * @param whom for messages, such as {@code "The token source"}
   * @param ask the application's code
   * @param use makes the credential of the answer; throws {@link IllegalArgumentException} or
   *     {@link UnauthorizedException} if the answer cannot be used
   */
  static <A> CompletionStage<Credential> ask(
      String whom, Supplier<? extends CompletionStage<A>> ask, Function<A, Credential> use) {
    CompletableFuture<Credential> outcome = new CompletableFuture<>();
    try {
      @Nullable CompletionStage<A> asked = ask.get();
      if (asked == null) {
        outcome.completeExceptionally(refusal(whom + " returned null instead of a stage.", null));
      } else {
        asked.whenComplete((answer, failure) -> settle(outcome, whom, answer, failure, use));
      }
    } catch (Throwable t) { // an error too: a native library that is missing is one
      outcome.completeExceptionally(refusal(whom + " threw " + t.getClass().getName() + ".", t));
    }
    return outcome;
  }

  private static <A> void settle(
      CompletableFuture<Credential> outcome,
      String whom,
      @Nullable A answer,
      @Nullable Throwable failure,
      Function<A, Credential> use) {
    if (failure != null) {
      Throwable wrapped = failure instanceof CompletionException ? failure.getCause() : null;
      Throwable cause = wrapped == null ? failure : wrapped;
      outcome.completeExceptionally(
          refusal(whom + " failed with " + cause.getClass().getName() + ".", cause));
      return;
    }
    if (answer == null) {
      outcome.completeExceptionally(refusal(whom + " completed with null.", null));
      return;
    }
    try {
      outcome.complete(use.apply(answer));
    } catch (UnauthorizedException e) {
      outcome.completeExceptionally(e);
    } catch (IllegalArgumentException e) {
      outcome.completeExceptionally(
          refusal(whom + " returned nothing usable. " + e.getMessage(), null));
    } catch (Throwable e) { // an answer of another type, cast unchecked, or a missing library
      outcome.completeExceptionally(refusal(whom + " returned nothing usable.", e));
    }
  }

  // The cause is attached but not quoted: its text is the application's and may hold a secret.
  private static UnauthorizedException refusal(String what, @Nullable Throwable cause) {
    return new UnauthorizedException(
        what + " So there is no credential to show the hub; the client will ask again.",
        Progress.NOT_SENT,
        cause);
  }
}
