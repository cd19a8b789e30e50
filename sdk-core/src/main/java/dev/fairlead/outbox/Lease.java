package dev.fairlead.outbox;

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

  /**
   * Ends the lease: what it holds waits again at its place in the order, and all its handles are of
   * no effect from now on.
   *
   * @param cutByHub whether the session ended because the hub cut the line without a word. A
   *     message that stood first in line in {@value Outbox#CUTS_THAT_CONDEMN} such cuts is taken
   *     for the reason and fails
   */
  public void revoke(boolean cutByHub) {
    outbox.revoke(this, cutByHub);
  }
}
