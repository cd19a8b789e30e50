package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;

/**
 * One message as taken once by one lease. When it is taken again it gets a new handle, so late
 * calls on this one are recognised as stale.
 */
final class LeasedEnvelope implements Envelope {
  private final Leasing leasing;
  private final Entry entry;

  LeasedEnvelope(Leasing leasing, Entry entry) {
    this.leasing = leasing;
    this.entry = entry;
  }

  /** Whether the lease that took it still holds it. Under the outbox's lock. */
  boolean isHeld() {
    return entry.holder == this;
  }

  Entry entry() {
    return entry;
  }

  @Override
  public long sequence() {
    return entry.sequence;
  }

  @Override
  public TelemetryMessage message() {
    return entry.message;
  }

  @Override
  public void accepted() {
    leasing.settle(this, entry, null);
  }

  @Override
  public void failed(HubException failure) {
    leasing.settle(this, entry, failure);
  }

  @Override
  public void giveBack() {
    leasing.giveBack(this, entry);
  }
}
