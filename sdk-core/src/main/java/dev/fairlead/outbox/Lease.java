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
  private final Leasing leasing;
  boolean revoked;

  /** Set while the session took less than it had room for, so it is to be notified of more. */
  boolean hungry;

  @Nullable Runnable wakeup;

  /** Whether the session sends several messages together. */
  boolean batches;

  /** Messages taken and not returned unsent; zero means that the session is fresh. */
  long taken;

  /** The message that was sent as a trial, and no later one of this session. */
  @Nullable Entry trial;

  /** Whether a new session was requested, because a trial needs a fresh one. */
  boolean replaced;

  Lease(Leasing leasing) {
    this.leasing = leasing;
  }

  @Override
  public List<Envelope> take(
      int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize) {
    return leasing.take(this, maxMessages, maxBytes, wireSize);
  }

  @Override
  public void whenReadable(Runnable callback) {
    leasing.whenReadable(this, callback);
  }

  @Override
  public void refused(List<Envelope> messages, HubException why, boolean namesMessage) {
    leasing.refused(this, messages, why, namesMessage);
  }

  @Override
  public void lost(List<Envelope> messages, HubException why) {
    leasing.lost(this, messages, why);
  }

  @Override
  public void sendsBatches(boolean whether) {
    leasing.sendsBatches(this, whether);
  }

  @Override
  public boolean isolates() {
    return leasing.isolates();
  }

  /**
   * Ends the lease: its messages are queued again at their place in the order, and its handles have
   * no further effect.
   *
   * @param end what the end of the session says about the messages in flight
   * @param why why it ended, or null
   */
  public void revoke(SessionEnd end, @Nullable HubException why) {
    leasing.revoke(this, end, why);
  }
}
