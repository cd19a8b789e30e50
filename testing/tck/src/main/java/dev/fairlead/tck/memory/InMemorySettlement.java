package dev.fairlead.tck.memory;

import dev.fairlead.Capability;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Settlement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Settles one delivery of one message. */
final class InMemorySettlement implements Settlement {
  private final InMemorySession session;
  private final InMemoryDevice device;
  private final CloudQueue.Message message;
  private final long lock;
  private final AtomicBoolean settled = new AtomicBoolean();

  InMemorySettlement(
      InMemorySession session, InMemoryDevice device, CloudQueue.Message message, long lock) {
    this.session = session;
    this.device = device;
    this.message = message;
    this.lock = lock;
  }

  @Override
  public CompletionStage<Void> complete() {
    return settle(() -> device.completeMessage(message, lock));
  }

  @Override
  public CompletionStage<Void> abandon() {
    return session.can(Capability.ABANDON)
        ? settle(() -> device.abandonMessage(message, lock))
        : unsupported("abandon");
  }

  @Override
  public CompletionStage<Void> reject() {
    return session.can(Capability.REJECT)
        ? settle(() -> device.rejectMessage(message, lock))
        : unsupported("reject");
  }

  private CompletionStage<Void> settle(BooleanSupplier atHub) {
    if (!settled.compareAndSet(false, true)) {
      return CompletableFuture.failedFuture(
          new RejectedException(
              "This message is already settled. Settle each message once.", Progress.NOT_SENT));
    }
    return session.ask(
        answer -> {
          if (atHub.getAsBoolean()) {
            answer.complete(null);
          } else {
            answer.completeExceptionally(
                new RejectedException(
                    "The lock on this message is lost; the hub delivers it again.",
                    Progress.MAYBE_SENT,
                    412002));
          }
        });
  }

  private CompletionStage<Void> unsupported(String verb) {
    return CompletableFuture.failedFuture(
        new UnsupportedException(
            session.route() + " cannot " + verb + " messages. Complete it, or let it come again."));
  }
}
