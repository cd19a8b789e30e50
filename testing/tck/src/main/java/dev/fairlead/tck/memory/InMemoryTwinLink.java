package dev.fairlead.tck.memory;

import dev.fairlead.RejectedException;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.tck.memory.InMemoryFault.Effect;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** The twin over one session. */
final class InMemoryTwinLink implements TwinLink {
  private final InMemorySession session;
  private final InMemoryDevice device;

  InMemoryTwinLink(InMemorySession session, InMemoryDevice device) {
    this.session = session;
    this.device = device;
  }

  @Override
  public CompletionStage<String> get() {
    return ask(Point.TWIN_GET, device::twin);
  }

  @Override
  public CompletionStage<Long> report(String patch) {
    return ask(Point.TWIN_REPORT, () -> device.report(patch));
  }

  private <T> CompletableFuture<T> ask(Point point, Supplier<T> atHub) {
    return session.ask(
        answer -> {
          Optional<Effect> fault = session.fault(point);
          if (fault.isPresent()
              && fault.get() instanceof Effect.Fail fail
              && fail.failure() instanceof RejectedException refusal) {
            answer.completeExceptionally(refusal);
          } else if (session.strike(fault)) {
            answer.complete(atHub.get());
          }
        });
  }
}
