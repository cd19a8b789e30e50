package dev.fairlead.inbound;

import dev.fairlead.ConnectionState;
import dev.fairlead.StoredOutcome;
import dev.fairlead.spi.Loop;
import dev.fairlead.threads.ClientThreads;
import dev.fairlead.threads.OpenOperations;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the application's handlers receive: each feed has a bounded mailbox on the loop's
 * side, from which one entry at a time goes to its handler. Confined to the loop, except where a
 * method says otherwise.
 */
public final class InboundFeeds {
  private final Loop loop;
  private final MethodDispatcher methods;
  private final @Nullable CloudMessageDispatcher cloudMessages;
  private final @Nullable TwinFollower twin;
  private final StateMailbox states;
  private final OutcomeMailbox outcomes;

  /**
   * @param settlements those in progress, which end with the client at the latest
   */
  public InboundFeeds(
      Loop loop, ClientThreads threads, Handlers handlers, OpenOperations settlements) {
    this.loop = loop;
    methods = new MethodDispatcher(loop, threads.handlerExecutor("direct methods"), handlers);
    cloudMessages =
        handlers
            .cloudMessages()
            .map(
                handler ->
                    new CloudMessageDispatcher(
                        loop, threads.handlerExecutor("C2D messages"), settlements, handler))
            .orElse(null);
    twin =
        handlers
            .desiredProperties()
            .map(
                handler ->
                    new TwinFollower(loop, threads.handlerExecutor("desired properties"), handler))
            .orElse(null);
    states = new StateMailbox(threads.handlerExecutor("connection state"), handlers.states());
    outcomes =
        new OutcomeMailbox(
            threads.handlerExecutor("stored outcomes"),
            handlers.storedOutcomes().orElse(null),
            new FailureLog(loop));
  }

  /** What a session that begins to open brings. */
  public SessionInbox newSession() {
    loop.assertInLoop();
    return new SessionInbox(loop, cloudMessages, methods, twin == null ? null : twin.newSession());
  }

  /** The connection's state has changed. */
  public void stateChanged(ConnectionState state) {
    states.changed(state);
  }

  /** A message without a future was delivered or has failed. Any thread. */
  public void outcome(StoredOutcome outcome) {
    outcomes.add(outcome);
  }

  /** Runs a task when the application has received the outcomes so far. Any thread. */
  public void whenOutcomesPassedOn(Runnable task) {
    outcomes.whenPassedOn(task);
  }
}
