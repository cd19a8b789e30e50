package dev.fairlead.inbound;

import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Settlement;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.OpenOperations;
import dev.fairlead.threads.OpenOperations.Operation;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The application's handle on a message: any thread may settle it, and the transport is called on
 * the loop, once, and never after the session has ended.
 */
final class SettleOnce implements Settlement {
  private final SessionInbox session;
  private final Loop loop;
  private final OpenOperations operations;
  private final Set<SettleOnce> settling;
  private final Settlement transport;

  // Confined to the loop.
  private boolean settled;

  /** The settlement in progress. */
  private @Nullable Operation<Void> underWay;

  /**
   * @param settling those with a settlement in progress; confined to the loop
   */
  SettleOnce(
      SessionInbox session,
      Loop loop,
      OpenOperations operations,
      Set<SettleOnce> settling,
      Settlement transport) {
    this.session = session;
    this.loop = loop;
    this.operations = operations;
    this.settling = settling;
    this.transport = transport;
  }

  @Override
  public CompletionStage<Void> complete() {
    return settle("complete", transport::complete);
  }

  @Override
  public CompletionStage<Void> abandon() {
    return settle("abandon", transport::abandon);
  }

  @Override
  public CompletionStage<Void> reject() {
    return settle("reject", transport::reject);
  }

  private CompletionStage<Void> settle(String verb, Callable<CompletionStage<Void>> code) {
    Operation<Void> asked = operations.begin();
    loop.execute(() -> settle(verb, code, asked));
    return asked.future();
  }

  private void settle(String verb, Callable<CompletionStage<Void>> code, Operation<Void> asked) {
    if (settled) {
      asked.fail(
          new RejectedException(
              "This message has been settled already, or is being settled. Settle each one once.",
              Progress.NOT_SENT));
    } else if (session.isOver()) {
      asked.fail(sessionOver(Progress.NOT_SENT));
    } else {
      settled = true;
      underWay = asked;
      settling.add(this);
      ForeignCalls.stage("settlement." + verb + "()", code)
          .whenComplete((done, failure) -> loop.execute(() -> ended(asked, failure)));
    }
  }

  private void ended(Operation<Void> asked, @Nullable Throwable failure) {
    if (underWay != asked) {
      return; // the session ended first
    }
    underWay = null;
    settling.remove(this);
    // If the protocol cannot do it, the message stays unsettled.
    settled = !(failure instanceof UnsupportedException);
    if (failure == null) {
      succeed(asked);
    } else {
      asked.fail(failure);
    }
  }

  @SuppressWarnings("NullAway") // A future of Void completes with null.
  private static void succeed(Operation<Void> asked) {
    asked.succeed(null);
  }

  /** The transport fails its stages when the session ends; one that does not is not waited for. */
  void sessionEnded(SessionInbox ended) {
    Operation<Void> left = underWay;
    if (ended == session && left != null) {
      underWay = null;
      settling.remove(this);
      left.fail(sessionOver(Progress.MAYBE_SENT));
    }
  }

  private static UnreachableException sessionOver(Progress progress) {
    return new UnreachableException(
        "The session that delivered this message has ended, so it can no longer be settled. The hub delivers the message"
            + " again; settle that copy.",
        Stage.SESSION,
        progress,
        null);
  }
}
