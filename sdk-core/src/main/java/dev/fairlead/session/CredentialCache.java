package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.CertificateRotation;
import dev.fairlead.auth.Credentials;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.SingleFlight;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Holds the newest credential, hands it out while it is fresh, and fetches the next one: one call
 * at a time, each with a limit. Its failures never count as a refusal by the hub. Confined to the
 * loop; its stages complete there.
 */
public final class CredentialCache {
  private final Loop loop;
  private final Credentials credentials;
  private final SingleFlight<Credential> issuing;
  private final Audience audience;
  private final Duration limit;
  private final RandomGenerator random;
  private @Nullable TokenLease newest;
  private @Nullable Fetch fetch;
  private boolean closed;

  /** Where certificates are replaced; null for all other credentials. */
  private final @Nullable CertificateChoice certificates;

  /** A call in progress. */
  private static final class Fetch {
    final CompletableFuture<TokenLease> outcome = new CompletableFuture<>();
    ForeignCalls.Call call = () -> {};
  }

  /**
   * @param calls how the application's code is called
   * @param limit how long that code may take to make one credential
   */
  public CredentialCache(
      Loop loop,
      ForeignCalls calls,
      Credentials credentials,
      Audience audience,
      Duration limit,
      RandomGenerator random) {
    this.loop = loop;
    this.credentials = credentials;
    this.audience = audience;
    this.limit = limit;
    this.random = random;
    certificates = credentials.rotation().isPresent() ? new CertificateChoice(loop) : null;
    issuing =
        calls.singleFlight(
            "The source of credentials", () -> credentials.issue(audience, loop.now()));
  }

  /** The credential to show now: the newest if it is fresh, else a new one. */
  public CompletionStage<Credential> get() {
    return lease().thenApply(TokenLease::credential);
  }

  /** The same with its times. */
  CompletionStage<TokenLease> lease() {
    loop.assertInLoop();
    TokenLease held = newest;
    return held != null && held.isFresh(loop) ? CompletableFuture.completedFuture(held) : fetch();
  }

  /**
   * A credential to put in place of one in use: the newest if it is another and fresh. Of
   * certificates it may be the one in use.
   */
  CompletionStage<TokenLease> successor(TokenLease inUse) {
    loop.assertInLoop();
    TokenLease held = newest;
    return held != null && inUse.isOutlastedBy(held) && held.isFresh(loop)
        ? CompletableFuture.completedFuture(held)
        : fetch();
  }

  private CompletionStage<TokenLease> fetch() {
    if (closed) {
      return CompletableFuture.failedFuture(
          unobtainable("The client is closed, so it obtains no more credentials.", null));
    }
    Fetch underWay = fetch;
    if (underWay == null) {
      Fetch begun = new Fetch();
      fetch = begun;
      if (Credentials.areLocal(credentials)) {
        // Signing with keys in memory needs no thread, even if a thousand devices open together.
        CompletionStage<Credential> issued =
            ForeignCalls.stage("The credentials", () -> credentials.issue(audience, loop.now()));
        issued.whenComplete((credential, failure) -> ended(begun, credential, failure));
      } else {
        begun.call = issuing.ask(limit, (credential, failure) -> ended(begun, credential, failure));
      }
      underWay = begun;
    }
    return underWay.outcome;
  }

  private void ended(Fetch of, @Nullable Credential credential, @Nullable Throwable failure) {
    fetch = null;
    CertificateChoice choice = certificates;
    if (choice != null) {
      choose(choice, of, credential, failure);
    } else if (credential == null) {
      of.outcome.completeExceptionally(noCredential(failure));
    } else {
      TokenLease lease = TokenLease.of(credential, loop, random);
      newest = lease;
      of.outcome.complete(lease);
    }
  }

  private void choose(
      CertificateChoice choice,
      Fetch of,
      @Nullable Credential credential,
      @Nullable Throwable failure) {
    HubException why = null;
    if (credential instanceof Credential.Certificate certificate) {
      choice.loaded(TokenLease.of(certificate, loop, random));
    } else {
      why = noCredential(failure);
      choice.notLoaded(String.valueOf(why.getMessage()));
    }
    TokenLease chosen = choice.choose();
    if (chosen != null) {
      of.outcome.complete(chosen);
    } else {
      of.outcome.completeExceptionally(why == null ? noCredential(null) : why);
    }
  }

  /** A session is open with a credential. */
  void accepted(TokenLease shown) {
    loop.assertInLoop();
    if (certificates != null) {
      certificates.accepted(shown);
    }
  }

  /** No session could be opened with a credential, perhaps because of it. */
  void notAccepted(TokenLease shown, HubException failure) {
    loop.assertInLoop();
    if (certificates != null) {
      certificates.notAccepted(shown, failure);
    }
  }

  /** Whether another credential than the one that was refused can be shown now. */
  boolean hasAnotherThan(TokenLease refused) {
    loop.assertInLoop();
    return certificates == null
        ? credentials.renewable()
        : certificates.choose() != null && !refused.isSame(certificates.choose());
  }

  /** What an operator should know of certificates that were not taken into use. */
  Optional<String> remark() {
    return certificates == null ? Optional.empty() : certificates.remark();
  }

  Optional<CertificateRotation> rotation() {
    return credentials.rotation();
  }

  private HubException overdue() {
    return unobtainable(
        "No credential could be obtained: the token source or signer given to the client did not"
            + " answer within "
            + Overdue.inWords(limit)
            + ". Nothing was sent to the hub. Check the source; the client asks it again.",
        null);
  }

  private HubException noCredential(@Nullable Throwable failure) {
    if (failure == null) {
      return unobtainable(
          "No credential could be obtained: the credentials given to the client completed with"
              + " null. Nothing was sent to the hub; the client asks again.",
          null);
    }
    if (failure instanceof TimeoutException) {
      return overdue();
    }
    return failure instanceof HubException own
        ? unobtainable(String.valueOf(own.getMessage()), own)
        : unobtainable(
            "No credential could be obtained: the credentials given to the client failed with "
                + failure.getClass().getName()
                + ". Nothing was sent to the hub; the client asks again.",
            failure);
  }

  private static HubException unobtainable(String message, @Nullable Throwable cause) {
    return new UnreachableException(message, Stage.CREDENTIAL, Progress.NOT_SENT, cause);
  }

  /** Forgets the newest credential, because the hub refused it or the clock that made it. */
  public void drop() {
    loop.assertInLoop();
    newest = null;
  }

  /** Cancels a call in progress. */
  public void close() {
    loop.assertInLoop();
    closed = true;
    newest = null;
    Fetch underWay = fetch;
    if (underWay != null) {
      fetch = null;
      underWay.call.cancel();
      underWay.outcome.completeExceptionally(
          unobtainable("The client was closed before a credential was obtained.", null));
    }
  }

  boolean renewable() {
    return credentials.renewable();
  }
}
