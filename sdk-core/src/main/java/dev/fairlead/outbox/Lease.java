package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxReader;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** One session's hold on the outbox. Fields are guarded by the outbox's lock. */
public final class Lease implements OutboxReader {
  private final Outbox outbox;
  boolean revoked;

  /** Set while the session has found less than it had room for, and so wants to hear of more. */
  boolean hungry;

  @Nullable Runnable wakeup;

  /** Messages taken and not given back unsent: none means that the session is fresh. */
  long taken;

  /** Whether what was taken is on trial. */
  boolean trial;

  /** Whether another session was asked for, because a trial needs a fresh one. */
  boolean replaced;

  Lease(Outbox outbox) {
    this.outbox = outbox;
  }

  @Override
  public List<Envelope> take(
      int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize) {
    return outbox.take(this, maxMessages, maxBytes, wireSize);
  }

  @Override
  public void whenReadable(Runnable callback) {
    outbox.whenReadable(this, callback);
  }

  @Override
  public void refused(List<Envelope> messages, HubException why, boolean namesMessage) {
    outbox.refused(this, messages, why, namesMessage);
  }

  @Override
  public void lost(List<Envelope> messages, HubException why) {
    outbox.lost(this, messages, why);
  }

  @Override
  public boolean isolates() {
    return outbox.isolates();
  }

  /**
   * Ends the lease: what it holds waits again at its place in the order, and all its handles are of
   * no effect from now on.
   *
   * @param end what the end of the session says about what was under way
   * @param why why it ended, or null
   */
  public void revoke(SessionEnd end, @Nullable HubException why) {
    outbox.revoke(this, end, why);
  }
}
